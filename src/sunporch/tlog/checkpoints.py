# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints (C2SP tlog-checkpoint) and their timestamped cosignatures (C2SP tlog-cosignature, `cosignature/v1`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sunporch.base.digests import HASH_SIZE, from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import COSIGNATURE, SignerKey, VerifierKey
from sunporch.tlog.errors import CHECKPOINT_MALFORMED, SIGNATURE_WRONG
from sunporch.tlog.notes import Note, Signature

MAX_SIZE = 2**63 - 1
TIME_BYTES = 8
MAX_TIME = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def parse_decimal(untrusted_text: str) -> int | None:
    """Return a whole number 0 to 2^63-1 in its only spelling, or None."""
    if not _DECIMAL.fullmatch(untrusted_text):
        return None
    number = int(untrusted_text)
    return number if number <= MAX_SIZE else None


@dataclass(frozen=True)
class Checkpoint:
    """What a log says about itself: its origin, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def encode(self) -> str:
        """Return the note text."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, untrusted_text: str) -> Checkpoint:
        """Return the checkpoint of a note's text, or raise `tlog.checkpoint-malformed`."""
        lines = untrusted_text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or not all(lines):
            raise CHECKPOINT_MALFORMED(reason="it is not three full lines")
        origin, size_text, root_text, *extensions = lines
        size = parse_decimal(size_text)
        if size is None:
            raise CHECKPOINT_MALFORMED(reason="its size is not a plain number")
        try:
            root = from_base64(root_text, "its root")
        except Error as error:
            raise CHECKPOINT_MALFORMED(reason=error.what.rstrip(".")) from error
        if len(root) != HASH_SIZE:
            raise CHECKPOINT_MALFORMED(reason="its root is not 32 bytes")
        return cls(origin, size, root, tuple(extensions))


def _message(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosign(signer: SignerKey, text: str, time: int) -> Signature:
    """Return the witness's cosignature over a checkpoint's text at `time` (Unix seconds)."""
    if signer.type != COSIGNATURE:
        raise CHECKPOINT_MALFORMED(reason=f"the key {signer.name} is not for cosignatures")
    blob = time.to_bytes(TIME_BYTES, "big") + signer.sign(_message(time, text))
    return Signature(signer.name, signer.verifier.key_id, blob)


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """Return when the witness cosigned (Unix seconds; the latest, if more than once), None if it did not.

    Raises `tlog.signature-wrong` if a line names the key and is not by it.
    """
    times = []
    for signature in note.signatures:
        if not signature.is_of(key):
            continue
        time = int.from_bytes(signature.blob[:TIME_BYTES], "big")
        if time > MAX_TIME or not key.verify(signature.blob[TIME_BYTES:], _message(time, note.text)):
            raise SIGNATURE_WRONG(name=key.name)
        times.append(time)
    return max(times, default=None)
