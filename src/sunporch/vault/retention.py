# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long footage stays: promised days, a byte budget, holds that stand above both, and the resident's own wish."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sunporch.vault.errors import FOOTAGE_HELD, FOOTAGE_UNFINISHED, RETENTION_REFUSED
from sunporch.vault.index import ANCHORED, OPEN, SegmentRow
from sunporch.vault.recovery import erase_files
from sunporch.vault.store import Store
from sunporch.vault.timeline import TICKS

# How many segments one journal line erases at most.
BATCH = 500
_UNHELD = (
    "state = 'closed' AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.camera = segment.camera"
    " AND hold.start < segment.end AND hold.end > segment.start)"
)


@dataclass(frozen=True)
class Kept:
    """What a pass of retention did: segments and bytes erased, and bytes beyond the budget that holds keep."""

    erased: int
    erased_bytes: int
    held_over_budget: int


@dataclass(frozen=True)
class Left:
    """What is left of a camera: sealed files, and how many of them are held."""

    segments: int
    held: int


@dataclass(frozen=True)
class Storage:
    """The archive's size: bytes of footage, of it held, segments, bytes free on the disk, oldest record or None."""

    used_bytes: int
    held_bytes: int
    segments: int
    free_bytes: int
    oldest_90k: int | None


def enforce(store: Store, days: int, max_bytes: int) -> Kept:
    """Erase what is older than `days`, then the oldest beyond `max_bytes`; held footage stays, whatever its age.

    A clock that is known to be wrong says no age.
    """
    if days < 1 or max_bytes < 1:
        raise RETENTION_REFUSED(days=days, max_bytes=max_bytes)
    with store.journal.locked():
        store.catch_up()
        old = [] if store.index.clock_wrong else _too_old(store, store.now_90k() - days * 86_400 * TICKS)
        destroy(store, old, "expired")
        over = storage(store).used_bytes - max_bytes
        beyond = _oldest_unheld(store, over)
        destroy(store, beyond, "expired")
        freed = sum(row.bytes for row in beyond)
    erased = [*old, *beyond]
    return Kept(len(erased), sum(row.bytes for row in erased), max(0, over - freed))


def _too_old(store: Store, before: int) -> list[SegmentRow]:
    rows = store.index.segments(f"{_UNHELD} AND end <= ? AND {ANCHORED} ORDER BY end", before)
    # What stands under no date is at least as old as the moment at which the hub knew the time again.
    return rows + store.index.segments(f"{_UNHELD} AND latest <= ? AND NOT {ANCHORED} ORDER BY number", before)


def make_room(store: Store, wanted_bytes: int) -> int:
    """Erase the oldest unheld footage until `wanted_bytes` are freed; return the bytes freed (0: all is held)."""
    with store.journal.locked():
        store.catch_up()
        rows = _oldest_unheld(store, wanted_bytes)
        destroy(store, rows, "disk_full")
        store.take_ballast()
    return sum(row.bytes for row in rows)


def _oldest_unheld(store: Store, wanted: int) -> list[SegmentRow]:
    """Return the oldest unheld footage; what stands under no date yet counts as the newest."""
    chosen = _pages(store, wanted, ANCHORED)
    return chosen + _pages(store, wanted - sum(row.bytes for row in chosen), f"NOT {ANCHORED}")


def _pages(store: Store, wanted: int, which: str) -> list[SegmentRow]:
    chosen: list[SegmentRow] = []
    last = (-1, -1)
    while wanted > 0:
        page = store.index.segments(
            f"{_UNHELD} AND {which} AND (end, number) > (?, ?) ORDER BY end, number LIMIT {BATCH}", *last
        )
        if not page:
            break
        for row in page:
            if wanted > 0:
                chosen.append(row)
                wanted -= row.bytes
        last = (page[-1].end, page[-1].number)
    return chosen


def erase(store: Store, camera: str, start_90k: int, end_90k: int, *, even_held: bool) -> int:
    """Erase every segment that touches [start, end) and return how many: a little more may go, never less.

    Raises `vault.footage-held` unless `even_held`, `vault.footage-unfinished` for what is being recorded now.
    """
    with store.journal.locked():
        store.catch_up()
        rows = [row for row in store.index.in_span(camera, start_90k, end_90k) if row.state in (OPEN, "closed")]
        if any(row.state == OPEN for row in rows):
            raise FOOTAGE_UNFINISHED(where=camera)
        if rows and not even_held:
            start, end = min(row.start for row in rows), max(row.end for row in rows)
            holds = store.index.query(
                "SELECT id FROM hold WHERE camera = ? AND start < ? AND end > ?", camera, end, start
            )
            if holds:
                raise FOOTAGE_HELD(where=camera, holds=", ".join(hold for (hold,) in holds))
        destroy(store, rows, "erased")
    return len(rows)


def erase_unheld(store: Store, camera: str) -> int:
    """Erase all of a camera but what is held and what is being recorded; return how many segments."""
    with store.journal.locked():
        store.catch_up()
        rows = store.index.segments(f"{_UNHELD} AND camera = ?", camera)
        destroy(store, rows, "erased")
    return len(rows)


def left(store: Store, camera: str) -> Left:
    """Return what there still is of a camera."""
    ((count, unheld, being_written),) = store.index.query(
        f"SELECT count(*), coalesce(sum({_UNHELD}), 0), coalesce(sum(state = 'open'), 0) FROM segment"  # noqa: S608 - a constant
        " WHERE camera = ? AND state IN ('open', 'closed')",
        camera,
    )
    return Left(count, count - unheld - being_written)


def destroy(store: Store, rows: list[SegmentRow], why: str) -> None:
    """Write an erasure down and do it; `why` is the state that the segments then have."""
    for at in range(0, len(rows), BATCH):
        batch = rows[at : at + BATCH]
        store.record("erased", segments=[row.id for row in batch], why=why)
        erase_files(store, batch)


def storage(store: Store) -> Storage:
    """Return the archive's size now."""
    ((used, count, oldest),) = store.index.query(
        "SELECT coalesce(sum(bytes), 0), count(*), min(start) FROM segment WHERE state IN ('open', 'closed')"
    )
    ((free_of_holds,),) = store.index.query(f"SELECT coalesce(sum(bytes), 0) FROM segment WHERE {_UNHELD}")  # noqa: S608 - a constant
    ((being_written,),) = store.index.query("SELECT coalesce(sum(bytes), 0) FROM segment WHERE state = 'open'")
    disk = os.statvfs(store.folder)
    return Storage(used, used - free_of_holds - being_written, count, disk.f_bavail * disk.f_frsize, oldest)
