# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts verified per second beside `aics-tlog`, proofs from tiles beside it and `pymerkle`, whole-log audit.

`ours` and `peer`: parse checkpoint and proof, verify the log's signature, three of four cosignatures and the
inclusion of one of 20,000 entries. `prove_*`: an inclusion proof built from the same folder of tiles (`pymerkle`
builds it from its tree in memory) and verified. `audit_per_minute`: entries per minute from bundles to a verified
root, as every tailer does it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aics_tlog
import pymerkle

from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.tlog import proofs, receipts
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.hashing import CompactRange, leaf_hash
from sunporch.tlog.policies import CosignedCheckpoint, TrustPolicy
from sunporch.tlog.reader import advance
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer

SIZE = 20_000
INDEX = 12_345
REPEATS = 200
NOON = 1_800_000_000
ORIGIN = "demo.benchmark"
LOG = SignerKey(ORIGIN, b"\x01" * 32)
WITNESSES = [SignerKey(f"w{number}.example", bytes([number]) * 32, COSIGNATURE) for number in range(2, 6)]
POLICY = TrustPolicy.parse(
    f"log {LOG.verifier}\n"
    + "".join(f"witness w{number} {key.verifier}\n" for number, key in enumerate(WITNESSES))
    + "group most 3 w0 w1 w2 w3\nquorum most\n"
)
PEER_LOG = aics_tlog.parse_vkey(str(LOG.verifier))
PEER_WITNESSES = [aics_tlog.parse_vkey(str(key.verifier)) for key in WITNESSES]
LEAVES = [f"{number}\n".encode().ljust(600, b".") for number in range(SIZE)]


def publish(folder: Path) -> CosignedCheckpoint:
    """Write the log once."""
    with Writer(DirectoryStorage(folder)) as log:
        log.append(LEAVES)
        note = log.sign_checkpoint(LOG)
        note = note.with_signatures(*(cosign(key, note.text, NOON) for key in WITNESSES[:3]))
        cosigned = POLICY.open(note.encode(), ORIGIN)
        log.keep_checkpoint(cosigned)
    return cosigned


def rate(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return how often per second."""
    begun = time.perf_counter()
    for _ in range(repeats):
        work()
    return repeats / (time.perf_counter() - begun)


def rounds(n: int) -> dict:
    """Return `n` alternated rounds."""
    memory = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in LEAVES:
        memory.append_entry(leaf)
    with tempfile.TemporaryDirectory(prefix="sunporch-bench-") as name:
        folder = Path(name) / "log"
        cosigned = publish(folder)
        fetch, tiles = DirectoryStorage(folder).read, aics_tlog.FileSystemTileReader(folder)
        receipt = receipts.make(fetch, INDEX, cosigned)
        data, note, head = receipt.encode(), receipt.note, cosigned.checkpoint
        leaf = LEAVES[INDEX]

        def verify_ours() -> None:
            receipts.Receipt.parse(data).verify(leaf, POLICY)

        def verify_peer() -> None:
            # Its own receipts carry more; so the same bytes are read and the same checks are done.
            opened = aics_tlog.verify_checkpoint(aics_tlog.parse_note(note), PEER_LOG, PEER_WITNESSES, quorum=3)
            path = list(receipt.path)
            if not opened.ok or not aics_tlog.verify_leaf_inclusion(leaf, INDEX, head.size, path, head.root):
                raise AssertionError("the peer refuses a good receipt")

        def prove_ours() -> None:
            path = proofs.inclusion(fetch, INDEX, SIZE)
            proofs.verify_inclusion(leaf_hash(leaf), INDEX, SIZE, path, head.root)

        def prove_peer() -> None:
            path = aics_tlog.inclusion_proof_from_tiles(tiles, INDEX, SIZE)
            if not aics_tlog.verify_leaf_inclusion(leaf, INDEX, SIZE, path, head.root):
                raise AssertionError("the peer refuses a good proof")

        def prove_pymerkle() -> None:
            proof = memory.prove_inclusion(INDEX + 1)
            pymerkle.verify_inclusion(memory.get_leaf(INDEX + 1), memory.get_root(), proof)

        work = {
            "ours": verify_ours,
            "peer": verify_peer,
            "prove_ours": prove_ours,
            "prove_peer": prove_peer,
            "prove_pymerkle": prove_pymerkle,
        }
        found = []
        for number in range(n):
            order = list(work) if number % 2 == 0 else list(reversed(work))
            item = {name: rate(work[name], 5 if name == "prove_pymerkle" else REPEATS) for name in order}
            item["receipt_ms"] = 1000 / item["ours"]
            item["audit_per_minute"] = 60 * SIZE * rate(lambda: advance(CompactRange(), head, fetch), 1)
            found.append({name: item[name] for name in (*work, "receipt_ms", "audit_per_minute")})
    return {
        "peer": "aics-tlog verify_checkpoint + verify_leaf_inclusion; pymerkle InmemoryTree",
        "rounds": found,
        "goals": [
            {"name": "receipt verified", "goal": 1.0, "unit": "ms", "better": "lower", "of": "receipt_ms"},
            {"name": "receipts beside the peer", "goal": 1.0, "unit": "times", "better": "higher", "of": "ratio"},
            {
                "name": "whole-log audit",
                "goal": 300_000,
                "unit": "entries/min",
                "better": "higher",
                "of": "audit_per_minute",
            },
        ],
    }


if __name__ == "__main__":
    print(rounds(2))
