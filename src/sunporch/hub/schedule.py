# SPDX-License-Identifier: AGPL-3.0-or-later
"""When the record is read: a plan drawn before anything is known, so that when a hub asks says nothing about a home.

The instants are fixed by the generator alone: not by how long a reading took, what it found, or what anybody in the
house did. A reading that is still going on when its successor is due makes that one fall out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from sunporch.base.clock import Clock

# A reading comes within a fifth of the interval before or after its time: 300 s +- 60 s.
JITTER_FIFTHS = 5
# Waiting is done in slices, so that a hub that is told to stop stops.
SLICE_SECONDS = 0.2


def instants(start: float, every_seconds: int, random: Random) -> Iterator[float]:
    """Yield the seconds of the monotonic clock at which the record is read, without end, the first at `start`."""
    at = start
    spread = every_seconds / JITTER_FIFTHS
    while True:
        yield at
        at += every_seconds + random.uniform(-spread, spread)


def due(plan: Iterator[float], clock: Clock, stopping: Callable[[], bool]) -> Iterator[float]:
    """Yield each instant of the plan when it comes, leaving out those that were missed, until told to stop."""
    for at in plan:
        if clock.monotonic() - at > SLICE_SECONDS:
            continue
        while (left := at - clock.monotonic()) > 0 and not stopping():
            clock.sleep(min(left, SLICE_SECONDS))
        if stopping():
            return
        yield at
