# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much moved, told by how many bytes a camera's pictures take: no picture is looked into. Pure.

A picture between keyframes holds what changed since the one before; where something moves it is larger. This
sees nothing where a camera sends a constant number of bytes, or so much noise that a person drowns in it, and it sees
rain, headlights and a moving branch. So it marks a timeline, and decides nothing.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from sunporch.recorder.gops import Gop
from sunporch.recorder.units import TICKS

# What is usual: the seconds of the last five minutes; before ten of them nothing is said.
USUAL_SECONDS = 300
LEAST_SECONDS = 10
# A standard deviation is about so many median deviations, for what is spread as noise is.
_PER_DEVIATION = 1.4826
# What differs by less is noise even in a picture that stands quite still: bytes, and a share of the usual.
_SLACK_BYTES, _SLACK_SHARE = 8, 0.05
# Levels count eighths of a deviation above the usual.
STEPS = 8
MOST_LEVEL = 255


class MotionMeter:
    """Compares each second's pictures with those of the minutes before it, for one connection."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=USUAL_SECONDS)

    def levels(self, gop: Gop) -> bytes:
        """Return a level for each second that the group began: 0 is no more than usual, or not known."""
        seconds: dict[int, list[int]] = {}
        for unit in gop.units:
            if not unit.keyframe:
                seconds.setdefault(max(0, unit.pts - gop.start) // TICKS, []).append(len(unit.data))
        if not seconds:
            return b""
        sizes = {second: sum(found) / len(found) for second, found in seconds.items()}
        found = bytes(self._level(sizes[second]) if second in sizes else 0 for second in range(max(sizes) + 1))
        self._usual.extend(sizes.values())
        return found

    def _level(self, size: float) -> int:
        if len(self._usual) < LEAST_SECONDS:
            return 0
        usual = median(self._usual)
        spread = median(abs(other - usual) for other in self._usual) * _PER_DEVIATION
        above = (size - usual) / (spread + _SLACK_SHARE * usual + _SLACK_BYTES)
        return max(0, min(MOST_LEVEL, round(above * STEPS)))
