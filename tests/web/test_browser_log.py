# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notes, proofs and checkpoints in anybody's browser: the vectors of the log that Python reads and refuses."""

from __future__ import annotations

import json

from sunporch.base.digests import sha256, to_base64
from sunporch.base.notekeys import is_weak
from tests.web.modules import VECTORS

FOLDER = VECTORS / "log"
TREE = json.loads((FOLDER / "rfc6962-tree.json").read_text())
POLICY = (FOLDER / "town.policy").read_text()

COMMON = """
const hex = (text) => m.bytes.fromHex(text, text.length / 2, "given");
const utf8 = m.bytes.utf8, base64 = (text) => m.bytes.fromBase64(text, "given");
"""


def text(name):
    return (FOLDER / name).read_text()


def cases(name):
    value = json.loads(text(name))
    return value if isinstance(value, dict) else {str(at): item for at, item in enumerate(value)}


def all_are(found, error_id):
    assert {name: said for name, said in found.items() if said != error_id} == {}
    assert found


def test_roots_inclusion_and_consistency_of_the_rfc_tree_hold_in_a_browser(modules):
    code = """
    const leaves = given.leaves.map(hex), roots = [given.empty_root, ...given.roots].map(hex);
    const wrong = [];
    for (let size = 0; size <= leaves.length; size += 1) {
      if (!m.bytes.equal(await m.tlog.rootOf(leaves.slice(0, size)), roots[size])) wrong.push(size);
    }
    const right = (act) => tools.refusal(act), refused = [];
    for (const {index, size, path} of given.inclusion) {
      const hashes = path.map(hex), leaf = await m.tlog.leafHash(leaves[index]);
      const other = await m.tlog.leafHash(utf8("another"));
      wrong.push(await right(() => m.tlog.verifyInclusion(leaf, index, size, hashes, roots[size])));
      refused.push(await right(() => m.tlog.verifyInclusion(other, index, size, hashes, roots[size])));
    }
    for (const {old, new: next, path} of given.consistency) {
      const hashes = path.map(hex);
      wrong.push(await right(() => m.tlog.verifyConsistency(old, roots[old], next, roots[next], hashes)));
      refused.push(await right(() => m.tlog.verifyConsistency(old, roots[old], next, roots[next - 1], hashes)));
    }
    return [[...new Set(wrong)], [...new Set(refused)]];
    """
    right, refused = modules.run(COMMON + code, TREE)
    assert right == ["accepted"]
    assert sorted(refused) == ["tlog.consistency-wrong", "tlog.inclusion-wrong"]


def test_a_browser_builds_every_proof_of_a_log_from_its_tiles(modules):
    code = """
    const leaves = Array.from({length: 600}, (_, at) => utf8(`entry ${at}`)), files = new Map();
    const hashes = await Promise.all(leaves.map(m.tlog.leafHash));
    for (let number = 0; number < 3; number += 1) {
      const row = hashes.slice(number * 256, (number + 1) * 256);
      files.set(m.tlog.tilePath({level: 0, number, width: row.length}), m.bytes.concat(...row));
    }
    const top = [await m.tlog.rootOf(leaves.slice(0, 256)), await m.tlog.rootOf(leaves.slice(256, 512))];
    files.set("tile/1/000.p/2", m.bytes.concat(...top));
    const fetch = async (path) => files.get(path) ?? null, said = new Set();
    for (const size of [1, 2, 255, 256, 257, 512, 513, 600]) {
      const partial = async (path) => {
        const tile = m.tlog.parseTile(path), whole = [...files.keys()].find((name) => {
          const other = m.tlog.parseTile(name); return other.level === tile.level && other.number === tile.number; });
        return whole === undefined ? null : files.get(whole).slice(0, tile.width * 32);
      };
      const root = await m.tlog.rootOf(leaves.slice(0, size));
      for (const index of [0, 1, 100, 254, 255, 256, 300, 511, 512, 599].filter((at) => at < size)) {
        const path = await m.tlog.inclusion(partial, index, size);
        said.add(await tools.refusal(() => m.tlog.verifyInclusion(hashes[index], index, size, path, root)));
      }
      for (const old of [0, 1, 2, 200, 256, 300, 512, 513].filter((at) => at <= size)) {
        const path = await m.tlog.consistency(partial, old, size), before = await m.tlog.rootOf(leaves.slice(0, old));
        said.add(await tools.refusal(() => m.tlog.verifyConsistency(old, before, size, root, path)));
      }
    }
    const outside = await tools.refusal(() => m.tlog.inclusion(fetch, 600, 600));
    const missing = await tools.refusal(() => m.tlog.inclusion(async () => null, 3, 600));
    return [[...said], outside, missing];
    """
    assert modules.run(COMMON + code) == [["accepted"], "tlog.index-outside", "tlog.file-missing"]


