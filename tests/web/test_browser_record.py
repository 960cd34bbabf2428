# SPDX-License-Identifier: AGPL-3.0-or-later
"""A journalist checks the record in a browser: the vectors of the verifier, as far as a page goes."""

from __future__ import annotations

import base64
import json

import pytest

from tests.web.modules import VECTORS

FOLDER = VECTORS / "verify"
SOUND = json.loads((FOLDER / "sound.json").read_text())

READ = """
const files = given.files, bytes = (file) => typeof file === "string" ? m.bytes.utf8(file)
  : m.bytes.fromBase64(file.base64, "file");
const fetch = async (path) => path in files && files[path] !== null ? bytes(files[path]) : null;
"""
# What a page notices of what a verifier must: the case, and the id under which it is refused.
NOTICED = {
    "1-begins-with-a-complaint": "verify.genesis-malformed",
    "1-bundle-gone": "tlog.file-missing",
    "1-checkpoint-gone": "verify.path-missing",
    "1-checkpoint-no-note": "tlog.note-malformed",
    "1-checkpoint-of-two-lines": "tlog.checkpoint-malformed",
    "2-log-signature-forged": "tlog.signature-missing",
    "2-log-signature-wrong": "tlog.signature-wrong",
    "2-old-log-key": "tlog.signature-missing",
    "2-other-origin": "tlog.origin-other",
    "3-cosignature-wrong": "tlog.signature-wrong",
    "3-two-of-four": "tlog.quorum-missing",
    "5-bundle-flipped": "tlog.root-differs",
    "5-root-of-another-tree": "tlog.root-differs",
}


def case(name):
    changed = json.loads((FOLDER / f"{name}.json").read_text())
    return {"files": changed["only"] if "only" in changed else SOUND["files"] | changed.get("files", {})}


def record_of(name):
    return case(name) if name != "sound" else {"files": SOUND["files"]}


@pytest.mark.parametrize(
    "name", ["sound", "0-log-key-changed", "6-leaf-is-no-entry", "6-entry-signature-wrong", "9-void-entry-listed"]
)
def test_a_sound_record_is_checked_in_a_browser_and_spoilt_entries_stop_nobody(modules, name):
    code = """
    const told = [], record = await m.record.readRecord(fetch, undefined, (done, all) => told.push([done, all]));
    const proofs = [];
    for (const {index} of record.lines) proofs.push(await tools.refusal(() => m.record.prove(fetch, record, index)));
    return {origin: record.origin, leaf0: record.leaf0, size: record.size, told, time: record.time, proofs};
    """
    given = record_of(name)
    found = modules.run(READ + code, given)
    pin = json.loads(SOUND["pin"]) if isinstance(SOUND["pin"], str) else SOUND["pin"]
    size = int(given["files"]["checkpoint"].split("\n")[1])
    assert (found["origin"], found["leaf0"], found["size"]) == (pin["origin"], pin["leaf0"], size)
    assert found["told"][-1] == [size, size]
    assert found["proofs"] == ["accepted"] * size


@pytest.mark.parametrize("name", NOTICED)
def test_a_record_that_does_not_add_up_is_refused_in_a_browser(modules, name):
    code = "return tools.refusal(() => m.record.readRecord(fetch));"
    assert modules.run(READ + code, case(name)) == NOTICED[name]


def test_one_flipped_byte_of_the_entries_is_noticed_in_a_browser(modules):
    path = max(
        (path for path in SOUND["files"] if path.startswith("tile/entries/")),
        key=lambda path: int(path.split("/")[-1]),
    )
    file = SOUND["files"][path]
    whole = file.encode() if isinstance(file, str) else base64.b64decode(file["base64"])
    code = """
    const whole = m.bytes.fromBase64(given.whole, "bundle"), said = new Set();
    for (let at = 0; at < whole.length; at += 97) {
      const copy = whole.slice(); copy[at] ^= 1;
      const lying = async (path) => path === given.path ? copy : fetch(path);
      said.add(await tools.refusal(() => m.record.readRecord(lying)));
    }
    return [...said];
    """
    given = {"files": SOUND["files"], "path": path, "whole": base64.b64encode(whole).decode()}
    found = modules.run(READ + code, given)
    assert "accepted" not in found
    assert all(said.startswith(("tlog.", "verify.")) for said in found)


