# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's log for tests: real keys, a real folder, four co-signers of whom three must agree."""

from __future__ import annotations

from pathlib import Path

from sunporch.base.errors import Error
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.policies import CosignedCheckpoint, TrustPolicy
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer

ORIGIN = "demo.maple-street"
NOON = 1_800_000_000
LOG_KEY = SignerKey(ORIGIN, b"\x01" * 32)
WITNESSES = tuple(SignerKey(f"w{number}.example", bytes([0x10 + number]) * 32, COSIGNATURE) for number in range(1, 5))
POLICY_TEXT = (
    f"log {LOG_KEY.verifier}\n"
    + "".join(f"witness w{number} {key.verifier}\n" for number, key in enumerate(WITNESSES, 1))
    + "group most 3 w1 w2 w3 w4\nquorum most\n"
)
POLICY = TrustPolicy.parse(POLICY_TEXT)


def leaves(count: int, first: int = 0) -> list[bytes]:
    """Return `count` different leaves of 40 to 60 bytes."""
    return [f"{number}\n".encode() + b"leaf " * (8 + number % 5) for number in range(first, first + count)]


def publish(writer: Writer, time: int = NOON) -> CosignedCheckpoint:
    """Sign, let three co-signers sign, keep."""
    note = writer.sign_checkpoint(LOG_KEY)
    note = note.with_signatures(*(cosign(key, note.text, time + at) for at, key in enumerate(WITNESSES[:3])))
    cosigned = POLICY.open(note.encode(), ORIGIN)
    writer.keep_checkpoint(cosigned)
    return cosigned


def fill(folder: Path, *counts: int) -> CosignedCheckpoint:
    """Write a log in steps, each co-signed; return the last checkpoint."""
    with Writer(DirectoryStorage(folder)) as writer:
        for count in counts:
            writer.append(leaves(count, writer.size))
            cosigned = publish(writer)
    return cosigned


def reader(folder: Path):
    """Return a fetch over the folder, as a web server shows it."""
    return DirectoryStorage(folder).read


def files(folder: Path) -> list[str]:
    """Return the paths of everything that the log publishes."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )


def error_of(call) -> str:
    """Return the id of the error that the call raises, an empty text if none."""
    try:
        call()
    except Error as error:
        return error.id
    return ""