def test_the_notes_of_go_and_c2sp_verify_and_are_written_again_as_they_are(modules):
    code = """
    const key = await m.note.VerifierKey.parse(given.key), note = m.note.Note.parse(utf8(given.neumann));
    const again = given.notes.map((text) => String(m.note.Note.parse(utf8(text))));
    const cosigned = m.note.Note.parse(utf8(given.notes[2]));
    return [String(key), (await note.verified([key])).map(String), again, m.trust.parseCheckpoint(cosigned.text).size,
      Number(m.bytes.fromBigEndian(cosigned.signatures[1].blob.slice(0, 8)))];
    """
    names = ("go-peter-neumann.note", "c2sp-quasimodo.note", "c2sp-cosigned.checkpoint")
    notes = [text(name) for name in names]
    key = text("go-peter-neumann.vkey").strip()
    found = modules.run(COMMON + code, {"key": key, "neumann": notes[0], "notes": notes})
    assert found == [key, [key], notes, 20852163, 1679315147]


def test_a_key_under_which_anybody_could_sign_is_refused_in_a_browser(modules):
    p = 2**255 - 19
    order_eight = 0x5FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
    heights = [0, 1, p - 1, order_eight, p - order_eight, p, p + 1]
    weak = [(y + sign * 2**255).to_bytes(32, "little") for y in heights for sign in (0, 1)]
    assert all(map(is_weak, weak))
    texts = {}
    for at, raw in enumerate(weak):
        texts[str(at)] = (
            f"weak+{sha256(b'weak', chr(10).encode(), bytes([1]), raw)[:4].hex()}+{to_base64(bytes([1]) + raw)}"
        )
    all_are(modules.run("return tools.each(given, m.note.VerifierKey.parse);", texts), "notekey.text-malformed")


def test_tiles_are_named_in_a_browser_as_in_c2sp(modules):
    code = """
    const wrong = [];
    for (const {level, number, width, path} of given.paths) {
      const tile = {level: level === "entries" ? -1 : level, number, width};
      const read = JSON.stringify(m.tlog.parseTile(path)) === JSON.stringify(tile);
      if (m.tlog.tilePath(tile) !== path || !read) wrong.push(path);
    }
    for (const {size, full, partial} of given.sizes) {
      const tiles = [...m.tlog.tilesOf(size)], part = {};
      for (const [level, count] of Object.entries(full)) {
        const whole = tiles.filter((tile) => tile.level === Number(level) && tile.width === 256);
        if (whole.length !== count) wrong.push(size);
      }
      for (const tile of tiles) if (tile.width < 256) part[tile.level] = tile.width;
      if (JSON.stringify(part) !== JSON.stringify(partial)) wrong.push([part, partial]);
    }
    return [wrong, await tools.each({...given.refused, ...given.more}, m.tlog.parseTile)];
    """
    wrong, refused = modules.run(COMMON + code, cases("c2sp-tiles.json") | {"more": cases("paths-refused.json")})
    assert wrong == []
    all_are(refused, "tlog.path-malformed")


def test_the_towns_receipt_proves_its_entry_and_no_other_in_a_browser(modules):
    code = """
    const policy = await m.trust.TrustPolicy.parse(given.policy), proof = m.trust.Proof.parse(utf8(given.proof));
    const signed = await proof.verify(hex(given.leaves[5]), policy);
    const flipped = utf8(given.proof).slice(), at = given.proof.indexOf("index 5") + 12;
    flipped[at] = flipped[at] === 65 ? 66 : 65;
    return [new TextDecoder().decode(proof.encode()), [...signed.times], m.trust.medianTime(signed),
      await tools.refusal(() => proof.verify(hex(given.leaves[4]), policy)),
      await tools.refusal(() => m.trust.Proof.parse(flipped).verify(hex(given.leaves[5]), policy))];
    """
    given = {"policy": POLICY, "proof": text("town.tlog-proof"), "leaves": TREE["leaves"]}
    again, times, median, other, flipped = modules.run(COMMON + code, given)
    assert again == given["proof"]
    assert times == [["w1", 1_800_000_000], ["w2", 1_800_000_001], ["w3", 1_800_000_002]]
    assert median == 1_800_000_001
    assert other == flipped == "tlog.inclusion-wrong"


