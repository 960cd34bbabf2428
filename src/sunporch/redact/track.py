# SPDX-License-Identifier: AGPL-3.0-or-later
"""From sightings in single pictures to tracks through time, pure: the same sightings give the same tracks.

Frames are counted from 0; frame i is on the screen from `times[i]` until the next one's time (90 kHz ticks from the
start of the cut). Whoever is seen twice within `GAP` frames is covered in between, and everybody for `EXTENDED`
frames before the first and after the last sighting: a detector that blinks uncovers nobody. Nothing crosses a cut.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sunporch.redact.plan import Box, Kind, Track

GAP = 25
EXTENDED = 10
GROWN = 1.4
# Between two looks nobody moves further than this many times their own size, or grows or shrinks by more than that.
REACH = 2.0
RESIZED = 2.0
# Who was surely seen once, or perhaps seen so often, is there.
SURE = 0.5
OFTEN = 3
# Boxes of successive frames are one box for all of them while that is larger than the smallest by no more than this.
SLACK = 1.2


@dataclass(frozen=True, order=True, slots=True)
class Seen:
    """Somebody in one frame: a box in pixels, which may reach over the edge, and how sure that is (0 to 1)."""

    frame: int
    x: float
    y: float
    width: float
    height: float
    score: float


@dataclass(frozen=True, slots=True)
class Scene:
    """The frames of a cut: their times, which of them begin a new scene (the first does), and the picture's size."""

    times: Sequence[int]
    cuts: frozenset[int]
    width: int
    height: int
    end_90k: int


def join(sightings: Iterable[Seen], scene: Scene, kind: Kind) -> tuple[Track, ...]:
    """Return the tracks in order of appearance, numbered from 1, all covered."""
    seen = sorted(sightings)
    shots = list(accumulate(int(frame in scene.cuts) for frame in range(len(scene.times))))
    chains = [chain for chain in _chains(seen, shots) if _is_somebody(chain)]
    drawn = [_boxes(chain, shots, scene) for chain in chains]
    found = sorted((boxes for boxes in drawn if boxes), key=lambda boxes: (boxes[0].from_90k, boxes[0].x, boxes[0].y))
    return tuple(Track(number, kind, 1, boxes) for number, boxes in enumerate(found, 1))


def _is_somebody(chain: list[Seen]) -> bool:
    return len(chain) >= OFTEN or max(one.score for one in chain) >= SURE


def _chains(seen: list[Seen], shots: Sequence[int]) -> list[list[Seen]]:
    """Return who belongs together, in order of time: what looking forward links, then what looking back adds."""
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    forward = list(enumerate(seen))
    for earlier, later in _links(forward, shots):
        after[earlier], before[later] = later, earlier
    for later, earlier in _links(forward[::-1], shots):
        if earlier not in after and later not in before:
            after[earlier], before[later] = later, earlier
    chains: list[list[Seen]] = []
    for number in range(len(seen)):
        if number in before:
            continue
        chain, at = [seen[number]], number
        while (at := after.get(at, -1)) >= 0:
            chain.append(seen[at])
        chains.append(chain)
    return chains


def _links(seen: list[tuple[int, Seen]], shots: Sequence[int]) -> list[tuple[int, int]]:
    """Return which sighting each is taken up by, in the order of time in which they are given."""
    links: list[tuple[int, int]] = []
    # The ends that somebody may be taken up from: number and sighting, and the sighting before it.
    ends: dict[int, tuple[Seen, Seen | None]] = {}
    by_frame: dict[int, list[tuple[int, Seen]]] = defaultdict(list)
    for number, one in seen:
        by_frame[one.frame].append((number, one))
    for frame, new in by_frame.items():
        ends = {
            number: end
            for number, end in ends.items()
            if abs(frame - end[0].frame) <= GAP and shots[frame] == shots[end[0].frame]
        }
        pairs = [(_distance(*end, one), old, number) for old, end in ends.items() for number, one in new]
        taken: dict[int, Seen] = {}
        for distance, old, number in sorted(pairs):
            if distance <= REACH and old in ends and number not in taken:
                taken[number] = ends.pop(old)[0]
                links.append((old, number))
        ends |= {number: (one, taken.get(number)) for number, one in new}
    return links


def _distance(last: Seen, before: Seen | None, new: Seen) -> float:
    """Return how far somebody would have moved unexpectedly, in their own sizes; endless if that cannot be them."""
    ratio = max(last.width, last.height) / max(new.width, new.height)
    if not 1 / RESIZED <= ratio <= RESIZED:
        return math.inf
    across, down = _middle(new)
    x, y = _middle(last)
    stood = math.hypot(across - x, down - y)
    if before is not None:
        part = (new.frame - last.frame) / (last.frame - before.frame)
        old_x, old_y = _middle(before)
        walked = math.hypot(across - x - (x - old_x) * part, down - y - (y - old_y) * part)
        stood = min(stood, walked)
    return stood / max(last.width, last.height, new.width, new.height)


