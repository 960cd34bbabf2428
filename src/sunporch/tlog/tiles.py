# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names and bytes of hash tiles and entry bundles (C2SP tlog-tiles), and which of them a tree size has.

A hash tile of level L holds up to 256 joined hashes of perfect trees of 256^L leaves; a bundle holds up to 256
entries, each after its length as a big-endian uint16.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sunporch.base.digests import HASH_SIZE
from sunporch.tlog.errors import FILE_MISSING, LEAF_REFUSED, PATH_MALFORMED, TILE_MALFORMED

TILE_HEIGHT = 8
TILE_WIDTH = 256
FULL_TILE_BYTES = TILE_WIDTH * HASH_SIZE
MAX_LEVEL = 63
MAX_LEAF = 2**16 - 1
LENGTH_BYTES = 2
ENTRIES = -1  # the level of bundles, which lie beside level 0

# Returns the bytes of a file of the log by its path, or None where the log has no such file.
type Fetch = Callable[[str], bytes | None]

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, order=True)
class Tile:
    """One file: its level (`ENTRIES` for a bundle), its number from the left, and how many items it holds."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The file's name, e.g. `tile/0/x001/x234/067.p/17`."""
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"

    @property
    def full(self) -> Tile:
        """The same tile once 256 items are there."""
        return Tile(self.level, self.number)

    @classmethod
    def parse(cls, untrusted_path: str) -> Tile:
        """Return the tile of a path in its only spelling, or raise `tlog.path-malformed`."""
        match = _PATH.fullmatch(untrusted_path)
        if not match:
            raise PATH_MALFORMED(where=untrusted_path)
        level, groups, width = match.groups()
        number = int(groups.replace("x", "").replace("/", ""))
        tile = cls(ENTRIES if level == "entries" else int(level), number, int(width) if width else TILE_WIDTH)
        if tile.level > MAX_LEVEL or not 0 < tile.width <= TILE_WIDTH or tile.path != untrusted_path:
            raise PATH_MALFORMED(where=untrusted_path)
        return tile


def tile_path(level: int, number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a hash tile."""
    return Tile(level, number, width).path


def bundle_path(number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of an entry bundle."""
    return Tile(ENTRIES, number, width).path


def width_at(level: int, number: int, size: int) -> int:
    """Return how many items tile `number` of `level` has in a tree of `size` leaves, 0 to 256."""
    items = size >> (TILE_HEIGHT * max(level, 0))
    return max(0, min(TILE_WIDTH, items - number * TILE_WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every hash tile of a tree of `size` leaves, level by level."""
    level = 0
    while items := size >> (TILE_HEIGHT * level):
        for number in range(0, -(-items // TILE_WIDTH)):
            yield Tile(level, number, width_at(level, number, size))
        level += 1


def bundles_of(size: int, first: int = 0) -> Iterator[Tile]:
    """Yield every bundle of a tree of `size` leaves that holds an entry with index >= `first`."""
    for number in range(first // TILE_WIDTH, -(-size // TILE_WIDTH)):
        yield Tile(ENTRIES, number, width_at(ENTRIES, number, size))


def split_hashes(untrusted_data: bytes, tile: Tile) -> bytes:
    """Return the tile's joined hashes after checking their number, or raise `tlog.tile-malformed`."""
    if len(untrusted_data) != tile.width * HASH_SIZE:
        raise TILE_MALFORMED(
            where=tile.path, reason=f"it has {len(untrusted_data)} bytes, not {tile.width * HASH_SIZE}"
        )
    return untrusted_data


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """Return the bundle's bytes, or raise `tlog.leaf-refused`."""
    return b"".join([check_leaf(leaf) for leaf in leaves])


def check_leaf(leaf: bytes) -> bytes:
    """Return the leaf with its length before it, or raise `tlog.leaf-refused`."""
    if len(leaf) > MAX_LEAF:
        raise LEAF_REFUSED(size=len(leaf), most=MAX_LEAF)
    return len(leaf).to_bytes(LENGTH_BYTES, "big") + leaf


def decode_bundle(untrusted_data: bytes, tile: Tile) -> list[bytes]:
    """Return exactly `tile.width` entries, or raise `tlog.tile-malformed`."""
    leaves: list[bytes] = []
    at, end = 0, len(untrusted_data)
    while at < end:
        begin = at + LENGTH_BYTES
        at = begin + int.from_bytes(untrusted_data[at:begin], "big")
        if begin > end or at > end:
            raise TILE_MALFORMED(where=tile.path, reason=f"it breaks off in its entry {len(leaves)}")
        leaves.append(untrusted_data[begin:at])
    if len(leaves) != tile.width:
        raise TILE_MALFORMED(where=tile.path, reason=f"it has {len(leaves)} entries, not {tile.width}")
    return leaves


def fetch_hashes(fetch: Fetch, tile: Tile) -> bytes:
    """Return a hash tile's joined hashes; where a partial one is gone, the beginning of the full one.

    Raises `tlog.file-missing` or `tlog.tile-malformed`.
    """
    data = fetch(tile.path)
    if data is not None:
        return split_hashes(data, tile)
    full = None if tile == tile.full else fetch(tile.full.path)
    if full is None:
        raise FILE_MISSING(where=tile.path)
    return split_hashes(full, tile.full)[: tile.width * HASH_SIZE]


def fetch_leaves(fetch: Fetch, tile: Tile) -> list[bytes]:
    """Return a bundle's entries; where a partial one is gone, the beginning of the full one.

    A log may delete a partial file once the full one is there (tlog-tiles, "Partial Tiles").
    Raises `tlog.file-missing` or `tlog.tile-malformed`.
    """
    data = fetch(tile.path)
    if data is not None:
        return decode_bundle(data, tile)
    full = None if tile == tile.full else fetch(tile.full.path)
    if full is None:
        raise FILE_MISSING(where=tile.path)
    return decode_bundle(full, tile.full)[: tile.width]
