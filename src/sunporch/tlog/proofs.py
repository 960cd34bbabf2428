# SPDX-License-Identifier: AGPL-3.0-or-later
"""Inclusion and consistency proofs: built from tiles, and verified (RFC 6962 section 2.1, RFC 9162 section 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from sunporch.base.digests import HASH_SIZE
from sunporch.tlog.errors import CONSISTENCY_WRONG, INCLUSION_WRONG, INDEX_OUTSIDE
from sunporch.tlog.hashing import EMPTY_ROOT, CompactRange, fold_peaks, node_hash, perfect_root
from sunporch.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Fetch, Tile, fetch_hashes, width_at

MAX_PROOF = 63  # hashes: no tree has more than 2^63 leaves


class TileTree:
    """The tree of `size` leaves behind a tile reader. Tiles are taken as they come: only a root can judge them."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], bytes] = {}

    def perfect(self, height: int, number: int) -> bytes:
        """Return the root of the perfect tree over leaves [number * 2^height, (number + 1) * 2^height)."""
        level, inner = divmod(height, TILE_HEIGHT)
        tile_number, at = divmod(number << inner, TILE_WIDTH)
        hashes = self._tiles.get((level, tile_number))
        if hashes is None:
            tile = Tile(level, tile_number, width_at(level, tile_number, self.size))
            hashes = self._tiles[level, tile_number] = fetch_hashes(self._fetch, tile)
        return perfect_root(hashes[at * HASH_SIZE : (at + (1 << inner)) * HASH_SIZE])

    def peaks(self, start: int, end: int) -> list[bytes]:
        """Return the peaks over leaves [start, end), where `start` is a multiple of the largest power of 2 in it."""
        found = []
        while start < end:
            height = (end - start).bit_length() - 1
            found.append(self.perfect(height, start >> height))
            start += 1 << height
        return found

    def hash_of(self, start: int, end: int) -> bytes:
        """Return MTH(D[start:end]) (RFC 6962 section 2.1)."""
        return fold_peaks(self.peaks(start, end))

    def needed(self) -> list[Tile]:
        """Return the tiles that were read so far."""
        return [Tile(level, number, width_at(level, number, self.size)) for level, number in sorted(self._tiles)]


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count` (>= 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def root_of(fetch: Fetch, size: int) -> bytes:
    """Return the root over the first `size` leaves, from tiles."""
    return TileTree(fetch, size).hash_of(0, size)


def range_of(fetch: Fetch, size: int) -> CompactRange:
    """Return the compact range of the first `size` leaves, from tiles; compare its root before trusting it."""
    return CompactRange(size, tuple(TileTree(fetch, size).peaks(0, size)))


def inclusion(fetch: Fetch, index: int, size: int) -> list[bytes]:
    """Return the path from leaf `index` to the root of the first `size` leaves, the leaf's sibling first.

    Raises `tlog.index-outside`, `tlog.file-missing` or `tlog.tile-malformed`.
    """
    if not 0 <= index < size:
        raise INDEX_OUTSIDE(size=size, wanted=f"entry {index}")
    tree, start, end = TileTree(fetch, size), 0, size
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(tree.hash_of(middle, end))
            end = middle
        else:
            path.append(tree.hash_of(start, middle))
            start = middle
    return path[::-1]


def consistency(fetch: Fetch, old: int, new: int) -> list[bytes]:
    """Return the proof that the first `old` leaves are a beginning of the first `new` (RFC 6962 section 2.1.2).

    Empty for `old` 0 or equal sizes. Raises `tlog.index-outside`, `tlog.file-missing` or `tlog.tile-malformed`.
    """
    if not 0 <= old <= new:
        raise INDEX_OUTSIDE(size=new, wanted=f"that it continues {old} entries")
    if old in (0, new):
        return []
    tree, start, end = TileTree(fetch, new), 0, new
    path = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(tree.hash_of(middle, end))
            end = middle
        else:
            path.append(tree.hash_of(start, middle))
            start = middle
    if start:
        path.append(tree.hash_of(start, end))
    return path[::-1]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `tlog.inclusion-wrong` unless the proof leads from the leaf to the root (RFC 9162 section 2.1.3.2)."""
    wrong = INCLUSION_WRONG(index=index, size=size)
    if not 0 <= index < size:
        raise wrong
    at, last, result = index, size - 1, leaf_hash
    for item in proof:
        if last == 0 or len(item) != HASH_SIZE:
            raise wrong
        if at & 1 or at == last:
            result = node_hash(item, result)
            while at and not at & 1:
                at >>= 1
                last >>= 1
        else:
            result = node_hash(result, item)
        at >>= 1
        last >>= 1
    if last or not compare_digest(result, root):
        raise wrong


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `tlog.consistency-wrong` unless the proof joins the two roots (RFC 9162 section 2.1.4.2).

    The proof must be empty for `old` 0, whose root must be the empty tree's, and for equal sizes.
    """
    wrong = CONSISTENCY_WRONG(old=old, new=new)
    if not 0 <= old <= new or any(len(item) != HASH_SIZE for item in proof):
        raise wrong
    if old in (0, new):
        known = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != known or (new == 0 and new_root != EMPTY_ROOT):
            raise wrong
        return
    if not proof:
        raise wrong
    # A power of two is itself a node of the new tree, which the proof therefore leaves out.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    before = after = path[0]
    for item in path[1:]:
        if last == 0:
            raise wrong
        if at & 1 or at == last:
            before, after = node_hash(item, before), node_hash(item, after)
            while at and not at & 1:
                at >>= 1
                last >>= 1
        else:
            after = node_hash(after, item)
        at >>= 1
        last >>= 1
    if last or not compare_digest(before, old_root) or not compare_digest(after, new_root):
        raise wrong