def _middle(one: Seen) -> tuple[float, float]:
    return one.x + one.width / 2, one.y + one.height / 2


type _Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def _rectangle(one: Seen) -> _Rectangle:
    return one.x, one.y, one.x + one.width, one.y + one.height


def _between(first: _Rectangle, second: _Rectangle, part: float) -> _Rectangle:
    """Return the rectangle at this part of the way; below 0 and above 1 lie before the first and after the second."""
    left, top, right, bottom = (a + (b - a) * part for a, b in zip(first, second, strict=True))
    return left, top, right, bottom


def _hull(first: _Rectangle, second: _Rectangle) -> _Rectangle:
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def _walked(end: Seen, inner: Seen, away: int) -> _Rectangle:
    """Return where somebody is so many frames beyond their end who came there from `inner`: at most one size on."""
    x, y = _middle(end)
    from_x, from_y = _middle(inner)
    part = away / max(1, abs(end.frame - inner.frame))
    across, down = (x - from_x) * part, (y - from_y) * part
    most = max(end.width, end.height) / max(math.hypot(across, down), 1)
    left, top, right, bottom = _rectangle(end)
    across, down = across * min(1, most), down * min(1, most)
    return left + across, top + down, right + across, bottom + down


def _boxes(chain: list[Seen], shots: Sequence[int], scene: Scene) -> tuple[Box, ...]:
    """Return what to cover for somebody, frame by frame."""
    covered: dict[int, _Rectangle] = {}
    for one, other in pairwise(chain):
        for frame in range(one.frame, other.frame):
            part = (frame - one.frame) / (other.frame - one.frame)
            covered[frame] = _between(_rectangle(one), _rectangle(other), part)
    covered[chain[-1].frame] = _rectangle(chain[-1])
    for end, inner, step in ((chain[0], chain[1:2], -1), (chain[-1], chain[-2:-1], 1)):
        for away in range(1, EXTENDED + 1):
            frame = end.frame + step * away
            if not 0 <= frame < len(shots) or shots[frame] != shots[end.frame]:
                break
            # Somebody who walks on is covered where they stood and where they must be by now.
            covered[frame] = _hull(_rectangle(end), _walked(end, inner[0] if inner else end, away))
    frames = sorted(covered)
    whole = [(frame, _in_picture(covered[frame], scene)) for frame in frames]
    return _merged([(frame, box) for frame, box in whole if box is not None], scene)


def _in_picture(rectangle: _Rectangle, scene: Scene) -> tuple[int, int, int, int] | None:
    """Return the grown rectangle in whole pixels, None where nothing of it is in the picture."""
    left, top, right, bottom = rectangle
    wide, high = (right - left) * (GROWN - 1) / 2, (bottom - top) * (GROWN - 1) / 2
    inside = (
        max(0, math.floor(left - wide)),
        max(0, math.floor(top - high)),
        min(scene.width, math.ceil(right + wide)),
        min(scene.height, math.ceil(bottom + high)),
    )
    return inside if inside[0] < inside[2] and inside[1] < inside[3] else None


def _merged(frames: list[tuple[int, tuple[int, int, int, int]]], scene: Scene) -> tuple[Box, ...]:
    """Return boxes of one or more successive frames each."""
    boxes: list[Box] = []
    run: list[int] = []
    hull: tuple[int, int, int, int] = (0, 0, 0, 0)
    smallest = 0
    for frame, box in frames:
        area = (box[2] - box[0]) * (box[3] - box[1])
        wider = (
            box
            if not run
            else (min(hull[0], box[0]), min(hull[1], box[1]), max(hull[2], box[2]), max(hull[3], box[3]))
        )
        fits = run and frame == run[-1] + 1
        if not fits or (wider[2] - wider[0]) * (wider[3] - wider[1]) > SLACK * min(smallest, area):
            if run:
                boxes.append(_box(run, hull, scene))
            run, hull, smallest = [frame], box, area
        else:
            run.append(frame)
            hull, smallest = wider, min(smallest, area)
    return (*boxes, _box(run, hull, scene)) if run else ()


def _box(run: list[int], hull: tuple[int, int, int, int], scene: Scene) -> Box:
    after = run[-1] + 1
    begins = min(scene.times[frame] for frame in run)
    ends = scene.times[after] if after < len(scene.times) else scene.end_90k
    last = max(scene.times[frame] for frame in run)
    return Box(hull[0], hull[1], hull[2] - hull[0], hull[3] - hull[1], begins, max(ends, last + 1))
