# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rate limits in memory, by the hash of an address under a salt that is thrown away every hour.

No address is written anywhere, and what is counted in one hour cannot be tied to the next (3-protocol, 3.10).
"""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from django.http import HttpRequest

from sunporch.base.clock import Clock, SystemClock
from sunporch.base.digests import sha256
from sunporch.web.errors import RATE_EXCEEDED

SALT_SECONDS = 3600
# Beyond this many different addresses in one window the oldest counters are forgotten, so memory stays bounded.
MAX_COUNTERS = 50_000
# Waiting is real waiting: the town clock of a demo does not concern it.
WALL = SystemClock()


class _Salt:
    """A random salt that lives for one hour in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._made, self._value = float("-inf"), b""

    def value(self) -> bytes:
        with self._lock:
            now = self._clock.monotonic()
            if now - self._made >= SALT_SECONDS:
                self._made, self._value = now, secrets.token_bytes(32)
            return self._value


_SALT = _Salt(WALL)


def hashed_address(request: HttpRequest) -> str:
    """Return 32 hex characters that stand for the caller's address during this hour."""
    address = str(request.META.get("REMOTE_ADDR", "")).rpartition(":")
    # granian gives host:port; an IPv6 host keeps its own colons before the last one.
    host = address[0] or address[2]
    return sha256(_SALT.value(), host.encode()).hex()[:32]


@dataclass
class Limit:
    """At most `most` units of something in `seconds`, for each hashed address."""

    most: int
    seconds: int
    clock: Clock = WALL
    _spent: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, request: HttpRequest, units: int = 1) -> None:
        """Count the units, or raise `web.rate-exceeded` saying how long to wait."""
        who, now = hashed_address(request), self.clock.monotonic()
        with self._lock:
            recent = [(at, count) for at, count in self._spent[who] if now - at < self.seconds]
            if sum(count for _, count in recent) + units > self.most:
                self._spent[who] = recent
                wait = self.seconds - int(now - recent[0][0]) if recent else self.seconds
                raise RATE_EXCEEDED(where=request.path, most=self.most, seconds=self.seconds, wait=wait)
            recent.append((now, units))
            self._spent[who] = recent
            while len(self._spent) > MAX_COUNTERS:
                del self._spent[next(iter(self._spent))]
