# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage that was recorded while the hub did not know the time of day or its clock was wrong.

Within the boot in which it was recorded the machine counts on, so that it is dated exactly once the hub knows the
time, whichever process recorded it. After another boot nobody can say when it was, only that it is older than the
moment at which the hub knew the time again: it stays under no date, and its age is counted from that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import batched, groupby

from sunporch.vault import retention
from sunporch.vault.errors import FOOTAGE_MISSING, FOOTAGE_UNFINISHED
from sunporch.vault.footage import Part, SealedSegment
from sunporch.vault.index import ANCHORED, OPEN, SegmentRow
from sunporch.vault.store import Store
from sunporch.vault.timeline import TICKS, UNKNOWN_BEFORE_90K

# The plus keeps SQLite from the index of all states: there is one of these few segments alone.
_LIVE = f"+state IN ('open', 'closed') AND NOT {ANCHORED}"
_CLOSED = f"+state = 'closed' AND NOT {ANCHORED}"


@dataclass(frozen=True)
class Dateless:
    """One run of a camera that stands under no date; times are 90 kHz ticks since the epoch.

    It was recorded after `after_90k`, when a dated recording of this archive had begun, and before `before_90k`, when
    the hub knew the time again; None where there is no such moment (yet).
    """

    camera: str
    run: str
    duration_90k: int
    after_90k: int | None
    before_90k: int | None


def settle(store: Store) -> None:
    """Date what was recorded in this boot, and write down of the rest that it is older than now.

    Does nothing while the time of day is not known or known to be wrong. What is being written now waits until it is
    closed.
    """
    now = store.now_90k()
    if now < UNKNOWN_BEFORE_90K or store.index.clock_wrong:
        return
    with store.journal.locked():
        store.catch_up()
        rows = store.index.segments(f"{_CLOSED} ORDER BY number")
        if not rows:
            return
        boot, booted = store.clock.boot(), now - round(store.clock.monotonic() * TICKS)
        counted = [(booted + row.counted - row.start, row) for row in rows if row.boot == boot]
        for by, group in groupby(counted, key=lambda pair: pair[0]):
            for batch in batched(group, retention.BATCH):
                store.record("anchored", segments=[row.id for _, row in batch], by=by)
        older = [row.id for row in rows if row.boot != boot and row.latest is None]
        for segments in batched(older, retention.BATCH):
            store.record("latest", segments=list(segments), latest=now)


def listed(store: Store) -> list[Dateless]:
    """Return what stands under no date, in the order in which it was recorded."""
    store.catch_up()
    runs: dict[str, list[SegmentRow]] = {}
    for row in store.index.segments(f"{_LIVE} ORDER BY number"):
        runs.setdefault(row.run, []).append(row)
    return [_described(store, rows) for rows in runs.values()]


def _described(store: Store, rows: list[SegmentRow]) -> Dateless:
    ((after,),) = store.index.query(
        f"SELECT max(start) FROM segment WHERE number < ? AND kind = 'fmp4' AND {ANCHORED}",  # noqa: S608 - a constant
        rows[0].number,
    )
    latest = [row.latest for row in rows if row.latest is not None]
    before = max(latest) if len(latest) == len(rows) else None
    return Dateless(rows[0].camera, rows[0].run, sum(row.end - row.start for row in rows), after, before)


def part(store: Store, run: str) -> Part:
    """Open a whole run that stands under no date; raises as `Vault.dateless_part` says."""
    rows = _closed(store, run)
    segments = tuple(SealedSegment(store, row) for row in rows)
    cover = tuple((1, len(sealed.frames) - 1) for sealed in segments)
    header = segments[0].header
    return Part(rows[0].start, rows[-1].end, header.kind, header.suffix, segments, cover)


def erase(store: Store, run: str) -> int:
    """Destroy the keys of a run that stands under no date; return the number of its segments."""
    with store.journal.locked():
        rows = _closed(store, run)
        retention.destroy(store, rows, "erased")
    return len(rows)


def _closed(store: Store, run: str) -> list[SegmentRow]:
    store.catch_up()
    rows = store.index.segments(f"{_LIVE} AND run = ? ORDER BY number", run)
    if not rows:
        raise FOOTAGE_MISSING(where=run, because=": nothing without a date has this name")
    if any(row.state == OPEN for row in rows):
        raise FOOTAGE_UNFINISHED(where=run)
    return rows
