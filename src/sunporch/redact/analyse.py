# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks for people in a cut: decode, skip what did not change, detect, join in time. The first of three stages.

The second is a person's: which of the tracks stay covered. The third, `engine.render`, paints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from sunporch.redact.decode import Source, decoded, fitted
from sunporch.redact.detect import Detector, Found
from sunporch.redact.errors import FRAMES_MISSING, PEOPLE_MANY
from sunporch.redact.plan import TICKS, Track
from sunporch.redact.track import Scene, Seen, join

# A look at least every so many frames, and every sixth of a second: at fewer frames a second people move further.
EVERY_FRAMES = 5
EVERY_90K = TICKS // 6
# Nothing is compared but every fourth pixel of every fourth line: a face of 20 pixels is on 25 of those.
STEP = 4
# A pixel whose brightness changed by more than this did change; less is noise. Of 255.
NOISE = 8
# If pixels change by so much on average, another scene begins.
CUT = 30
# Of what an analysis finds; the rest of a plan's tracks is left for boxes that a resident draws.
MOST_TRACKS = 400
MOST_SEEN = 500_000
type Pixels = np.ndarray[Any, np.dtype[np.uint8]]
_LUMA_FIRST = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}


@dataclass(frozen=True)
class Analysis:
    """Who was found in a cut, all covered; the size of its picture as it is shown, and in how many frames."""

    tracks: tuple[Track, ...]
    width: int
    height: int
    frames: int
    detector: str


def quiet(done_90k: int, total_90k: int) -> None:
    """Tell nobody how far it came."""
    del done_90k, total_90k


def analyse(
    sources: Sequence[Source],
    start_90k: int,
    end_90k: int,
    detector: Detector,
    told: Callable[[int, int], None] = quiet,
) -> Analysis:
    """Return who is seen from start until before end (90 kHz ticks since the epoch).

    `told` hears after each frame how much of the cut is done; what it raises ends the analysis. Only one frame at a
    time is in memory. Raises `redact.source-unreadable`, `redact.frames-missing`, `redact.picture-oversize`,
    `redact.people-many`.
    """
    looking = _Looking(detector)
    for source in sources:
        looking.cut()
        for picture in decoded(source, start_90k, end_90k):
            looking.add(picture.frame, picture.wall_90k - start_90k)
            told(picture.wall_90k - start_90k, end_90k - start_90k)
    return looking.ended(end_90k - start_90k)


class _Looking:
    """One analysis on its way."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._times: list[int] = []
        self._cuts: set[int] = set()
        self._seen: list[Seen] = []
        self._size: tuple[int, int] | None = None
        self._before: Pixels | None = None  # the frame before
        self._looked: Pixels | None = None  # the frame last looked at, when, and who was there
        self._looked_frame, self._looked_90k = 0, 0
        self._there: list[Found] = []

    def cut(self) -> None:
        """What comes now does not go on from what was."""
        self._before = None

    def add(self, frame: VideoFrame, at_90k: int) -> None:
        """Look at a frame, or find that nothing changed since the last look."""
        number = len(self._times)
        self._times.append(at_90k)
        glance = _glance(frame)
        new = _differs(self._before, glance)
        if new:
            self._cuts.add(number)
        self._before = glance
        waited = number - self._looked_frame >= EVERY_FRAMES or at_90k - self._looked_90k >= EVERY_90K
        if not (new or frame.key_frame or waited):
            return
        if new or frame.key_frame or self._looked is None or _changed(self._looked, glance):
            picture = fitted(frame, self._size)
            self._size = self._size or (picture.width, picture.height)
            self._there = self._detector.detect(picture)
            self._looked = glance
        self._looked_frame, self._looked_90k = number, at_90k
        self._seen += [Seen(number, one.x, one.y, one.width, one.height, one.score) for one in self._there]
        if len(self._seen) > MOST_SEEN:
            raise PEOPLE_MANY()

    def ended(self, length_90k: int) -> Analysis:
        """Return what was found."""
        if self._size is None:
            raise FRAMES_MISSING()
        scene = Scene(self._times, frozenset(self._cuts), *self._size, length_90k)
        tracks = join(self._seen, scene, self._detector.kind)
        if len(tracks) > MOST_TRACKS:
            raise PEOPLE_MANY()
        return Analysis(tracks, *self._size, len(self._times), self._detector.name)


def _glance(frame: VideoFrame) -> Pixels:
    """Return the brightness of some pixels."""
    if frame.format.name not in _LUMA_FIRST:
        frame = frame.reformat(format="gray")
    plane = frame.planes[0]
    pixels = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return pixels[::STEP, : frame.width : STEP].copy()


def _differs(before: Pixels | None, now: Pixels) -> bool:
    """Say whether another scene begins."""
    if before is None or before.shape != now.shape:
        return True
    return bool(_distance(before, now).mean() > CUT)


def _changed(before: Pixels, now: Pixels) -> bool:
    """Say whether anything at all moved."""
    return before.shape != now.shape or bool(_distance(before, now).max() > NOISE)


def _distance(before: Pixels, now: Pixels) -> Pixels:
    return np.maximum(before, now) - np.minimum(before, now)