def test_a_browser_remembers_the_record_and_hears_no_other_story_and_no_shorter_one(modules):
    code = """
    const record = await m.record.readRecord(fetch);
    await m.record.remember(record);
    const seen = await m.record.remembered(), read = (changed) => tools.refusal(() =>
      m.record.readRecord(fetch, {...seen, ...changed}));
    return {
      again: await read({}),
      shorter: await read({size: seen.size + 1}),
      another: await read({size: seen.size - 1, root: "00".repeat(32)}),
      founded: await read({leaf0: "00".repeat(32)}),
      forgotten: (await m.record.forget(), await m.record.remembered()) === undefined,
    };
    """
    assert modules.run(READ + code, {"files": SOUND["files"]}) == {
        "again": "accepted",
        "shorter": "tlog.rollback-found",
        "another": "tlog.fork-found",
        "founded": "verify.pin-broken",
        "forgotten": True,
    }


def test_a_browser_says_who_signed_each_entry_and_whose_signature_is_wrong(modules):
    code = """
    const record = await m.record.readRecord(fetch), keys = await m.record.namedKeys(record), found = [];
    for (const line of record.lines) found.push((await m.record.signersOf(line, keys)).map(({good}) => good));
    return found;
    """
    good = modules.run(READ + code, {"files": SOUND["files"]})
    assert all(signers and all(signers) for signers in good)
    wrong = modules.run(READ + code, case("6-entry-signature-wrong"))
    assert [signers for signers in wrong if False in signers]


def test_a_text_beside_the_record_is_compared_with_its_commitment_in_a_browser(modules):
    code = """
    const changed = {...given.files, ...given.changed};
    const lying = async (path) => path in changed && changed[path] !== null ? bytes(changed[path]) : null;
    return [await tools.refusal(() => m.record.committedText(fetch, given.blob)),
      await tools.refusal(() => m.record.committedText(lying, given.blob)),
      await tools.refusal(() => m.record.committedText(fetch, "00".repeat(32)))];
    """
    changed = json.loads((FOLDER / "8-narrative-changed.json").read_text())["files"]
    blob = next(iter(changed)).removeprefix("blob/")
    found = modules.run(READ + code, {"files": SOUND["files"], "changed": changed, "blob": blob})
    assert found == ["accepted", "docket.blob-mismatched", "verify.path-missing"]


def test_a_receiving_key_is_taken_from_the_record_only_as_the_right_people_signed_it(modules):
    code = """
    const record = await m.record.readRecord(fetch);
    const named = record.lines.filter(({decoded}) => decoded?.type === "key" && decoded.fields.x25519);
    const found = [];
    for (const {decoded} of named) {
      const name = decoded.fields.key.split("+")[0];
      found.push((await m.enrolled.recipient(record, name)).x25519 === decoded.fields.x25519);
    }
    const device = named.find(({decoded}) => decoded.fields.agency);
    const name = device.decoded.fields.key.split("+")[0];
    const pair = await crypto.subtle.generateKey({name: "Ed25519"}, false, ["sign", "verify"]);
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const stranger = {name: "registrar", verifier: await m.note.VerifierKey.of("registrar", raw),
      privateKey: pair.privateKey};
    const forged = async (type, fields, index) => {
      const text = m.entry.encode(record.origin, type, fields);
      const note = m.note.Note.parse(m.bytes.utf8(String(await m.note.sign(text, stranger))));
      return {index, leaf: new Uint8Array(0), time: device.time, note, decoded: m.entry.decode(note.text)};
    };
    const changed = (line) => ({...record, lines: record.lines.with(line.index, line)});
    const {decoded} = device;
    const other = await forged("key", {...decoded.fields, x25519: "ab".repeat(32)}, device.index);
    const ended = {nonce: m.entry.newNonce(), not_after: device.time + 60, key: device.index, reason: "lost"};
    const end = await forged("key_end", ended, record.lines.length);
    const refused = await tools.refusal(() => m.enrolled.recipient(changed(other), name));
    const late = {...device, time: decoded.fields.not_after + 1};
    return {found, refused,
      ended: await tools.refusal(() => m.enrolled.recipient({...record, lines: [...record.lines, end]}, name)),
      late: await tools.refusal(() => m.enrolled.recipient(changed(late), name)),
      nobody: await tools.refusal(() => m.enrolled.recipient(record, "nobody"))};
    """
    found = modules.run(READ + code, {"files": SOUND["files"]})
    assert found.pop("found").count(True) >= 2
    unenrolled = "browser.recipient-unenrolled"
    assert found == {"refused": unenrolled, "ended": "accepted", "late": unenrolled, "nobody": unenrolled}
