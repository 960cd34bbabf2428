# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town clock: one small file with an offset in seconds that every process of the demo reads.

It starts 120 days behind the wall clock and only moves forward, never past it, so that comment periods and the
ends of clips play in seconds without any process knowing that it is part of a demo.
"""

from __future__ import annotations

import re
from pathlib import Path

from sunporch.base import durable
from sunporch.base.clock import SystemClock
from sunporch.town.errors import CLOCK_AHEAD, SPAN_REFUSED

DAY = 86_400
START_DAYS_BACK = 120
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": DAY}


class TownClock:
    """The offset file and the clock that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = SystemClock(path)

    @classmethod
    def start(cls, path: Path) -> TownClock:
        """Write a new clock file, 120 days back."""
        durable.write(path, f"{-START_DAYS_BACK * DAY}\n".encode())
        return cls(path)

    @property
    def behind(self) -> int:
        """Seconds that the town lives behind the wall clock."""
        return -int(self.path.read_text(encoding="ascii"))

    def now(self) -> int:
        """Return the town's time, Unix seconds."""
        return self.clock.now()

    def check(self, seconds: int) -> int:
        """Return how far the town lives behind, or raise `town.clock-ahead` where so many seconds are not left."""
        behind = self.behind
        if seconds > behind:
            raise CLOCK_AHEAD(where=str(self.path), spare=behind // DAY, wanted=-(-seconds // DAY))
        return behind

    def advance(self, seconds: int) -> int:
        """Move forward; return the new time. Raises `town.clock-ahead` where the wall clock would be passed."""
        behind = self.check(seconds)
        durable.write(self.path, f"{seconds - behind}\n".encode())
        return self.now()


def parse_span(untrusted_text: str) -> int:
    """Return the seconds of `60d`, `3h`, `20m` or `45s`, or raise `town.span-refused`."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", untrusted_text)
    if match is None:
        raise SPAN_REFUSED(text=untrusted_text, wanted="a span of time", example="60d, 3h, 20m or 45s")
    return int(match[1]) * _UNITS[match[2]]


def parse_range(untrusted_text: str) -> tuple[float, float]:
    """Return the seconds A and B of `A:B` (0 <= A < B), or raise `town.span-refused`."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?):(\d{1,6}(?:\.\d{1,3})?)", untrusted_text)
    if match is None or float(match[1]) >= float(match[2]):
        raise SPAN_REFUSED(text=untrusted_text, wanted="two times in seconds, the first one earlier", example="2:6")
    return float(match[1]), float(match[2])
