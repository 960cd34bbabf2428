# SPDX-License-Identifier: AGPL-3.0-or-later
"""The growing right edge of a log: what is not yet a full tile, kept in memory, turned into files as it fills."""

from __future__ import annotations

from collections.abc import Sequence

from sunporch.base.digests import HASH_SIZE
from sunporch.tlog.hashing import fold_peaks, leaf_hash, perfect_root
from sunporch.tlog.tiles import (
    ENTRIES,
    FULL_TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Fetch,
    Tile,
    check_leaf,
    fetch_hashes,
)

type File = tuple[Tile, bytes]


class Edge:
    """`size` leaves, of which the last `size % 256` and the hashes of every unfinished tile are held."""

    def __init__(self) -> None:
        self.size = 0
        self._leaves: list[bytes] = []  # each with its length before it
        self._levels: list[bytearray] = [bytearray()]

    @classmethod
    def load(cls, fetch: Fetch, base: int) -> Edge:
        """Return the edge at `base` leaves (a multiple of 256) from the full tiles below it."""
        edge = cls()
        edge.size = base
        level = 1
        while items := base >> (TILE_HEIGHT * level):
            first = items // TILE_WIDTH * TILE_WIDTH
            children = (fetch_hashes(fetch, Tile(level - 1, number)) for number in range(first, items))
            edge._levels.append(bytearray(b"".join(map(perfect_root, children))))
            level += 1
        return edge

    def extend(self, leaves: Sequence[bytes]) -> list[File]:
        """Append the leaves and return the files that became full, bundles and tiles, in order.

        Raises `tlog.leaf-refused` and then has appended nothing.
        """
        coded = [check_leaf(leaf) for leaf in leaves]
        full: list[File] = []
        at = 0
        while at < len(coded):
            end = at + TILE_WIDTH - len(self._leaves)
            self._leaves += coded[at:end]
            self._levels[0] += b"".join([leaf_hash(leaf) for leaf in leaves[at:end]])
            self.size += len(coded[at:end])
            at = end
            if len(self._leaves) == TILE_WIDTH:
                full.append((Tile(ENTRIES, self.size // TILE_WIDTH - 1), b"".join(self._leaves)))
                self._leaves.clear()
                full += self._carry()
        return full

    def _carry(self) -> list[File]:
        """Return the hash tiles that are full, each one's root handed to the level above."""
        full: list[File] = []
        level = 0
        while len(self._levels[level]) == FULL_TILE_BYTES:
            hashes = bytes(self._levels[level])
            full.append((Tile(level, (self.size >> (TILE_HEIGHT * (level + 1))) - 1), hashes))
            self._levels[level].clear()
            level += 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += perfect_root(hashes)
        return full

    def partials(self) -> list[File]:
        """Return the unfinished bundle and tiles as the files that a checkpoint of this size promises."""
        files: list[File] = []
        if self._leaves:
            files.append((Tile(ENTRIES, self.size // TILE_WIDTH, len(self._leaves)), self.tail()))
        for level, hashes in enumerate(self._levels):
            if hashes:
                number = self.size >> (TILE_HEIGHT * (level + 1))
                files.append((Tile(level, number, len(hashes) // HASH_SIZE), bytes(hashes)))
        return files

    def tail(self) -> bytes:
        """Return the unfinished bundle's bytes."""
        return b"".join(self._leaves)

    def beginning(self, tile: Tile) -> bytes | None:
        """Return a partial hash tile's bytes if the unfinished tile holds that many hashes, else None."""
        if not 0 <= tile.level < len(self._levels):
            return None
        wanted = tile.width * HASH_SIZE
        hashes = self._levels[tile.level]
        if tile.number != self.size >> (TILE_HEIGHT * (tile.level + 1)) or len(hashes) < wanted:
            return None
        return bytes(hashes[:wanted])

    def root(self) -> bytes:
        """Return the root over all leaves."""
        peaks = []
        for hashes in reversed(self._levels):
            at, width = 0, len(hashes) // HASH_SIZE
            for bit in reversed(range(TILE_HEIGHT)):
                if width >> bit & 1:
                    end = at + (HASH_SIZE << bit)
                    peaks.append(perfect_root(bytes(hashes[at:end])))
                    at = end
        return fold_peaks(peaks)
