# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps the custodian at work between calls."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

STOP_SECONDS = 5


class Work:
    """Calls `tick` every so many seconds from a thread of its own, until `stop`.

    A failure that `tick` did not foresee ends the process: a custodian that no longer destroys must not go on
    answering.
    """

    def __init__(self, tick: Callable[[], None], seconds: float) -> None:
        self._tick, self._seconds = tick, seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="keeper", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        try:
            while not self._stopping.is_set():
                self._tick()
                self._stopping.wait(self._seconds)
        finally:
            if not self._stopping.is_set():
                os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Begin no further tick; what is under way is abandoned with the process, as in a crash."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)