def test_two_of_four_co_signers_are_too_few_in_a_browser_and_the_words_count_them(modules):
    code = """
    const policy = await m.trust.TrustPolicy.parse(given.policy);
    const opened = policy.open(utf8(given.checkpoint), "demo.vectors");
    return opened.then(() => "accepted", (error) => [error.id, error.what]);
    """
    found = modules.run(COMMON + code, {"policy": POLICY, "checkpoint": text("two-of-four.checkpoint")})
    assert found == ["tlog.quorum-missing", "2 of 4 co-signers answered; 3 are needed."]


def test_what_only_looks_like_a_note_a_checkpoint_a_policy_or_a_receipt_is_refused_in_a_browser(modules):
    code = """
    return {
      "tlog.note-malformed": {
        ...await tools.each(given.notes, (text) => m.note.Note.parse(utf8(text))),
        ...await tools.each(given.bytes, (text) => m.note.Note.parse(base64(text))),
      },
      "tlog.checkpoint-malformed": await tools.each(given.checkpoints, m.trust.parseCheckpoint),
      "tlog.policy-malformed": await tools.each(given.policies, (text) => m.trust.TrustPolicy.parse(text)),
      "tlog.receipt-malformed": await tools.each(given.receipts, (text) => m.trust.Proof.parse(utf8(text))),
      "tlog.sizes-malformed": await tools.each(given.sizes, m.tlog.parseSizes),
    };
    """
    given = {
        "notes": cases("notes-refused.json"),
        "bytes": cases("notes-refused-bytes.json"),
        "checkpoints": cases("checkpoints-refused.json"),
        "policies": cases("policies-refused.json"),
        "receipts": cases("receipts-refused.json") | cases("receipts-refused-bounds.json"),
        "sizes": cases("sizes-refused.json"),
    }
    found = modules.run(COMMON + code, given)
    assert len(found) == 5
    for error_id, said in found.items():
        all_are(said, error_id)


def test_a_checkpoint_not_signed_as_the_policy_asks_and_a_proof_of_something_else_are_refused_in_a_browser(modules):
    code = """
    const judged = await tools.each(given.judged, async (one) => {
      const policy = await m.trust.TrustPolicy.parse(one.policy || given.policy);
      return m.trust.medianTime(await policy.open(utf8(one.checkpoint), "demo.vectors"));
    });
    const proofs = await tools.each(given.proofs, async (one) => {
      const path = one.path.map(hex);
      if ("leaf" in one) {
        const leaf = await m.tlog.leafHash(utf8(one.leaf));
        return m.tlog.verifyInclusion(leaf, one.index, one.size, path, hex(one.root));
      }
      return m.tlog.verifyConsistency(one.old, hex(one.old_root), one.new, hex(one.new_root), path);
    });
    return {...judged, ...proofs};
    """
    judged, proofs = cases("checkpoints-judged.json"), cases("proofs-refused.json")
    found = modules.run(COMMON + code, {"judged": judged, "proofs": proofs, "policy": POLICY})
    assert found == {name: case["error"] for name, case in (judged | proofs).items()}


def test_one_flipped_byte_in_the_co_signed_checkpoint_is_refused_or_loses_its_signer_in_a_browser(modules):
    code = """
    const policy = await m.trust.TrustPolicy.parse(given.policy), whole = utf8(given.checkpoint), said = {};
    for (let at = 0; at < whole.length; at += 1) {
      const copy = whole.slice(); copy[at] ^= 1;
      said[await tools.refusal(() => policy.open(copy, "demo.vectors"))] ??= at;
    }
    return Object.keys(said).sort();
    """
    found = modules.run(COMMON + code, {"policy": POLICY, "checkpoint": text("town.checkpoint")})
    assert "accepted" not in found
    assert all(said.startswith("tlog.") for said in found)
