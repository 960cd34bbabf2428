# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import ast
import base64
import json
import traceback
from pathlib import Path

import pytest

from sunporch.base.errors import Error, all_kinds
from sunporch.base.notekeys import VerifierKey
from sunporch.tlog import checkpoints, hashing, notes, policies, proofs, reader, receipts, tiles
from tests.tlog import vectors

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "log"
TREE = json.loads((VECTORS / "rfc6962-tree.json").read_text())
LEAVES = [bytes.fromhex(leaf) for leaf in TREE["leaves"]]
ROOTS = [bytes.fromhex(root) for root in (TREE["empty_root"], *TREE["roots"])]


def refused(name: str):
    cases = json.loads((VECTORS / f"{name}-refused.json").read_text())
    return pytest.mark.parametrize("text", cases.values(), ids=cases)


def test_roots_are_those_of_rfc_6962():
    for size, root in enumerate(ROOTS):
        assert hashing.CompactRange().extended(map(hashing.leaf_hash, LEAVES[:size])).root() == root


@pytest.mark.parametrize("case", TREE["inclusion"], ids=str)
def test_inclusion_paths_of_the_rfc_tree_hold_only_for_their_leaf(case):
    path = [bytes.fromhex(item) for item in case["path"]]
    index, size = case["index"], case["size"]
    proofs.verify_inclusion(hashing.leaf_hash(LEAVES[index]), index, size, path, ROOTS[size])
    with pytest.raises(Error, match=r"tlog\.inclusion-wrong"):
        proofs.verify_inclusion(hashing.leaf_hash(b"another"), index, size, path, ROOTS[size])


@pytest.mark.parametrize("case", TREE["consistency"], ids=str)
def test_consistency_paths_of_the_rfc_tree_hold_only_for_their_sizes(case):
    path = [bytes.fromhex(item) for item in case["path"]]
    old, new = case["old"], case["new"]
    proofs.verify_consistency(old, ROOTS[old], new, ROOTS[new], path)
    with pytest.raises(Error, match=r"tlog\.consistency-wrong"):
        proofs.verify_consistency(old, ROOTS[old], new, ROOTS[new - 1], path)


def test_the_note_of_the_go_documentation_verifies():
    data = (VECTORS / "go-peter-neumann.note").read_bytes()
    key = VerifierKey.parse((VECTORS / "go-peter-neumann.vkey").read_text().strip())
    note = notes.Note.parse(data)
    assert note.verified([key]) == (key,)
    assert note.encode() == data


def test_the_notes_of_c2sp_are_read_and_written_again_as_they_are():
    for name in ("c2sp-quasimodo.note", "c2sp-cosigned.checkpoint"):
        data = (VECTORS / name).read_bytes()
        assert notes.Note.parse(data).encode() == data
    poem = notes.Note.parse((VECTORS / "c2sp-quasimodo.note").read_bytes())
    assert poem.text.endswith("sole:\n\ned è subito sera.\n")
    note = notes.Note.parse((VECTORS / "c2sp-cosigned.checkpoint").read_bytes())
    assert checkpoints.Checkpoint.parse(note.text).size == 20852163
    assert int.from_bytes(note.signatures[1].blob[:8], "big") == 1679315147
    assert len(note.signatures[1].blob) == 72


def test_tiles_are_named_as_in_c2sp():
    cases = json.loads((VECTORS / "c2sp-tiles.json").read_text())
    for case in cases["paths"]:
        level = tiles.ENTRIES if case["level"] == "entries" else case["level"]
        tile = tiles.Tile(level, case["number"], case["width"])
        assert tile.path == case["path"]
        assert tiles.Tile.parse(case["path"]) == tile
    for case in cases["sizes"]:
        found = list(tiles.tiles_of(case["size"]))
        full = [tile for tile in found if tile.width == 256]
        for level, count in case["full"].items():
            assert sum(tile.level == int(level) for tile in full) == count
        assert {str(tile.level): tile.width for tile in found if tile not in full} == case["partial"]
    for path in cases["refused"]:
        with pytest.raises(Error, match=r"tlog\.path-malformed"):
            tiles.Tile.parse(path)


