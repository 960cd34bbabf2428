# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only source of time. Nothing else in the house asks the operating system what time it is.

Times are UTC, whole Unix seconds unless a name says `_ns`. The *town clock* of the demo is a small file with
an offset in seconds, read at every call, so that months play in seconds; `forbid_offset_outside_demo` keeps
it away from real towns.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from pathlib import Path
from typing import Protocol

from sunporch.base.errors import ErrorKind

OFFSET_VARIABLE = "SUNPORCH_CLOCK_OFFSET_FILE"
# A name that the kernel draws at each boot.
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESS = secrets.token_hex(16)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

OFFSET_UNREADABLE = ErrorKind(
    "clock.offset-unreadable",
    what="The town clock's offset file cannot be read as whole seconds: {reason}.",
    next="Run `sunporch demo --fresh`, or unset " + OFFSET_VARIABLE + " outside the demo.",
)
OFFSET_FORBIDDEN = ErrorKind(
    "clock.offset-forbidden",
    what="A shifted clock is only for demo towns: {reason}.",
    next="Unset " + OFFSET_VARIABLE + ", or use a `demo.` origin and listen on loopback only.",
)


class Clock(Protocol):
    """What every room that needs time is handed."""

    def now(self) -> int:
        """Return Unix seconds."""

    def now_ns(self) -> int:
        """Return Unix nanoseconds."""

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring waits; they count on as long as `boot` is the same."""

    def boot(self) -> str:
        """Return a name for the time from the machine's start to its end."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The wall clock, shifted by the town clock's file when one is configured."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file

    def _offset(self) -> int:
        if self._offset_file is None:
            return 0
        try:
            offset = int(self._offset_file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise OFFSET_UNREADABLE(where=str(self._offset_file), reason=str(error)) from error
        # Never ahead of the wall clock: a lease must not end early by accident.
        return min(offset, 0)

    def now(self) -> int:
        """Return Unix seconds."""
        return self.now_ns() // 1_000_000_000

    def now_ns(self) -> int:
        """Return Unix nanoseconds."""
        return time.time_ns() + self._offset() * 1_000_000_000

    def monotonic(self) -> float:
        """Return seconds since the machine started, its sleep included (CLOCK_BOOTTIME)."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """Return the kernel's name for this boot; where it is kept from this process, one for the process alone."""
        try:
            return _BOOT.read_text(encoding="ascii").strip()
        except OSError:
            return _PROCESS

    def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until told otherwise: for tests and simulations."""

    def __init__(self, now: int) -> None:
        self._ns = now * 1_000_000_000
        self._boots = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        """Return Unix seconds."""
        return self._ns // 1_000_000_000

    def now_ns(self) -> int:
        """Return Unix nanoseconds."""
        return self._ns

    def monotonic(self) -> float:
        """Return virtual seconds."""
        return self._ns / 1e9

    def boot(self) -> str:
        """Return the name of this boot."""
        return f"manual-{self._boots}"

    def reboot(self, seconds: float) -> None:
        """Begin another boot so many seconds later."""
        self._boots += 1
        self.advance(seconds)

    def sleep(self, seconds: float) -> None:
        """Advance instead of waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move forward (or back, for tests of clock steps)."""
        with self._lock:
            self._ns += round(seconds * 1e9)


def offset_file() -> Path | None:
    """Return the town clock's offset file named by the environment, if any."""
    value = os.environ.get(OFFSET_VARIABLE)
    return Path(value) if value else None


def system_clock() -> SystemClock:
    """Return the process's clock: the wall clock, or the town clock in a demo."""
    return SystemClock(offset_file())


def forbid_offset_outside_demo(origin: str, listen_hosts: list[str]) -> None:
    """Raise `clock.offset-forbidden` if the clock is shifted and this is not a loopback `demo.` town.

    Every door calls this before it listens.
    """
    if offset_file() is None:
        return
    if not origin.startswith("demo."):
        raise OFFSET_FORBIDDEN(where=origin, reason="the origin does not begin with `demo.`")
    outside = [host for host in listen_hosts if host not in LOOPBACK]
    if outside:
        raise OFFSET_FORBIDDEN(where=origin, reason=f"it would listen on {', '.join(outside)}")
