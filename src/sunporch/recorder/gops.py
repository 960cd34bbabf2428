# SPDX-License-Identifier: AGPL-3.0-or-later
"""From units to groups of pictures, and from arrival times to wall time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.recorder.units import TICKS, Unit

# A camera that sends no keyframe for so long gets its group cut: a power cut must not cost minutes.
MAX_GOP_TICKS = 10 * TICKS
MAX_GOP_BYTES = 24 * 1024 * 1024
# How far the camera's clock may be bent towards the hub's, per second of footage.
MAX_SLEW_PPM = 500


@dataclass(frozen=True)
class Gop:
    """Units from one keyframe to the next (or a piece of that, where keyframes are rare); `end` in ticks."""

    units: tuple[Unit, ...]
    end: int

    @property
    def start(self) -> int:
        """The first picture's time; pictures shown before it refer to the group before."""
        return self.units[0].pts

    @property
    def keyframe(self) -> bool:
        """Whether it begins with a keyframe."""
        return self.units[0].keyframe


class GopMaker:
    """Collects units; what comes before the first keyframe cannot be shown and is counted, not kept."""

    def __init__(self, step: int) -> None:
        """`step` is how long the very last picture is taken to last, in ticks."""
        self._units: list[Unit] = []
        self._bytes = 0
        self._step = step
        self._begun = False
        self.skipped = 0

    def push(self, unit: Unit) -> Gop | None:
        """Take a unit; return the group that it ends."""
        if not self._units and not unit.keyframe and not self._begun:
            self.skipped += 1
            return None
        done = None
        if self._units and (unit.keyframe or self._too_large(unit)):
            done = self._end(unit.pts)
        self._begun = True
        self._units.append(unit)
        self._bytes += len(unit.data)
        return done

    def flush(self) -> Gop | None:
        """Return what is held: the stream has ended."""
        if not self._units:
            return None
        times = sorted(unit.pts for unit in self._units)
        return self._end(times[-1] + (times[-1] - times[-2] if len(times) > 1 else self._step))

    def _too_large(self, unit: Unit) -> bool:
        return unit.pts - self._units[0].pts >= MAX_GOP_TICKS or self._bytes + len(unit.data) > MAX_GOP_BYTES

    def _end(self, following: int) -> Gop:
        units, self._units, self._bytes = self._units, [], 0
        return Gop(tuple(units), max(following, max(unit.pts for unit in units) + 1))


def least_delayed(gop: Gop) -> int:
    """Return arrival minus media time of the picture that was delayed least: the best guess at when time 0 was."""
    return min(unit.arrival - unit.pts for unit in gop.units)


def camera_ahead(gop: Gop, wall_minus_arrival: int) -> int | None:
    """Return by how much the camera's clock was ahead of the hub's, by its least delayed picture; None: unknown."""
    first = gop.units[0]
    if first.camera_90k is None:
        return None
    return first.camera_90k - first.pts - least_delayed(gop) - wall_minus_arrival


def bent_end(start: int, media: int, measured_end: int) -> int:
    """Return the wall end of `media` ticks that began at `start`: at most 500 ppm from the media's own length."""
    most = media * MAX_SLEW_PPM // 1_000_000
    return start + media + max(-most, min(most, measured_end - (start + media)))
