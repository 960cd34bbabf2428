# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tailing a log that nobody trusts: from what was verified before to a new checkpoint, by bundles alone.

There is no proof endpoint. The tailer hashes every new entry itself; if old peaks and new entries lead to the new
root, nothing was changed, left out or put in between (RFC 6962 section 2.1). Only when they do not are hash tiles
read, to say which file is wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sunporch.base.digests import HASH_SIZE
from sunporch.base.errors import Error
from sunporch.tlog.checkpoints import Checkpoint, parse_decimal
from sunporch.tlog.edge import Edge
from sunporch.tlog.errors import (
    BUNDLE_DIFFERS,
    FORK_FOUND,
    ROLLBACK_FOUND,
    ROOT_DIFFERS,
    SIZES_MALFORMED,
    TILE_DIFFERS,
)
from sunporch.tlog.hashing import EMPTY_ROOT, CompactRange, leaf_hash
from sunporch.tlog.proofs import root_of
from sunporch.tlog.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Fetch, Tile, bundles_of, fetch_hashes, fetch_leaves

CHECKPOINT = "checkpoint"
SIZES = "checkpoints/sizes"


def kept_path(size: int) -> str:
    """Return where the first co-signed checkpoint of that size stays for ever."""
    return f"checkpoints/{size}"


def parse_sizes(untrusted_data: bytes) -> list[int]:
    """Return the sizes of the kept checkpoints, ascending; a last line still being written is left out.

    Raises `tlog.sizes-malformed`.
    """
    sizes: list[int] = []
    for line in untrusted_data.split(b"\n")[:-1]:
        size = parse_decimal(line.decode("ascii", "replace"))
        if size is None or (sizes and size <= sizes[-1]):
            raise SIZES_MALFORMED(where=SIZES, reason=f"line {len(sizes) + 1} is not a size above the one before")
        sizes.append(size)
    return sizes


def covering(sizes: Sequence[int], index: int) -> int | None:
    """Return the first kept size that covers leaf `index`, None if there is none yet."""
    at = bisect_right(sizes, index)
    return sizes[at] if at < len(sizes) else None


@dataclass(frozen=True)
class Advance:
    """The leaves from `first` on, verified, and the range to begin with next time."""

    first: int
    leaves: list[bytes]
    range: CompactRange


def advance(old: CompactRange, new: Checkpoint, fetch: Fetch, through: Iterable[Checkpoint] = ()) -> Advance:
    """Return all leaves between the trusted range and the (co-signed) checkpoint, verified.

    `through` are kept checkpoints of sizes between the two, each of which must be a stage of the same log.
    Raises `tlog.rollback-found`, `tlog.fork-found`, `tlog.bundle-differs`, `tlog.root-differs`,
    `tlog.file-missing` or `tlog.tile-malformed`, naming the file.
    """
    if new.size < old.size:
        raise ROLLBACK_FOUND(where=CHECKPOINT, old=old.size, new=new.size)
    stages = {old.size: old.root()}
    for stage in (*through, new):
        if not old.size <= stage.size <= new.size or stages.setdefault(stage.size, stage.root) != stage.root:
            raise FORK_FOUND(where=kept_path(stage.size), size=stage.size)
    if new.size == old.size:
        return Advance(old.size, [], old)
    # Begin at the bundle's first entry, so that also what it repeats of the old entries is checked.
    begin = old.size - old.size % TILE_WIDTH
    grown = CompactRange(begin, old.peaks[: (begin >> TILE_HEIGHT).bit_count()])
    leaves: list[bytes] = []
    for bundle in bundles_of(new.size, begin):
        entries = fetch_leaves(fetch, bundle)
        start = bundle.number * TILE_WIDTH
        for size in sorted(size for size in stages if start < size <= start + bundle.width):
            grown = grown.extended(map(leaf_hash, entries[grown.size - start : size - start]))
            if grown.root() != stages[size]:
                raise _culprit(old, new, fetch, size)
        grown = grown.extended(map(leaf_hash, entries[grown.size - start :]))
        leaves += entries[max(0, old.size - start) :]
    return Advance(old.size, leaves, grown)


def audit(checkpoint: Checkpoint, fetch: Fetch) -> None:
    """Check every bundle and every hash tile that the checkpoint promises, byte for byte.

    Raises `tlog.tile-differs` and what `advance` raises, naming the file.
    """
    if checkpoint.size == 0:
        if checkpoint.root != EMPTY_ROOT:
            raise ROOT_DIFFERS(where=CHECKPOINT, size=0)
        return
    edge = Edge()
    wrong: tuple[Tile, int] | None = None
    for bundle in bundles_of(checkpoint.size):
        files = edge.extend(fetch_leaves(fetch, bundle))
        if edge.size == checkpoint.size:
            files += edge.partials()
        for tile, data in files:
            if tile.level != ENTRIES and wrong is None:
                position = _difference(fetch_hashes(fetch, tile), data)
                wrong = None if position is None else (tile, position)
    if edge.root() != checkpoint.root:
        raise _culprit(CompactRange(), checkpoint, fetch, checkpoint.size)
    if wrong is not None:
        raise TILE_DIFFERS(where=wrong[0].path, position=wrong[1])


def _difference(left: bytes, right: bytes) -> int | None:
    """Return the position of the first hash that differs."""
    for at in range(0, len(right), HASH_SIZE):
        if left[at : at + HASH_SIZE] != right[at : at + HASH_SIZE]:
            return at // HASH_SIZE
    return None


def _culprit(old: CompactRange, new: Checkpoint, fetch: Fetch, stage: int) -> Error:
    """Return the error that names what is wrong, once old peaks and bundles do not lead to the root at `stage`."""
    for bundle in bundles_of(new.size, old.size - old.size % TILE_WIDTH):
        hashes = b"".join(map(leaf_hash, fetch_leaves(fetch, bundle)))
        position = _difference(fetch_hashes(fetch, Tile(0, bundle.number, bundle.width)), hashes)
        if position is not None:
            return BUNDLE_DIFFERS(where=bundle.path, index=bundle.number * TILE_WIDTH + position)
    if stage < new.size:
        return FORK_FOUND(where=kept_path(stage), size=stage)
    if old.size and root_of(fetch, new.size) == new.root:
        return FORK_FOUND(where=CHECKPOINT, size=old.size)
    return ROOT_DIFFERS(where=CHECKPOINT, size=new.size)
