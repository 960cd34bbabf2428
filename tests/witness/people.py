# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log that asks, and a co-signer that answers."""

from __future__ import annotations

from pathlib import Path

from sunporch.base.clock import ManualClock
from sunporch.base.digests import to_base64
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.hashing import CompactRange, leaf_hash
from sunporch.tlog.notes import sign
from sunporch.tlog.proofs import consistency
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.witness import config
from sunporch.witness.cosigner import Cosigner
from sunporch.witness.memory import Memory

ORIGIN = "demo.maple-street"
NOON = 1_800_000_000
LOG_KEY = SignerKey(ORIGIN, b"\x01" * 32)
MALLORY = SignerKey(ORIGIN, b"\x66" * 32)
KEY = SignerKey("w1.example", b"\x11" * 32, COSIGNATURE)
LEAVES = [f"leaf {number}".encode() for number in range(600)]


def root(size: int, items: list[bytes] = LEAVES) -> bytes:
    return CompactRange().extended(map(leaf_hash, items[:size])).root()


class Log:
    """A log of 600 entries that can ask for any size with the right proof."""

    def __init__(self, folder: Path) -> None:
        self._writer = Writer(DirectoryStorage(folder))
        self._writer.append(LEAVES)

    def proof(self, old: int, new: int) -> list[bytes]:
        return consistency(self._writer.read, old, new)

    def close(self) -> None:
        self._writer.close()

    def request(self, old: int, new: int, signer: SignerKey = LOG_KEY, **changed: object) -> bytes:
        """Return the body of a request; `changed` may replace `proof`, `root` or `origin`."""
        proof = changed.get("proof")
        lines = self.proof(old, new) if proof is None else proof
        head = Checkpoint(str(changed.get("origin", ORIGIN)), new, changed.get("root", root(new)))
        text = f"old {old}\n" + "".join(f"{to_base64(item)}\n" for item in lines)
        return text.encode() + b"\n" + sign(head.encode(), [signer]).encode()


def settings(folder: Path, **changed: object) -> config.Settings:
    values = {
        "origin": ORIGIN,
        "log_key": str(LOG_KEY.verifier),
        "data_dir": folder / "witness",
        "name": "w1.example",
        "port": 0,
    }
    return config.Settings(**(values | changed))


def cosigner(folder: Path, clock: ManualClock) -> Cosigner:
    """Return the co-signer of the folder, made where there is none."""
    made = settings(folder)
    if not made.key_file.exists():
        config.init(made)
    keys = config.read_keys(made)
    return Cosigner(keys.signer, keys.log, Memory(made.memory_file), clock)
