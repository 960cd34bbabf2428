# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts: offline proofs that an entry stands in the co-signed log (C2SP tlog-proof, `c2sp.org/tlog-proof@v1`)."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.base.digests import HASH_SIZE, from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.tlog.checkpoints import parse_decimal
from sunporch.tlog.errors import RECEIPT_MALFORMED
from sunporch.tlog.hashing import leaf_hash
from sunporch.tlog.policies import CosignedCheckpoint, SignedCheckpoint, TrustPolicy
from sunporch.tlog.proofs import MAX_PROOF, inclusion, verify_inclusion
from sunporch.tlog.tiles import Fetch

HEADER = "c2sp.org/tlog-proof@v1"
MAX_RECEIPT = 128 * 2**10  # bytes


@dataclass(frozen=True)
class Receipt:
    """Entry `index`, its path to the root (sibling first) and the co-signed checkpoint as it was served.

    `extra` is carried and vouched for by nobody.
    """

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""

    def encode(self) -> bytes:
        """Return the `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {to_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [to_base64(item) for item in self.path]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note

    @classmethod
    def parse(cls, untrusted: bytes) -> Receipt:
        """Return the receipt, or raise `tlog.receipt-malformed`. Only `verify` says whether it proves anything."""
        head, empty_line, note = untrusted.partition(b"\n\n")
        if not empty_line or len(untrusted) > MAX_RECEIPT or not head.isascii():
            raise RECEIPT_MALFORMED(reason="it is too long, or not text, an empty line and a checkpoint")
        first, *lines = head.decode("ascii").split("\n")
        if first != HEADER:
            raise RECEIPT_MALFORMED(reason=f"its first line is not {HEADER}")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = _bytes(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise RECEIPT_MALFORMED(reason="it has no index line")
        index = parse_decimal(lines.pop(0).removeprefix("index "))
        if index is None:
            raise RECEIPT_MALFORMED(reason="its index is not a plain number")
        path = tuple(_bytes(line) for line in lines)
        if len(path) > MAX_PROOF or any(len(item) != HASH_SIZE for item in path):
            raise RECEIPT_MALFORMED(reason="its path is not at most 63 hashes of 32 bytes")
        return cls(index, path, note, extra)

    def verify(self, leaf: bytes, policy: TrustPolicy) -> CosignedCheckpoint:
        """Return the co-signed checkpoint that covers the leaf at `index`, under any log of the policy.

        Raises what `TrustPolicy.open` raises, or `tlog.inclusion-wrong`.
        """
        cosigned = policy.open(self.note, None)
        head = cosigned.checkpoint
        verify_inclusion(leaf_hash(leaf), self.index, head.size, self.path, head.root)
        return cosigned


def make(fetch: Fetch, index: int, cosigned: SignedCheckpoint) -> Receipt:
    """Return the receipt of entry `index` under the checkpoint, its path read from the log's tiles."""
    return Receipt(index, tuple(inclusion(fetch, index, cosigned.checkpoint.size)), cosigned.note.encode())


def _bytes(untrusted_text: str) -> bytes:
    try:
        return from_base64(untrusted_text, "a line of it")
    except Error as error:
        raise RECEIPT_MALFORMED(reason=error.what.rstrip(".")) from error
