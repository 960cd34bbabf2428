# SPDX-License-Identifier: AGPL-3.0-or-later
"""One camera's newest pictures, in memory only, for whoever looks at it now.

Nothing here is ever written anywhere. Pictures are kept as they came, bounded in bytes and time, and are made into a
piece of fragmented MP4 only when somebody asks: a camera that nobody watches costs no work.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from dataclasses import dataclass

from sunporch.recorder.fragments import FragmentMaker
from sunporch.recorder.gops import Gop
from sunporch.recorder.units import MOST_REORDERED, TICKS, Codec, Unit, parameter_sets

# Beside what began with the newest whole picture, so much is kept: who asks again so late misses nothing.
LATE_TICKS = 2 * TICKS
# More of one camera is not kept, however rare its whole pictures are.
MAX_LIVE_BYTES = 8 * 1024 * 1024
_RUN_BYTES = 8


@dataclass(frozen=True)
class LivePart:
    """A piece of live film: pictures [.., `following`) of a run, as fragmented MP4, perhaps none.

    Where it `begins`, its description comes first and a player must begin anew. `arrived` is when its newest picture
    came (monotonic ticks), `media_type` what a browser has to be able to play (RFC 6381).
    """

    run: str
    following: int
    begins: bool
    media_type: str
    arrived: int
    data: bytes


@dataclass(frozen=True)
class _Kept:
    """A picture with its number; it `leads` if it is shown after all pictures before it."""

    number: int
    unit: Unit
    leads: bool


class _Run:
    """A stretch with one description of the pictures, which is read at the first question."""

    def __init__(self, codec: Codec, described: bytes, parameters: bytes, origin: int) -> None:
        self.id = secrets.token_hex(_RUN_BYTES)
        self.codec = codec
        self.parameters = parameters
        self.origin = origin
        self._described = described
        self._maker: FragmentMaker | None = None

    def maker(self) -> FragmentMaker:
        """Return what makes its fragments; raises `recorder.stream-unreadable`."""
        if self._maker is None:
            self._maker = FragmentMaker(self.codec, self._described, least_shift=MOST_REORDERED)
            self._maker.close()  # its description is made; the rest needs no probe
        return self._maker


class Live:
    """The camera's thread pushes, one other thread asks."""

    def __init__(self) -> None:
        """Nothing is seen before `begin`."""
        self._lock = threading.Lock()
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._codec = Codec.H264
        self._extradata = b""
        self._run: _Run | None = None
        self._number = 0
        # The newest whole picture's number.
        self._whole = 0
        self._highest = 0
        self._step = 1
        # Whether this camera shows pictures in another order than it sends them.
        self._moves = False

    def begin(self, codec: Codec, extradata: bytes, step: int) -> None:
        """Connected; `extradata` are the parameter sets that were told, `step` the time between pictures."""
        with self._lock:
            self._clear()
            self._codec, self._extradata, self._step, self._moves = codec, extradata, step, False

    def end(self) -> None:
        """The connection ended: what was seen before it is not live any more."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes, self._run = 0, None

    def push(self, unit: Unit) -> None:
        """Take the camera's next picture."""
        with self._lock:
            if unit.keyframe:
                self._turn(unit)
                self._whole = self._number
            if self._run is None:
                return  # it cannot be shown without the whole picture before it
            leads = not self._kept or unit.pts > self._highest
            if leads and self._kept:
                self._step = unit.pts - self._highest
            self._moves = self._moves or not leads
            self._highest = max(self._highest, unit.pts) if self._kept else unit.pts
            self._kept.append(_Kept(self._number, unit, leads))
            self._number += 1
            self._bytes += len(unit.data)
            self._forget()

    def _turn(self, unit: Unit) -> None:
        """Begin a run where the description changes."""
        parameters = parameter_sets(self._codec, unit.data)
        if self._run is not None and parameters in (b"", self._run.parameters):
            return
        self._clear()
        described = unit.data if parameters else self._extradata + unit.data
        self._run = _Run(self._codec, described, parameters, unit.pts)

    def _forget(self) -> None:
        """Keep what began with the newest whole picture and the last moments, and never more than the most."""
        newest = self._kept[-1].unit
        while self._kept:
            oldest = self._kept[0]
            late = oldest.number < self._whole and newest.pts - oldest.unit.pts > LATE_TICKS
            if not late and self._bytes <= MAX_LIVE_BYTES:
                return
            self._kept.popleft()
            self._bytes -= len(oldest.unit.data)

    def part(self, run: str, after: int) -> LivePart | None:
        """Return what came since picture `after` of the run; where that is not known, all since the last whole one.

        None where nothing can be shown now. Raises `recorder.stream-unreadable`.
        """
        with self._lock:
            kept, now, ready, step = list(self._kept), self._run, self._ready(), self._step
        if now is None or not kept:
            return None
        goes_on = run == now.id and kept[0].number <= after <= ready
        first = after if goes_on else max((one.number for one in kept if one.unit.keyframe), default=ready)
        given = [one for one in kept if first <= one.number < ready]
        if not goes_on and not given:
            return None
        following = next((one.unit.pts for one in kept if one.number == ready), None)
        return _part(now, given, ready, begins=not goes_on, end=following, step=step, newest=kept[-1].unit)

    def _ready(self) -> int:
        """Return up to which number pictures can be given out.

        Where pictures are moved, one that leads waits for the next that does: those shown before it may come still.
        """
        if not self._moves:
            return self._number
        return max((kept.number for kept in self._kept if kept.leads), default=self._number)

    def whole(self) -> LivePart | None:
        """Return the newest picture that can be shown alone, or None; raises `recorder.stream-unreadable`."""
        with self._lock:
            now, step = self._run, self._step
            found = next((kept for kept in reversed(self._kept) if kept.unit.keyframe), None)
        if now is None or found is None:
            return None
        return _part(now, [found], found.number + 1, begins=True, end=None, step=step, newest=found.unit)


def _part(
    run: _Run, given: list[_Kept], ready: int, *, begins: bool, end: int | None, step: int, newest: Unit
) -> LivePart:
    maker = run.maker()
    data = maker.init if begins else b""
    if given:
        units = tuple(kept.unit for kept in given)
        last = max(unit.pts for unit in units)
        data += maker.fragment(Gop(units, last + step if end is None else max(end, last + 1)), run.origin)
    return LivePart(run.id, ready, begins, media_type(run.codec, maker.init), newest.arrival, data)


def media_type(codec: Codec, init: bytes) -> str:
    """Return the MIME type of a film without sound by its description (14496-15, E.3 for H.265)."""
    box = b"avcC" if codec is Codec.H264 else b"hvcC"
    at = init.index(box) + len(box)
    if codec is Codec.H264:
        return f'video/mp4; codecs="avc1.{init[at + 1 : at + 4].hex()}"'
    profile, compatible, constraints, level = (
        init[at + 1],
        int.from_bytes(init[at + 2 : at + 6], "big"),
        init[at + 6 : at + 12].rstrip(b"\0"),
        init[at + 12],
    )
    space = ("", "A", "B", "C")[profile >> 6]
    backwards = int(f"{compatible:032b}"[::-1], 2)
    parts = [f"hvc1.{space}{profile & 31}", f"{backwards:X}", f"{'H' if profile & 32 else 'L'}{level}"]
    return f'video/mp4; codecs="{".".join([*parts, *(f"{byte:X}" for byte in constraints)])}"'
