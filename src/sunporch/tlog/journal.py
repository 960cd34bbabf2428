# SPDX-License-Identifier: AGPL-3.0-or-later
"""The writer's journal: what was acknowledged but may not be in full tiles yet, and what was signed last.

One frame per commit: mark (8 bytes of the journal's random nonce), length (u32), check (16 bytes), payload. The
check is SHA-256 over nonce, the frame's offset and payload: no entry's author can write what looks like a frame.
Each frame is durable before the next is begun; so only the last one can be torn, and it was never acknowledged.
A frame that is wrong and has a right one behind it was damaged later, and the journal is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from sunporch.base.digests import HASH_SIZE, sha256
from sunporch.tlog.errors import JOURNAL_DAMAGED

MAGIC = b"sunporch/tlog-journal/v1\n"
NONCE_BYTES = 16
NUMBER_BYTES = 8
LENGTH_BYTES = 4
CHECK_BYTES = 16
HEADER_BYTES = len(MAGIC) + NONCE_BYTES + NUMBER_BYTES + CHECK_BYTES
MARK_BYTES = 8
FRAME_BYTES = MARK_BYTES + LENGTH_BYTES + CHECK_BYTES
LEAVES, SIGNED = b"L", b"S"


@dataclass(frozen=True)
class Signed:
    """The size and root that the log signed last."""

    size: int
    root: bytes


@dataclass
class Journal:
    """A journal's nonce, the index of its first leaf, its end in the file, and what its frames say."""

    nonce: bytes
    base: int
    end: int = HEADER_BYTES
    leaves: list[bytes] = field(default_factory=list)
    signed: Signed | None = None

    @classmethod
    def new(cls, base: int) -> Journal:
        """Return an empty journal that begins at leaf `base`."""
        return cls(os.urandom(NONCE_BYTES), base)

    def header(self) -> bytes:
        """Return the bytes before the first frame."""
        base = self.base.to_bytes(NUMBER_BYTES, "big")
        return MAGIC + self.nonce + base + self._check(0, base)

    def leaves_frame(self, coded_leaves: Iterable[bytes]) -> bytes:
        """Return the next frame with leaves, each with its u16 length before it."""
        return self._frame(LEAVES + b"".join(coded_leaves))

    def signed_frame(self, signed: Signed) -> bytes:
        """Return the next frame with what is about to be signed."""
        return self._frame(SIGNED + signed.size.to_bytes(NUMBER_BYTES, "big") + signed.root)

    def _frame(self, payload: bytes) -> bytes:
        length = len(payload).to_bytes(LENGTH_BYTES, "big")
        frame = self._mark + length + self._check(self.end, payload) + payload
        self.end += len(frame)
        return frame

    @property
    def _mark(self) -> bytes:
        return self.nonce[:MARK_BYTES]

    def _check(self, offset: int, payload: bytes) -> bytes:
        return sha256(self.nonce, offset.to_bytes(NUMBER_BYTES, "big"), payload)[:CHECK_BYTES]

    def _payload(self, data: bytes, offset: int) -> bytes | None:
        """Return the payload of the frame at `offset`, or None if there is no right frame."""
        begin = offset + FRAME_BYTES
        length = int.from_bytes(data[offset + MARK_BYTES : begin - CHECK_BYTES], "big")
        if not data.startswith(self._mark, offset) or not length or begin + length > len(data):
            return None
        payload = data[begin : begin + length]
        return payload if data[begin - CHECK_BYTES : begin] == self._check(offset, payload) else None

    @classmethod
    def read(cls, data: bytes, where: str) -> Journal:
        """Return the journal with all whole frames; `end` is where a torn one begins, if any.

        Raises `tlog.journal-damaged` for what no power cut can leave.
        """
        base = data[len(MAGIC) + NONCE_BYTES : HEADER_BYTES - CHECK_BYTES]
        journal = cls(data[len(MAGIC) : len(MAGIC) + NONCE_BYTES], int.from_bytes(base, "big"))
        # The header was written in one step with the file: no power cut leaves half of it.
        if data[:HEADER_BYTES] != journal.header():
            raise JOURNAL_DAMAGED(where=where, reason="its beginning is not that of a journal")
        while (payload := journal._payload(data, journal.end)) is not None:
            journal._take(payload)
            journal.end += FRAME_BYTES + len(payload)
        later = data.find(journal._mark, journal.end + 1)
        while later >= 0:
            if journal._payload(data, later) is not None:
                raise JOURNAL_DAMAGED(where=where, reason=f"byte {journal.end} and what follows are spoiled")
            later = data.find(journal._mark, later + 1)
        return journal

    def _take(self, payload: bytes) -> None:
        kind, body = payload[:1], payload[1:]
        if kind == SIGNED:
            self.signed = Signed(int.from_bytes(body[:NUMBER_BYTES], "big"), body[NUMBER_BYTES:][:HASH_SIZE])
            return
        at = 0
        while at < len(body):
            begin = at + 2
            at = begin + int.from_bytes(body[at:begin], "big")
            self.leaves.append(body[begin:at])
