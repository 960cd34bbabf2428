# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agreement with `aics-tlog`, made by others: it reads and verifies what we write, and we what it does."""

from __future__ import annotations

import aics_tlog
import pytest
from aics_tlog.tiles import materialise_tiles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sunporch.tlog import proofs
from sunporch.tlog.checkpoints import Checkpoint, cosigned_at
from sunporch.tlog.hashing import CompactRange, leaf_hash
from sunporch.tlog.notes import Note
from sunporch.tlog.reader import advance, audit
from tests.tlog.logs import LOG_KEY, NOON, ORIGIN, POLICY, WITNESSES, fill, leaves, reader

SIZES = (1, 2, 255, 256, 257, 700, 1024)


@pytest.mark.parametrize("size", SIZES)
def test_it_reads_our_folder_and_our_checkpoint(tmp_path, size):
    cosigned = fill(tmp_path / "log", size)
    store = aics_tlog.DirectoryTileStore(tmp_path / "log")
    note = aics_tlog.parse_note(store.read_checkpoint())
    result = aics_tlog.verify_checkpoint(
        note,
        aics_tlog.parse_vkey(str(LOG_KEY.verifier)),
        [aics_tlog.parse_vkey(str(key.verifier)) for key in WITNESSES],
        quorum=3,
    )
    assert result.ok
    aics_tlog.audit_tiles(store, size, cosigned.checkpoint.root)
    read = aics_tlog.VerifiedTileReader(store, size, cosigned.checkpoint.root)
    assert [read.entry(index) for index in (0, size // 2, size - 1)] == [
        leaves(size)[index] for index in (0, size // 2, size - 1)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_it_verifies_our_proofs_and_we_verify_its(tmp_path, size):
    root = fill(tmp_path / "log", size).checkpoint.root
    tree = aics_tlog.MerkleTree(leaves(size))
    fetch = reader(tmp_path / "log")
    assert tree.root() == root
    for index in {0, size // 3, size - 1}:
        ours = proofs.inclusion(fetch, index, size)
        assert ours == tree.inclusion_proof(index, size)
        assert aics_tlog.verify_leaf_inclusion(leaves(size)[index], index, size, ours, root)
        proofs.verify_inclusion(leaf_hash(leaves(size)[index]), index, size, tree.inclusion_proof(index, size), root)
    for old in {1, size // 2 or 1, size}:
        ours = proofs.consistency(fetch, old, size)
        assert ours == tree.consistency_proof(old, size)
        assert aics_tlog.verify_consistency(old, size, tree.root(old), root, ours)
        proofs.verify_consistency(old, tree.root(old), size, root, ours)


@pytest.mark.parametrize("size", SIZES)
def test_we_read_what_it_writes(size):
    files = materialise_tiles(leaves(size))
    head = Checkpoint(ORIGIN, size, aics_tlog.MerkleTree(leaves(size)).root())
    assert advance(CompactRange(), head, files.get).leaves == leaves(size)
    audit(head, files.get)


def test_we_open_what_it_signs():
    size, root = 5, aics_tlog.MerkleTree(leaves(5)).root()
    log = Ed25519PrivateKey.from_private_bytes(LOG_KEY.seed)
    note = aics_tlog.sign_checkpoint(aics_tlog.Checkpoint(ORIGIN, size, root), log, ORIGIN)
    lines = [
        aics_tlog.sign_cosignature(
            Ed25519PrivateKey.from_private_bytes(key.seed), key.name, NOON, ORIGIN, size, root
        )[1]
        for key in WITNESSES[:3]
    ]
    data = aics_tlog.Note(text=note.text, signatures=(*note.signatures, *lines)).to_bytes()
    assert POLICY.open(data, ORIGIN).checkpoint == Checkpoint(ORIGIN, size, root)
    assert cosigned_at(Note.parse(data), WITNESSES[2].verifier) == NOON
