# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long to wait before asking a camera again. Pure but for the jitter's random numbers, which are handed in."""

from __future__ import annotations

from random import Random

STEPS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
# A wrong password asked often locks the camera's account.
PASSWORD_SECONDS = 60.0
GOOD_SECONDS = 60.0
JITTER = 0.2


class Ladder:
    """Counts failures in a row; a minute of good pictures brings it back to the first step."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0

    def wait(self, *, good_seconds: float, password: bool) -> float:
        """Return the seconds to wait after a failure that came after `good_seconds` of pictures."""
        if good_seconds >= GOOD_SECONDS:
            self._failures = 0
        step = STEPS_SECONDS[min(self._failures, len(STEPS_SECONDS) - 1)]
        self._failures += 1
        return (PASSWORD_SECONDS if password else step) * self._random.uniform(1 - JITTER, 1 + JITTER)
