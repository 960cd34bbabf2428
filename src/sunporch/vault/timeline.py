# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day of one camera as spans and gaps that together are exactly the wall time asked for. Pure.

Times are 90 kHz ticks since the epoch, UTC. What is recorded wins over what was said to be missing; what no one
accounts for is `hub_off`; before the camera's first record and after now it is `not_recorded`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, pairwise

TICKS = 90_000
# 2023-01-01T00:00:00Z: a hub whose clock says an earlier time does not know the time of day (it lost power, and its
# clock with it). What it records then stands under no date until the clock is right.
UNKNOWN_BEFORE_90K = 1_672_531_200 * TICKS


class Cause(StrEnum):
    """Why there is no footage."""

    TCP_CLOSED = "tcp_closed"
    REFUSED = "refused"
    FROZEN = "frozen"
    AUTH = "auth"
    PTS_RESET = "pts_reset"
    CLOCK_STEP = "clock_step"
    DISK_FULL = "disk_full"
    TAIL_LOST = "tail_lost"
    HUB_OFF = "hub_off"
    PAUSED_BY_RESIDENT = "paused_by_resident"
    KEY_LOCKED = "key_locked"
    UNREADABLE = "unreadable"
    ERASED = "erased"
    EXPIRED = "expired"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True)
class Span:
    """Recorded time: one run of the camera, or one imported file."""

    start_90k: int
    end_90k: int
    run: str


@dataclass(frozen=True)
class Gap:
    """Time without footage, and why."""

    start_90k: int
    end_90k: int
    cause: Cause


@dataclass(frozen=True)
class Timeline:
    """Spans and gaps in order; `overlaps` is time that was recorded twice (the clock was set back)."""

    start_90k: int
    end_90k: int
    spans: tuple[Span, ...]
    gaps: tuple[Gap, ...]
    overlaps: tuple[Span, ...]

    @property
    def recorded_90k(self) -> int:
        """Ticks of recorded time."""
        return sum(span.end_90k - span.start_90k for span in self.spans)


def lay_out(
    recorded: Sequence[Span], missing: Sequence[Gap], start_90k: int, end_90k: int, first_90k: int, now_90k: int
) -> Timeline:
    """Return the timeline of [start, end).

    `missing` are erased segments and gap rows in any order; `first_90k` is the camera's first record.
    """
    spans, overlaps = _disjoint(recorded)
    taken, holes = _fill([(start_90k, end_90k)] if start_90k < end_90k else [], spans)
    # What was recorded and is gone says more than the gap row of a reconnect in the same second.
    gone = [gap for gap in missing if gap.cause in (Cause.ERASED, Cause.EXPIRED)]
    rest = [gap for gap in missing if gap.cause not in (Cause.ERASED, Cause.EXPIRED)]
    gaps: list[Gap] = []
    far = max(end_90k, now_90k)
    unaccounted = [
        Gap(min(start_90k, first_90k), first_90k, Cause.NOT_RECORDED),
        Gap(first_90k, now_90k, Cause.HUB_OFF),
        Gap(max(first_90k, now_90k), far, Cause.NOT_RECORDED),
    ]
    for layer in (gone, rest, unaccounted, [Gap(start_90k, end_90k, Cause.NOT_RECORDED)]):
        claimed, holes = _fill(holes, _disjoint(layer)[0])
        gaps += claimed
    gaps.sort(key=lambda gap: gap.start_90k)
    inside = [
        replace(span, start_90k=max(span.start_90k, start_90k), end_90k=min(span.end_90k, end_90k))
        for span in overlaps
        if span.start_90k < end_90k and span.end_90k > start_90k
    ]
    return Timeline(start_90k, end_90k, tuple(_joined_spans(taken)), tuple(_joined_gaps(gaps)), tuple(inside))


def _disjoint[C: (Span, Gap)](claims: Sequence[C]) -> tuple[list[C], list[C]]:
    """Return the claims without overlap (who began first keeps the time) and the parts that were cut away."""
    kept: list[C] = []
    cut: list[C] = []
    reached: int | None = None
    for claim in sorted(claims, key=lambda claim: (claim.start_90k, claim.end_90k)):
        start = claim.start_90k if reached is None else max(claim.start_90k, reached)
        if start > claim.start_90k and min(start, claim.end_90k) > claim.start_90k:
            cut.append(replace(claim, end_90k=min(start, claim.end_90k)))
        if start < claim.end_90k:
            kept.append(replace(claim, start_90k=start))
            reached = claim.end_90k
    return kept, cut


def _fill[C: (Span, Gap)](holes: list[tuple[int, int]], claims: Sequence[C]) -> tuple[list[C], list[tuple[int, int]]]:
    """Lay disjoint claims into the holes; return what was taken and the holes that stay."""
    taken: list[C] = []
    left: list[tuple[int, int]] = []
    first = 0
    for hole_start, hole_end in holes:
        cursor = hole_start
        while first < len(claims) and claims[first].end_90k <= hole_start:
            first += 1
        for claim in islice(claims, first, None):
            if claim.start_90k >= hole_end:
                break
            start, end = max(claim.start_90k, cursor), min(claim.end_90k, hole_end)
            if start >= end:
                continue
            if start > cursor:
                left.append((cursor, start))
            taken.append(replace(claim, start_90k=start, end_90k=end))
            cursor = end
        if cursor < hole_end:
            left.append((cursor, hole_end))
    return taken, left


def _joined_spans(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].run == span.run and joined[-1].end_90k == span.start_90k:
            joined[-1] = replace(joined[-1], end_90k=span.end_90k)
        else:
            joined.append(span)
    return joined


def _joined_gaps(gaps: list[Gap]) -> list[Gap]:
    joined: list[Gap] = []
    for gap in gaps:
        if joined and joined[-1].cause is gap.cause and joined[-1].end_90k == gap.start_90k:
            joined[-1] = replace(joined[-1], end_90k=gap.end_90k)
        else:
            joined.append(gap)
    return joined


def tiles_exactly(timeline: Timeline) -> bool:
    """Say whether spans and gaps together are the wall time asked for, without hole or overlap."""
    pieces = [(span.start_90k, span.end_90k) for span in timeline.spans]
    pieces = sorted(pieces + [(gap.start_90k, gap.end_90k) for gap in timeline.gaps])
    if timeline.start_90k >= timeline.end_90k:
        return not pieces
    return (
        bool(pieces)
        and pieces[0][0] == timeline.start_90k
        and pieces[-1][1] == timeline.end_90k
        and all(before[1] == after[0] for before, after in pairwise(pieces))
        and all(start < end for start, end in pieces)
    )
