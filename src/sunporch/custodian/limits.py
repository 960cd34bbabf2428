# SPDX-License-Identifier: AGPL-3.0-or-later
"""Limits per address without keeping addresses: counters in memory under a random salt that lives an hour."""

from __future__ import annotations

import secrets
import threading
from collections import Counter

from sunporch.base.clock import Clock
from sunporch.base.digests import sha256
from sunporch.custodian.errors import CALLS_TOO_MANY

WINDOW_SECONDS = 3_600
# A home shares a few clips an hour; an office opens some dozens; many may sit behind one address.
MOST_HALVES = 60
MOST_OPENINGS = 600
MOST_WITHDRAWALS = 120
# Distinct addresses counted at once; beyond it a new hour begins early.
MOST_COUNTERS = 100_000


class Limits:
    """Counts calls by kind and hashed address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._salt = secrets.token_bytes(32)
        self._began = self._clock.monotonic()
        self._counts: Counter[bytes] = Counter()

    def spend(self, kind: str, address: str, most: int) -> None:
        """Count a call, or raise `custodian.calls-too-many`."""
        with self._lock:
            if self._clock.monotonic() - self._began >= WINDOW_SECONDS or len(self._counts) >= MOST_COUNTERS:
                self._begin()
            who = sha256(self._salt, kind.encode(), b"\0", address.encode())
            self._counts[who] += 1
            if self._counts[who] > most:
                raise CALLS_TOO_MANY()
