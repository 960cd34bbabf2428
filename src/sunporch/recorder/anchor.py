# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage that was recorded before the hub knew the time of day, and filing it once it does."""

from __future__ import annotations

from sunporch.recorder.units import TICKS
from sunporch.vault import UNKNOWN_BEFORE_90K, Vault

# A wall clock that moves so much against the monotonic one was set.
CLOCK_STEP_TICKS = 1 * TICKS


class Anchor:
    """One camera's dateless segments since this process began, which alone kept counting from them to now."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._dateless: dict[int, list[str]] = {}

    def note(self, segment: str, start_90k: int, wall_minus_arrival: int) -> None:
        """Remember a segment if it begins at a time that cannot be; the offset is the one that it was dated by."""
        if start_90k < UNKNOWN_BEFORE_90K:
            self._dateless.setdefault(wall_minus_arrival, []).append(segment)

    def settle(self, now_90k: int, wall_minus_arrival: int) -> int | None:
        """File what can be filed now; return by how many ticks the newest of it moved, None if nothing did."""
        if now_90k < UNKNOWN_BEFORE_90K or not self._dateless:
            return None
        moved = None
        for dated_by, segments in self._dateless.items():
            moved = wall_minus_arrival - dated_by
            self._vault.anchor(segments, moved)
        self._dateless.clear()
        return moved