def test_the_towns_receipt_proves_its_entry_and_no_other():
    policy = policies.TrustPolicy.parse((VECTORS / "town.policy").read_text())
    data = (VECTORS / "town.tlog-proof").read_bytes()
    receipt = receipts.Receipt.parse(data)
    assert receipt.encode() == data
    cosigned = receipt.verify(LEAVES[5], policy)
    assert cosigned.note.encode() == (VECTORS / "town.checkpoint").read_bytes()
    assert cosigned.times == {"w1": 1_800_000_000, "w2": 1_800_000_001, "w3": 1_800_000_002}
    assert cosigned.median_time == 1_800_000_001
    with pytest.raises(Error, match=r"tlog\.inclusion-wrong"):
        receipt.verify(LEAVES[4], policy)


def test_two_of_four_co_signers_are_too_few_and_the_error_counts_them():
    policy = policies.TrustPolicy.parse((VECTORS / "town.policy").read_text())
    with pytest.raises(Error, match=r"tlog\.quorum-missing") as caught:
        policy.open((VECTORS / "two-of-four.checkpoint").read_bytes(), "demo.vectors")
    assert caught.value.what == "2 of 4 co-signers answered; 3 are needed."


@refused("notes")
def test_a_text_that_only_looks_like_a_note_is_refused(text):
    with pytest.raises(Error, match=r"tlog\.note-malformed"):
        notes.Note.parse(text.encode())


@refused("checkpoints")
def test_a_text_that_only_looks_like_a_checkpoint_is_refused(text):
    with pytest.raises(Error, match=r"tlog\.checkpoint-malformed"):
        checkpoints.Checkpoint.parse(text)


@refused("policies")
def test_a_text_that_only_looks_like_a_policy_is_refused(text):
    with pytest.raises(Error, match=r"tlog\.policy-malformed"):
        policies.TrustPolicy.parse(text)


@refused("receipts")
def test_a_text_that_only_looks_like_a_receipt_is_refused(text):
    with pytest.raises(Error, match=r"tlog\.receipt-malformed"):
        receipts.Receipt.parse(text.encode())


# What a reader must refuse: written by tests/tlog/vectors.py -------------------------------------------------------


def case(name: str):
    cases = json.loads((VECTORS / name).read_text())
    return pytest.mark.parametrize("case", cases.values(), ids=cases)


def refusal(act) -> Error:
    with pytest.raises(Error) as caught:
        act()
    return caught.value


def judge(case) -> None:
    policy = policies.TrustPolicy.parse(case.get("policy") or (VECTORS / "town.policy").read_text())
    assert policy.open(case["checkpoint"].encode(), "demo.vectors").median_time


def read_tree(case) -> None:
    files = {path: base64.b64decode(data) for path, data in case["files"].items()}
    head = checkpoints.Checkpoint("demo.vectors", case["size"], bytes.fromhex(case["root"]))
    if not case["before"]:
        reader.audit(head, files.get)
        return
    before = hashing.CompactRange().extended(hashing.leaf_hash(leaf.encode()) for leaf in case["before"])
    through = case["through"] and [
        checkpoints.Checkpoint("demo.vectors", case["through"]["size"], bytes.fromhex(case["through"]["root"]))
    ]
    reader.advance(before, head, files.get, through or ())


def prove(case) -> None:
    path = [bytes.fromhex(item) for item in case["path"]]
    if "leaf" in case:
        leaf = hashing.leaf_hash(case["leaf"].encode())
        proofs.verify_inclusion(leaf, case["index"], case["size"], path, bytes.fromhex(case["root"]))
    else:
        roots = [bytes.fromhex(case[name]) for name in ("old_root", "new_root")]
        proofs.verify_consistency(case["old"], roots[0], case["new"], roots[1], path)


@case("checkpoints-judged.json")
def test_a_checkpoint_in_form_is_refused_where_it_is_not_signed_as_the_policy_asks(case):
    assert refusal(lambda: judge(case)).id == case["error"]


