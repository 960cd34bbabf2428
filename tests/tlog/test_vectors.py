# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.tlog import checkpoints, hashing, notes, policies, proofs, receipts, tiles

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
