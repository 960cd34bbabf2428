# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a camera's packets to access units with a sane clock. Pure: no I/O, no time of its own.

Rules (docs/design, recorder): pieces of one picture are joined, never dropped; the first keyframe, which comes
without a timestamp, is dated back from the earliest after it; a clock that stands still is replaced by the time of
arrival; one that runs back or jumps starts a new run at the next keyframe, and no picture is lost meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

TICKS = 90_000
DEFAULT_STEP = TICKS // 15
# A jump of the camera's clock against the time of arrival, or back, beyond which the run ends.
MAX_JUMP = 2 * TICKS
MAX_BACK = 1 * TICKS
# Moved pictures stray by less from the order of their coming.
MOST_REORDERED = TICKS // 2
# So many pictures with one timestamp, over at least this much time, are a clock that stands still.
FROZEN_UNITS = 3
FROZEN_TICKS = TICKS // 10
# The most pictures that H.264 and H.265 let stand between a picture's place in decoding and in showing.
MAX_REORDER = 16
# One picture's pieces together; more is not a picture.
MAX_UNIT_BYTES = 16 * 1024 * 1024
_START_CODE = re.compile(rb"\x00\x00\x01")


class Codec(StrEnum):
    """What can be recorded, by PyAV's names."""

    H264 = "h264"
    HEVC = "hevc"


class Break(StrEnum):
    """Why the run must end at the next keyframe."""

    NONE = ""
    PTS_RESET = "pts_reset"
    CLOCK_FROZEN = "clock_frozen"


@dataclass(frozen=True)
class RawPacket:
    """A packet as it came: Annex B bytes, 90 kHz timestamp or None, keyframe or not, arrival in ticks (monotonic).

    `settled` says that FFmpeg knows by now how far this camera moves pictures between decoding and showing, `synced`
    that it may have moved the times from here on to fit the sound's, by a sender report (RFC 3550, 6.4.1), which also
    says what the camera's own clock showed (`camera_90k`, ticks since the epoch; asked of keyframes only).
    """

    data: bytes
    pts: int | None
    keyframe: bool
    arrival: int
    settled: bool = True
    synced: bool = False
    camera_90k: int | None = None


@dataclass(frozen=True)
class Unit:
    """One picture: its time in ticks since the connection's first picture, and whether the clock broke before it."""

    data: bytes
    pts: int
    keyframe: bool
    arrival: int
    broke: Break = Break.NONE
    camera_90k: int | None = None


def nal_units(data: bytes) -> Iterator[bytes]:
    """Yield the NAL units of Annex B bytes without their start codes (H.264 and H.265, annex B)."""
    starts = [match.end() for match in _START_CODE.finditer(data)]
    for start, following in pairwise([*starts, len(data) + 3]):
        yield data[start : following - 3].rstrip(b"\0")


def nal_type(codec: Codec, nal: bytes) -> int:
    """Return the NAL unit's type (H.264 7.3.1, H.265 7.3.1.2)."""
    return nal[0] & 0x1F if codec is Codec.H264 else nal[0] >> 1 & 0x3F


def picture_starts(codec: Codec, data: bytes) -> bool | None:
    """Say whether the first slice here is the first of its picture; None if there is no slice."""
    for nal in _heads(data):
        kind = nal_type(codec, nal)
        if codec is Codec.H264 and kind in (1, 2, 5) and len(nal) > 1:
            # first_mb_in_slice is ue(v): 0 is one bit, set (H.264 7.3.3).
            return bool(nal[1] & 0x80)
        if codec is Codec.HEVC and kind < 32 and len(nal) > 2:
            return bool(nal[2] & 0x80)  # first_slice_segment_in_pic_flag (H.265 7.3.6.1)
    return None


def _heads(data: bytes) -> Iterator[bytes]:
    """Yield the first bytes of each NAL unit without looking through what follows the first slice."""
    for match in _START_CODE.finditer(data):
        if match.end() < len(data):
            yield data[match.end() : match.end() + 4]


def parameter_sets(codec: Codec, data: bytes) -> bytes:
    """Return the (VPS,) SPS and PPS of a keyframe in Annex B form, empty if it carries none.

    Each counts once: some cameras repeat them before the same picture, now and then.
    """
    wanted = (7, 8) if codec is Codec.H264 else (32, 33, 34)
    found: list[bytes] = []
    for nal in nal_units(data):
        if not nal:
            continue
        kind = nal_type(codec, nal)
        if kind in wanted:
            if nal not in found:
                found.append(nal)
        elif (kind in (1, 5)) if codec is Codec.H264 else (kind < 32):
            break  # parameter sets stand before the slices
    return b"".join(b"\0\0\0\1" + nal for nal in found)


