# SPDX-License-Identifier: AGPL-3.0-or-later
"""One connection's pictures into the vault: runs, segments, wall time, and what to do when the vault takes nothing.

A run is a stretch with one description of the pictures and one clock; its segments join without a seam.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.recorder.errors import CAMERA_CLOCK_WRONG, CLOCK_FROZEN, KEYFRAMES_RARE
from sunporch.recorder.failures import STORE_CAUSES
from sunporch.recorder.fragments import MEDIA_START, FragmentMaker
from sunporch.recorder.gops import MAX_GOP_TICKS, Gop, GopMaker, bent_end, camera_ahead, least_delayed
from sunporch.recorder.hearing import Heard, Hearing, Voice
from sunporch.recorder.live import Live
from sunporch.recorder.motion import MotionMeter
from sunporch.recorder.units import TICKS, Break, Codec, RawPacket, Unit, UnitMaker, parameter_sets
from sunporch.vault import UNKNOWN_BEFORE_90K, Cause, SegmentWriter, Vault

SEGMENT_TICKS = 10 * TICKS
# A wall clock that moves so much against the monotonic one was set.
CLOCK_STEP_TICKS = 1 * TICKS
# A camera's clock that is further from the hub's is said: its own print in the picture would mislead.
MOST_CLOCK_ERROR_TICKS = 5 * TICKS
# Two runs of one connection whose measured times differ by less have no gap between them.
JOIN_TICKS = TICKS // 2
# A reconnect's first picture cannot be older than what is recorded; up to this much it is jitter.
OVERLAP_TICKS = 2 * TICKS
RETRY_TICKS = 5 * TICKS
# Times of sound waver by the network; a step beyond this is a gap.
MOST_WAVER_TICKS = TICKS // 10
ROOM_BYTES = 64 * 1024 * 1024


def ticks(seconds: float) -> int:
    """Return seconds as 90 kHz ticks."""
    return round(seconds * TICKS)


@dataclass
class _Run:
    """The run that is being written; `wall_minus_arrival` is fixed, so that a clock step cannot bend it."""

    id: str
    origin: int
    parameters: bytes
    maker: FragmentMaker
    wall_minus_arrival: int
    start_90k: int
    segment_start: int
    time_source: str
    least_delay: int
    voice: Voice | None = None
    # What is added to the sound's own time to make it media time, and the last one written; both in samples.
    sound_shift: int | None = None
    sound_last: int = -1
    camera_offset: int | None = None
    writer: SegmentWriter | None = None


class Tape:
    """Takes a connection's packets; `finish` must be called however the connection ends."""

    def __init__(
        self, vault: Vault, clock: Clock, camera: str, codec: Codec, step: int, extradata: bytes,
        hearing: Hearing | None = None, live: Live | None = None,
    ) -> None:  # fmt: skip
        """`step` is the expected time between pictures; `extradata` the parameter sets told at connection.

        `hearing` is where the camera's sound comes from, where it is wanted; `live` sees every picture at once.
        """
        self._vault = vault
        self._clock = clock
        self._camera = camera
        self._codec = codec
        self._extradata = extradata
        self._hearing = hearing
        self._live = live
        self._clock_error: Error | None = None
        self._units = UnitMaker(codec, step)
        self._gops = GopMaker(step)
        self._motion = MotionMeter(clock, codec, extradata)
        self._run: _Run | None = None
        # A break is noticed inside a group; the run ends before the first group that begins after it.
        self._break: Cause | None = None
        self._group_break: Cause | None = None
        self._wall_minus_arrival = self._offset_now()
        self._retry_at: int | None = None
        self._unwritten_gap: tuple[Cause, int] | None = None
        self._segments = 0
        self._waiting: list[Heard] = []
        self.end_90k = vault.last_recorded_90k(camera)
        self.pictures = 0
        self.trouble: Error | None = None
        self.warning: Error | None = None

    @property
    def said(self) -> Error | None:
        """What is wrong though pictures are recorded: of themselves first, then of the sound."""
        return self.warning or self._clock_error or (None if self._hearing is None else self._hearing.error)

    @property
    def recording(self) -> bool:
        """Whether pictures of this connection are in the vault and no trouble stands in the way."""
        return self._segments > 0 and self.trouble is None

    def _offset_now(self) -> int:
        return self._clock.now_ns() * 9 // 100_000 - ticks(self._clock.monotonic())

    def push(self, packet: RawPacket) -> None:
        """Take one packet; raises what the vault raises beyond a full disk or a locked key."""
        offset = self._offset_now()
        if abs(offset - self._wall_minus_arrival) > CLOCK_STEP_TICKS:
            self._break = Cause.CLOCK_STEP
            self._wall_minus_arrival = offset
        for unit in self._units.push(packet):
            self._take(unit)

    def finish(self) -> None:
        """Write what is still held and end the run."""
        for unit in self._units.flush():
            self._take(unit)
        gop = self._gops.flush()
        if gop is not None:
            self._write(gop)
        self._end_run()

    def _take(self, unit: Unit) -> None:
        self.pictures += 1
        if self._live is not None:
            self._live.push(unit)
        if unit.broke is Break.CLOCK_FROZEN:
            self.warning = CLOCK_FROZEN(where=self._camera)
        if unit.broke is not Break.NONE:
            self._break = Cause.PTS_RESET
        gop = self._gops.push(unit)
        if gop is not None:
            self._write(gop)
        self._motion.see(unit)
        if unit.keyframe and self._break is not None:
            self._group_break, self._break = self._break, None

    def _write(self, gop: Gop) -> None:
        if not gop.keyframe:
            self.warning = KEYFRAMES_RARE(where=self._camera, seconds=MAX_GOP_TICKS // TICKS)
        try:
            if gop.keyframe:
                self._turn(gop)
            if self._run is not None:
                self._store(self._run, gop)
        except Error as error:
            if error.id not in STORE_CAUSES:
                raise
            self._cannot_store(gop, error)

    def _turn(self, gop: Gop) -> None:
        """Begin a run or a segment before this group, where one is due."""
        now = gop.units[0].arrival
        if self._retry_at is not None and now < self._retry_at:
            return
        parameters = parameter_sets(self._codec, gop.units[0].data)
        changed = self._run is not None and parameters not in (b"", self._run.parameters)
        if self._run is None or self._group_break is not None or changed or self._run.voice is not self._voice():
            self._end_run()
            self._begin_run(gop, parameters)
        elif self._run.writer and self._run.writer.media_end - self._run.segment_start >= SEGMENT_TICKS:
            self._end_segment(self._run)

    def _begin_run(self, gop: Gop, parameters: bytes) -> None:
        self._vault.settle_dateless()
        described = gop.units[0].data if parameters else self._extradata + gop.units[0].data
        delay = least_delayed(gop) - self._units.lag
        measured = delay + gop.start + self._wall_minus_arrival
        if self.end_90k is not None and self.end_90k < UNKNOWN_BEFORE_90K <= measured:
            self.end_90k = self._vault.last_recorded_90k(self._camera)
        start = self._start(measured)
        voice = self._voice()
        cause, self._group_break = self._group_break, None
        if cause is not None and self.end_90k is not None and start > self.end_90k:
            self._vault.gap_begin(self._camera, cause, self.end_90k)
        self._run = _Run(
            id=secrets.token_hex(8),
            origin=gop.start,
            parameters=parameters,
            maker=FragmentMaker(self._codec, described, voice),
            voice=voice,
            wall_minus_arrival=self._wall_minus_arrival,
            start_90k=start,
            segment_start=MEDIA_START,
            time_source="arrival" if self._units.by_arrival else "rtp",
            least_delay=delay,
        )

    def _start(self, measured: int) -> int:
        """Return where in wall time a run begins: never inside what is recorded, unless the clock was set back."""
        end = self.end_90k
        if end is None:
            return measured
        joined = self._segments > 0 and self.trouble is None and abs(measured - end) <= JOIN_TICKS
        return end if joined or -OVERLAP_TICKS < measured - end < 0 else measured

    def _voice(self) -> Voice | None:
        return None if self._hearing is None else self._hearing.voice

    def _heard(self, run: _Run, gop: Gop) -> list[Heard]:
        """Return what was heard by the end of the group, at its samples of media time."""
        if self._hearing is None:
            return []
        self._waiting += self._hearing.take()
        if run.voice is None or not self._waiting:
            self._waiting.clear()
            return []
        rate = run.voice.rate
        # Both clocks are read at their least delayed packet; a packet of sound comes when its last sample was heard.
        late = min(ticks(-(heard.pts + heard.duration) / rate) + heard.arrival for heard in self._waiting)
        shift = late - (least_delayed(gop) - self._units.lag) - run.origin + MEDIA_START
        wanted = shift * rate // TICKS
        if run.sound_shift is None or abs(wanted - run.sound_shift) > rate * MOST_WAVER_TICKS // TICKS:
            run.sound_shift = wanted
        end = (gop.end - run.origin + MEDIA_START) * rate // TICKS
        heard, self._waiting = self._waiting, []
        found = []
        for piece in heard:
            at = piece.pts + run.sound_shift
            if at >= end:
                self._waiting.append(piece)
            elif at > run.sound_last and at >= MEDIA_START * rate // TICKS:
                found.append(replace(piece, pts=at))
                run.sound_last = at
        return found

    def _store(self, run: _Run, gop: Gop) -> None:
        data = run.maker.fragment(gop, run.origin, self._heard(run, gop))
        if run.writer is None:
            if self._unwritten_gap is not None:
                self._vault.gap_begin(self._camera, *self._unwritten_gap)
                self._unwritten_gap = None
            run.writer = self._vault.begin_segment(
                self._camera, "main", run.id, run.start_90k, run.maker.init,
                time_source=run.time_source, counted_90k=run.start_90k - run.wall_minus_arrival,
            )  # fmt: skip
            self._segments += 1
        first = max(gop.start - run.origin + MEDIA_START, run.writer.media_end)
        run.writer.append_gop(
            data, first, max(1, gop.end - run.origin + MEDIA_START - first),
            keyframe=gop.keyframe, motion=self._motion.levels(gop),
        )  # fmt: skip
        run.least_delay = min(run.least_delay, least_delayed(gop) - self._units.lag)
        self._note_clock(run, camera_ahead(gop, run.wall_minus_arrival))
        self.end_90k = run.start_90k + run.writer.media_end - run.segment_start
        self.trouble, self._retry_at = None, None

    def _note_clock(self, run: _Run, ahead: int | None) -> None:
        """Keep the camera's clock error of the segment, and say so where it is large."""
        if ahead is None or run.start_90k < UNKNOWN_BEFORE_90K:
            return
        ahead += self._units.lag
        run.camera_offset = ahead if run.camera_offset is None else max(run.camera_offset, ahead)
        self._clock_error = None
        if abs(ahead) > MOST_CLOCK_ERROR_TICKS:
            direction = "ahead of" if ahead > 0 else "behind"
            self._clock_error = CAMERA_CLOCK_WRONG(
                where=self._camera, seconds=round(abs(ahead) / TICKS), direction=direction
            )

    def _end_segment(self, run: _Run) -> None:
        if run.writer is None:
            return
        writer, run.writer = run.writer, None
        media = writer.media_end - run.segment_start
        measured = run.least_delay + writer.media_end - MEDIA_START + run.origin + run.wall_minus_arrival
        end = bent_end(run.start_90k, media, measured)
        run.start_90k, run.segment_start, self.end_90k = end, writer.media_end, end
        run.least_delay += TICKS  # measured anew from the next segment's pictures
        offset, run.camera_offset = run.camera_offset, None
        writer.close(end, offset)

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        try:
            self._end_segment(run)
        except Error as error:
            if error.id not in STORE_CAUSES:
                raise
            self.trouble = error  # what was stored is kept; only the segment's end is missing
        finally:
            run.maker.close()

    def _cannot_store(self, gop: Gop, error: Error) -> None:
        """Say so in the timeline, make room, and try again some seconds later; the camera goes on."""
        run, self._run = self._run, None
        if run is not None:
            run.maker.close()
        since = self.end_90k if self._segments and self.end_90k is not None else (
            gop.units[0].arrival + self._wall_minus_arrival
        )  # fmt: skip
        cause = STORE_CAUSES[error.id]
        self.trouble = error
        self._retry_at = gop.units[-1].arrival + RETRY_TICKS
        try:
            if error.id == "vault.disk-full" and self._vault.make_room(ROOM_BYTES):
                self._retry_at = None
            self._vault.gap_begin(self._camera, cause, since)
        except Error as second:
            if second.id not in STORE_CAUSES:
                raise
            # Not even a line fits: it is written before the next segment.
            self._unwritten_gap = self._unwritten_gap or (cause, since)
