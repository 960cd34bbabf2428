# SPDX-License-Identifier: AGPL-3.0-or-later
"""The decision of a co-signer: what a request says, whether it continues what was signed last (C2SP tlog-witness)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sunporch.base.clock import Clock
from sunporch.base.digests import HASH_SIZE, from_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.tlog.checkpoints import Checkpoint, cosign, parse_decimal
from sunporch.tlog.hashing import EMPTY_ROOT
from sunporch.tlog.notes import Note
from sunporch.tlog.proofs import MAX_PROOF, verify_consistency
from sunporch.witness.errors import (
    LOG_UNSIGNED,
    ORIGIN_UNKNOWN,
    PROOF_WRONG,
    REQUEST_MALFORMED,
    ROOT_SECOND,
    SIZE_REFUSED,
)
from sunporch.witness.memory import Head, Memory


@dataclass(frozen=True)
class Request:
    """An old size, the consistency proof from it, and the signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, untrusted_body: bytes) -> Request:
        """Return the request, or raise `witness.request-malformed`."""
        head, empty_line, note_bytes = untrusted_body.partition(b"\n\n")
        if not empty_line or not head.isascii():
            raise REQUEST_MALFORMED(reason="there is no empty line before the checkpoint")
        first, *lines = head.decode("ascii").split("\n")
        old = parse_decimal(first.removeprefix("old ")) if first.startswith("old ") else None
        if old is None:
            raise REQUEST_MALFORMED(reason="its first line is not `old` and a number")
        if len(lines) > MAX_PROOF:
            raise REQUEST_MALFORMED(reason=f"its proof has more than {MAX_PROOF} lines")
        try:
            proof = tuple(from_base64(line, "a line of the proof") for line in lines)
            note = Note.parse(note_bytes)
            checkpoint = Checkpoint.parse(note.text)
        except Error as error:
            raise REQUEST_MALFORMED(reason=error.what) from error
        if any(len(item) != HASH_SIZE for item in proof):
            raise REQUEST_MALFORMED(reason="a line of the proof is not 32 bytes")
        return cls(old, proof, note, checkpoint)


@dataclass(frozen=True)
class Conflict:
    """The request begins at another size than the one signed last, which is `size`."""

    size: int


class Cosigner:
    """One key, one log, one memory. Threads may call it; they are answered one after the other."""

    def __init__(
        self,
        signer: SignerKey,
        log: VerifierKey,
        memory: Memory,
        clock: Clock,
        next_log: VerifierKey | None = None,
    ) -> None:
        self._signer = signer
        self._origin = log.name
        self._next_log = next_log
        self._memory = memory
        self._clock = clock
        self._turn = threading.Lock()
        self._logs = (log,) if next_log is None else (log, next_log)
        last = memory.note()
        if last:
            self._retire(Note.parse(last))

    def add_checkpoint(self, untrusted_body: bytes) -> str | Conflict:
        """Return the signature line, or `Conflict` if the old size is not the one signed last.

        Raises the `witness.` errors; then nothing was signed and nothing is remembered.
        """
        request = Request.parse(untrusted_body)
        new = request.checkpoint
        if new.origin != self._origin:
            raise ORIGIN_UNKNOWN(origin=new.origin)
        # One at a time from the look at the keys and the memory to the signature: what is signed later is never the
        # smaller, and never under a log key that ended meanwhile.
        with self._turn:
            if not _signed(request.note, self._logs):
                raise LOG_UNSIGNED(origin=self._origin)
            if request.old > new.size:
                raise SIZE_REFUSED(old=request.old, new=new.size)
            last = self._memory.head()
            if request.old != last.size:
                return Conflict(last.size)
            self._check(request, last)
            self._memory.remember(Head(new.size, new.root), request.note.encode())
            self._retire(request.note)
            return str(cosign(self._signer, request.note.text, self._clock.now()))

    def _retire(self, remembered: Note) -> None:
        """Forget the old log key once the next one signed what is remembered, so also after every restart."""
        if self._next_log is not None and _signed(remembered, [self._next_log]):
            self._logs = (self._next_log,)

    def ready(self) -> None:
        """Raise the error that would keep the next checkpoint from being signed."""
        with self._turn:
            self._memory.head()
        self._clock.now()

    @staticmethod
    def _check(request: Request, last: Head) -> None:
        new = request.checkpoint
        if new.size == last.size and new.root != last.root:
            raise ROOT_SECOND(where=new.origin, size=new.size)
        known = EMPTY_ROOT if last.size == 0 else last.root
        try:
            verify_consistency(last.size, known, new.size, new.root, request.proof)
        except Error as error:
            raise PROOF_WRONG(where=new.origin, old=last.size, new=new.size) from error


def _signed(untrusted_note: Note, keys: Sequence[VerifierKey]) -> bool:
    """Say whether one of the keys signed, and no line that claims to be by one of them is wrong."""
    try:
        return bool(untrusted_note.verified(keys))
    except Error:  # `tlog.signature-wrong`, the only one
        return False