class UnitMaker:
    """Joins packets to units and gives them times; `push` returns what is certain, `flush` the rest."""

    def __init__(self, codec: Codec, step: int = DEFAULT_STEP) -> None:
        """`step` is the expected time between pictures in ticks."""
        self._codec = codec
        self._joining: RawPacket | None = None
        self._has_picture = False
        # A picture without a time, and those after it until its time is certain.
        self._held: list[RawPacket] = []
        self._clock = UnitClock(step)
        # FFmpeg's parser gives a picture out when the next one begins, with the timestamp of the one before it; the
        # first then has none. So what came is one picture's time older than its arrival says.
        self.lag = 0

    @property
    def by_arrival(self) -> bool:
        """Whether the camera's clock was given up."""
        return self._clock.by_arrival

    def push(self, packet: RawPacket) -> list[Unit]:
        """Take one packet; return the units that it completes."""
        starts = picture_starts(self._codec, packet.data)
        joining = self._joining
        if joining is not None and self._belongs(joining, packet, starts):
            self._joining = replace(
                joining, data=joining.data + packet.data, keyframe=joining.keyframe or packet.keyframe,
                synced=joining.synced or packet.synced,
            )  # fmt: skip
            self._has_picture = self._has_picture or starts is not None
            return []
        done = self._take()
        self._joining, self._has_picture = packet, starts is not None
        return done

    def flush(self) -> list[Unit]:
        """Return what is still held: the stream has ended."""
        return self._take() + self._date()

    def _belongs(self, joining: RawPacket, packet: RawPacket, starts: bool | None) -> bool:
        same = joining.pts == packet.pts and len(joining.data) + len(packet.data) <= MAX_UNIT_BYTES
        # Parameter sets go with the picture after them; a later slice goes with the picture before it.
        return same and (not self._has_picture or starts is False)

    def _take(self) -> list[Unit]:
        packet, self._joining = self._joining, None
        if packet is None:
            return []
        if self._clock.by_arrival or (packet.pts is not None and not self._held):
            return [self._clock.stamp(packet)]
        before = self._date() if packet.pts is None and any(held.pts is not None for held in self._held) else []
        self._held.append(packet)
        if packet.pts is None and len(self._held) >= FROZEN_UNITS:
            self._clock.by_arrival = True
            return before + self._date()
        # A picture shown later may come first: the first keyframe's time is known when no earlier one can follow.
        if packet.pts is not None and (packet.settled or len(self._held) > MAX_REORDER):
            return before + self._date()
        return before

    def _date(self) -> list[Unit]:
        held, self._held = self._held, []
        following = min((packet.pts for packet in held if packet.pts is not None), default=None)
        back = sum(packet.pts is None for packet in held)
        if back and following is not None:
            self.lag = self._clock.step
        units = []
        for place, packet in enumerate(held):
            pts = packet.pts
            if pts is None and following is not None:
                pts = following - (back - place) * self._clock.step
            units.append(self._clock.stamp(replace(packet, pts=pts)))
        return units


class UnitClock:
    """Turns a camera's timestamps into ticks since its first picture that go on whatever the camera's clock does."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.by_arrival = False
        self._raw: int | None = None
        self._offset = 0
        self._newest = 0
        self._last_arrival = 0
        self._started = False
        self._frozen = 0
        self._frozen_since = 0
        self._reorders = False

    def stamp(self, packet: RawPacket) -> Unit:
        """Return the unit of a joined packet."""
        passed = packet.arrival - self._last_arrival
        broke = Break.NONE
        if not self._started:
            self._started = True
            self._offset = -packet.pts if packet.pts is not None else 0
            pts = 0
        elif self.by_arrival or packet.pts is None or self._raw is None:
            pts = self._newest + max(1, passed)
        else:
            pts, broke = self._by_camera(packet.pts, self._raw, passed, packet)
        self._raw = packet.pts
        self._last_arrival = packet.arrival
        self._newest = max(self._newest, pts)
        return Unit(packet.data, pts, packet.keyframe, packet.arrival, broke, packet.camera_90k)

    def _by_camera(self, raw: int, before: int, passed: int, packet: RawPacket) -> tuple[int, Break]:
        moved = raw - before
        if moved == 0:
            return self._standing(raw, passed, packet)
        self._frozen = 0
        newest_raw = self._newest - self._offset
        jumped = moved - passed > MAX_JUMP or raw < newest_raw - MAX_BACK or (packet.keyframe and raw < before)
        if jumped or (packet.synced and abs(moved - self.step) > self._most_wavering()):
            pts = self._newest + max(self.step, min(passed, MAX_JUMP))
            self._offset = pts - raw
            return pts, Break.PTS_RESET
        if 0 < moved <= MAX_JUMP:
            self.step = moved
        self._reorders = self._reorders or moved < 0
        return raw + self._offset, Break.NONE

    def _most_wavering(self) -> int:
        """Return by how much a picture may stray from a step after the one before it without a moved clock."""
        return MOST_REORDERED if self._reorders else self.step // 2

    def _standing(self, raw: int, passed: int, packet: RawPacket) -> tuple[int, Break]:
        if not self._frozen:
            self._frozen_since = packet.arrival - passed
        self._frozen += 1
        pts = self._newest + self.step
        # The next honest timestamp counts from here.
        self._offset = pts - raw
        if self._frozen + 1 >= FROZEN_UNITS and packet.arrival - self._frozen_since >= FROZEN_TICKS:
            self.by_arrival = True
            return pts, Break.CLOCK_FROZEN
        return pts, Break.NONE