@case("trees-refused.json")
def test_a_log_that_does_not_add_up_is_refused_and_the_file_named(case):
    error = refusal(lambda: read_tree(case))
    assert (error.id, error.where) == (case["error"], case["where"])


@case("proofs-refused.json")
def test_a_proof_that_proves_something_else_is_refused(case):
    assert refusal(lambda: prove(case)).id == case["error"]


def test_the_vectors_are_written_again_as_they_stand():
    for name, value in vectors.written().items():
        assert (VECTORS / name).read_text() == vectors.spelled(value), name


# Nothing that our readers refuse is without its vector ----------------------------------------------------------

# What only the writer of a log can meet, or who asks it for something: no bytes that a stranger serves lead there.
WRITERS_OWN = {
    "tlog.writer-second",
    "tlog.writer-stopped",
    "tlog.queue-full",
    "tlog.journal-damaged",
    "tlog.history-changed",
    "tlog.checkpoint-foreign",
    "tlog.leaf-refused",
    "tlog.index-outside",
}
READERS = {
    notes: {"parse", "verified"},
    checkpoints: {"parse", "cosigned_at"},
    policies: {"median_time", "parse", "open_signed", "_require", "take", "_log", "_witness", "_group", "_quorum"}
    | {"_new", "_key"},
    receipts: {"parse", "_bytes"},
    tiles: {"parse", "split_hashes", "decode_bundle", "fetch_hashes", "fetch_leaves"},
    proofs: {"verify_inclusion", "verify_consistency"},
    reader: {"parse_sizes", "advance", "audit", "_culprit"},
}


def listed(name: str) -> list:
    value = json.loads((VECTORS / name).read_text())
    return list(value.values()) if isinstance(value, dict) else value


def acts():
    """Yield everything that reads one refused vector."""
    for text in listed("notes-refused.json"):
        yield lambda text=text: notes.Note.parse(text.encode())
    for data in listed("notes-refused-bytes.json"):
        yield lambda data=data: notes.Note.parse(base64.b64decode(data))
    for text in listed("checkpoints-refused.json"):
        yield lambda text=text: checkpoints.Checkpoint.parse(text)
    for text in listed("policies-refused.json"):
        yield lambda text=text: policies.TrustPolicy.parse(text)
    for text in listed("receipts-refused.json") + listed("receipts-refused-bounds.json"):
        yield lambda text=text: receipts.Receipt.parse(text.encode())
    for text in listed("sizes-refused.json"):
        yield lambda text=text: reader.parse_sizes(text.encode())
    for path in listed("paths-refused.json") + json.loads((VECTORS / "c2sp-tiles.json").read_text())["refused"]:
        yield lambda path=path: tiles.Tile.parse(path)
    for read, name in (
        (judge, "checkpoints-judged.json"),
        (read_tree, "trees-refused.json"),
        (prove, "proofs-refused.json"),
    ):
        for case in listed(name):
            yield lambda read=read, case=case: read(case)


def refusing_lines() -> dict[tuple[str, int], str]:
    """Return every line of our readers that refuses: where a `raise` or a returned error stands, and what it says."""
    found = {}
    for module, names in READERS.items():
        source = Path(module.__file__).read_text()
        for function in ast.walk(ast.parse(source)):
            if isinstance(function, ast.FunctionDef) and function.name in names:
                for node in ast.walk(function):
                    if isinstance(node, ast.Raise) and node.exc is not None:
                        found[module.__file__, node.lineno] = ast.get_source_segment(source, node)
    return found


def test_every_refusal_of_our_readers_has_a_vector():
    wanted, ids, reached = refusing_lines(), set(), set()
    for act in acts():
        error = refusal(act)
        ids.add(error.id)
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            reached |= {(frame.filename, frame.lineno) for frame in frames}
            error = error.__cause__
    assert {place: text for place, text in wanted.items() if place not in reached} == {}
    assert ids == {kind for kind in all_kinds() if kind.startswith("tlog.")} - WRITERS_OWN
