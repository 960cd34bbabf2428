# SPDX-License-Identifier: AGPL-3.0-or-later
"""When more moved than usual: read from the sealed ends of segments, and from nothing else of them.

Who comes and goes is nobody's business: so it stands in no journal and no index, and goes with the segment's key.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from sunporch.base.digests import from_hex
from sunporch.vault import segment as form
from sunporch.vault.index import CLOSED, SegmentRow
from sunporch.vault.segment import Kind
from sunporch.vault.store import Store
from sunporch.vault.timeline import TICKS

# Levels that this process has read, a few bytes a segment; beyond so many the oldest are read again.
MOST_REMEMBERED = 50_000


@dataclass(frozen=True)
class Moved:
    """A stretch in which more moved than usual; wall times in 90 kHz ticks since the epoch."""

    start_90k: int
    end_90k: int


class Marks:
    """Finds marks, and remembers what closed segments say: they never change."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def forget(self) -> None:
        """Forget what was read: the archive is locked."""
        self._known.clear()

    def find(
        self, store: Store, camera: str, start_90k: int, end_90k: int, least: int, join_90k: int
    ) -> tuple[Moved, ...]:
        """Return when the level was at least `least`; stretches that are nearer than `join_90k` are one.

        Raises `vault.key-locked`, `vault.segment-damaged`.
        """
        found: list[Moved] = []
        for row in store.index.in_span(camera, start_90k, end_90k):
            if row.state != CLOSED or row.kind != Kind.FMP4.value:
                continue
            levels = self._levels(store, row)
            for moved in _seconds(row, levels, least) if max(levels, default=0) >= least else ():
                if found and moved.start_90k - found[-1].end_90k <= join_90k:
                    found[-1] = Moved(found[-1].start_90k, max(found[-1].end_90k, moved.end_90k))
                else:
                    found.append(moved)
        return tuple(moved for moved in found if moved.start_90k < end_90k and moved.end_90k > start_90k)

    def _levels(self, store: Store, row: SegmentRow) -> bytes:
        if row.id not in self._known:
            self._known[row.id] = _read(store, row)
            while len(self._known) > MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
        return self._known[row.id]


def _seconds(row: SegmentRow, levels: bytes, least: int) -> Iterator[Moved]:
    for second, level in enumerate(levels):
        if level >= least:
            start = row.start + second * TICKS
            yield Moved(start, min(row.end, start + TICKS))


def _read(store: Store, row: SegmentRow) -> bytes:
    """Return the levels of a segment from its last bytes; none where its end was lost or erased meanwhile."""
    where = store.path(row)
    motion = -(-(row.media_end - row.media_start) // TICKS)
    size = form.frame_size(form.end_size(row.chunks, motion))
    try:
        handle = os.open(where, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        wrapped = os.pread(handle, form.WRAPPED_BYTES, form.WRAPPED_AT)
        offset = os.fstat(handle).st_size - size
        data = os.pread(handle, size, max(0, offset))
    finally:
        os.close(handle)
    frame = form.parse_frame(data, row.chunks, offset)
    if frame is None or not frame.last or frame.size != size or row.recovered:
        return b""  # this one says nothing of motion
    key = store.keys.unwrap(row.camera, row.id, wrapped)
    text = form.unseal(key, from_hex(row.header_sha256, 32, "the header's hash"), frame, data, str(where))
    return form.End.parse(text, row.chunks, str(where)).motion
