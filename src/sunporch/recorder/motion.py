# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much moved, told by two meters, beside what is usual: the larger one counts.

Bytes: a picture between keyframes holds what changed since the one before; where something moves it is larger. That
needs no look into any picture, and says nothing where a camera sends a constant number of bytes. Light: a camera's
whole pictures, some seconds apart, are compared dot by dot; that says nothing of what came and went between two.

Both see rain, headlights and a moving branch. So they mark a timeline, and decide nothing: recording never waits.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from statistics import median, median_low

from sunporch.base.clock import Clock
from sunporch.recorder.eye import COLUMNS, ROWS, Glance, glance
from sunporch.recorder.gops import Gop
from sunporch.recorder.units import TICKS, Codec, Unit

# What is usual: so many values before (five minutes of seconds); before ten of them nothing is said.
USUAL_VALUES = 300
LEAST_VALUES = 10
# A standard deviation is about so many median deviations, for what is spread as noise is.
_PER_DEVIATION = 1.4826
# What differs by less is noise even in a picture that stands quite still: a share of the usual, and bytes or dots.
_SLACK_SHARE, _SLACK_BYTES, _SLACK_DOTS = 0.05, 8, 2
# Levels count eighths of a deviation above the usual.
STEPS = 8
MOST_LEVEL = 255
# A camera's pictures are looked into at most so often, and never for more than this share of the time: with the
# comparing that is less than 3 ms of each second.
GLANCE_TICKS = TICKS * 3 // 2
GLANCE_SHARE = 0.0028
# A dot changed if it strayed from the picture's light by so many times its mean, and so much more (of 255).
_STRAYED, _STRAYED_LIGHT = 4, 5
# The mean is of about so many pictures, and who walked through one of them counts in it as no more than so much.
_MEAN_PICTURES, _MOST_STRAYED = 32, 16


class Usual:
    """What is usual of a measure, and how far above it a value is."""

    def __init__(self, slack: float) -> None:
        """`slack`, in the measure's own unit, is noise at any time."""
        self._slack = slack
        self._values: deque[float] = deque(maxlen=USUAL_VALUES)

    def level(self, value: float) -> int:
        """Take the next value; return its level: 0 is no more than usual, or not known."""
        level = self._level(value) if len(self._values) >= LEAST_VALUES else 0
        self._values.append(value)
        return level

    def _level(self, value: float) -> int:
        usual = median(self._values)
        spread = median(abs(other - usual) for other in self._values) * _PER_DEVIATION
        above = (value - usual) / (spread + _SLACK_SHARE * usual + self._slack)
        return max(0, min(MOST_LEVEL, round(above * STEPS)))


class LightMeter:
    """Compares each picture's dots with those of the one before, for one connection."""

    def __init__(self) -> None:
        self._usual = Usual(_SLACK_DOTS)
        self._before = b""
        # By how much each dot strays on the mean.
        self._mean = [0.0] * (COLUMNS * ROWS)
        self._compared = 0

    def level(self, dots: bytes) -> int:
        """Return the level of a picture."""
        before, self._before = self._before, dots
        if not before:
            return 0
        changes = [now - then for now, then in zip(dots, before, strict=True)]
        # What changed alike everywhere is the light of the day, or the camera's own exposure.
        light = median_low(changes)
        strayed = [abs(change - light) for change in changes]
        changed = sum(by > _STRAYED * mean + _STRAYED_LIGHT for by, mean in zip(strayed, self._mean, strict=True))
        self._compared = min(self._compared + 1, _MEAN_PICTURES)
        self._mean = [
            mean + (min(by, _MOST_STRAYED) - mean) / self._compared
            for by, mean in zip(strayed, self._mean, strict=True)
        ]
        return self._usual.level(changed)


class ByteMeter:
    """Compares each second's pictures between keyframes with those of the minutes before, for one connection."""

    def __init__(self) -> None:
        self._usual = Usual(_SLACK_BYTES)

    def levels(self, gop: Gop) -> bytes:
        """Return a level for each second that the group began."""
        seconds: dict[int, list[int]] = {}
        for unit in gop.units:
            if not unit.keyframe:
                seconds.setdefault(max(0, unit.pts - gop.start) // TICKS, []).append(len(unit.data))
        found = bytearray(max(seconds, default=-1) + 1)
        for second, sizes in seconds.items():
            found[second] = self._usual.level(sum(sizes) / len(sizes))
        return bytes(found)


class MotionMeter:
    """Asks both meters, for one connection, and has its whole pictures looked into."""

    def __init__(self, clock: Clock, codec: Codec, extradata: bytes) -> None:
        """`extradata` are the parameter sets told at connection."""
        self._clock = clock
        self._codec = codec
        self._extradata = extradata
        self._bytes = ByteMeter()
        self._light = LightMeter()
        # The last picture that was given to the eye, and what becomes of it.
        self._seen: tuple[Unit, Future[Glance]] | None = None

    def see(self, unit: Unit) -> None:
        """Have a picture looked into if it is a whole one, it is time for one, and the eye has done with the last."""
        if unit.keyframe and self._due(unit.arrival):
            self._seen = unit, glance(self._clock, self._codec, self._extradata + unit.data)

    def _due(self, now: int) -> bool:
        if self._seen is None:
            return True
        unit, seen = self._seen
        if not seen.done():
            return False
        return now - unit.arrival >= max(GLANCE_TICKS, seen.result().seconds / GLANCE_SHARE * TICKS)

    def levels(self, gop: Gop) -> bytes:
        """Return a level for each second that the group began: 0 is no more than usual, or not known."""
        found = bytearray(self._bytes.levels(gop) or b"\0")
        found[0] = max(found[0], self._by_light(gop.units[0]))
        return bytes(found)

    def _by_light(self, first: Unit) -> int:
        """Return the level of a group's first picture; one that was not looked into by now says nothing."""
        if self._seen is None or self._seen[0] is not first or not self._seen[1].done():
            return 0
        dots = self._seen[1].result().dots
        return self._light.level(dots) if dots else 0
