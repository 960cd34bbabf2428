# SPDX-License-Identifier: AGPL-3.0-or-later
"""Merkle tree hashing as in RFC 6962 section 2.1: SHA-256, 0x00 before leaves, 0x01 before pairs.

A *perfect* tree has a power of two leaves. Any tree of `size` leaves is a row of perfect trees, one for each bit
of `size`, the largest at the left; their roots are its *peaks*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sunporch.base.digests import HASH_SIZE

EMPTY_ROOT = sha256(b"").digest()
PAIR = 2 * HASH_SIZE


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 || leaf), 32 bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: bytes) -> bytes:
    """Return the root over 2^k joined 32-byte hashes of one level."""
    while len(hashes) > HASH_SIZE:
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + PAIR]).digest() for at in range(0, len(hashes), PAIR)])
    return hashes


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """Return the root over peaks, leftmost and largest first; `EMPTY_ROOT` for none."""
    if not peaks:
        return EMPTY_ROOT
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = node_hash(peak, result)
    return result


@dataclass(frozen=True)
class CompactRange:
    """All of a tree that is needed to grow it and to tell its root: its size and its peaks, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """Return the root, 32 bytes."""
        return fold_peaks(self.peaks)

    def extended(self, leaf_hashes: Iterable[bytes]) -> CompactRange:
        """Return the range with the leaf hashes appended."""
        size = self.size
        peaks = list(self.peaks)
        for item in leaf_hashes:
            peak, bits = item, size
            while bits & 1:
                peak = node_hash(peaks.pop(), peak)
                bits >>= 1
            peaks.append(peak)
            size += 1
        return CompactRange(size, tuple(peaks))
