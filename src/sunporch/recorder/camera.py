# SPDX-License-Identifier: AGPL-3.0-or-later
"""One camera's thread: connect, record, say what failed, wait, connect again, until it is told to stop."""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any

import av.error
from av.container import InputContainer
from av.packet import Packet

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.recorder.connecting import connect, pictures_of
from sunporch.recorder.errors import CAMERA_CLOSED, STREAM_UNREADABLE
from sunporch.recorder.failures import STORE_CAUSES, explain
from sunporch.recorder.hearing import Hearing
from sunporch.recorder.ladder import Ladder
from sunporch.recorder.live import Live
from sunporch.recorder.source import CameraSource
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import DEFAULT_STEP, TICKS, RawPacket
from sunporch.vault import Cause, Vault

# No packet for this long, or for five pictures' time, is a frozen camera.
SILENCE_SECONDS = 2.0
SILENCE_PICTURES = 5
MAX_SILENCE_SECONDS = 30.0


class State(StrEnum):
    """What a camera's thread is doing."""

    CONNECTING = "connecting"
    RECORDING = "recording"
    WAITING = "waiting"
    BLOCKED = "blocked"
    FINISHED = "finished"
    STOPPED = "stopped"


@dataclass(frozen=True)
class CameraStatus:
    """How a camera does: `error` is why nothing is recorded, `warning` what is wrong all the same.

    `pictures` counts what came since the start, `connects` successful connections, `recorded_90k` is the wall time
    up to which footage is in the vault.
    """

    camera: str
    address: str
    state: State
    error: Error | None = None
    warning: Error | None = None
    pictures: int = 0
    connects: int = 0
    recorded_90k: int | None = None


def camera_time(packet: Packet[Any]) -> int | None:
    """Return what the camera's own clock showed, in ticks since the epoch, once a sender report said it (RFC 3550).

    FFmpeg works it out for each picture (AVProducerReferenceTime: microseconds, flags).
    """
    said = bytes(packet.get_sidedata("prft"))
    if not said:
        return None
    (microseconds,) = struct.unpack_from("<q", said)
    return int(microseconds) * 9 // 100


class CameraThread(threading.Thread):
    """Records one camera until `end`; everything it knows is in `status`."""

    def __init__(self, vault: Vault, clock: Clock, source: CameraSource, random: Random) -> None:
        """Nothing happens before `start`."""
        super().__init__(name=f"camera-{source.camera}", daemon=True)
        self._vault = vault
        self._clock = clock
        self._source = source
        self._ladder = Ladder(random)
        self.live = Live()
        self._stopping = threading.Event()
        self._why_stopped = Cause.HUB_OFF
        self._silence = SILENCE_SECONDS
        self._pictures = 0
        self._told = 0
        self._lock = threading.Lock()
        self._status = CameraStatus(source.camera, source.shown(), State.CONNECTING)

    @property
    def status(self) -> CameraStatus:
        """The camera's status now."""
        with self._lock:
            return self._status

    def end(self, cause: Cause) -> None:
        """Ask the thread to finish its segment and end; the timeline says `cause` from then on."""
        self._why_stopped = cause
        self._stopping.set()

    def _say(self, **fields: object) -> None:
        with self._lock:
            self._status = replace(self._status, **fields)  # type: ignore[arg-type]  # fields of CameraStatus by name

    def run(self) -> None:
        """Record until told to stop."""
        try:
            if self._source.is_file:
                self._take_file()
            else:
                self._follow()
        except Error as error:
            # The vault itself failed (a damaged journal, say): asking again would not help.
            self._say(state=State.STOPPED, error=error)

    def _take_file(self) -> None:
        try:
            imported = self._vault.import_file(self._source.camera, self._source.path(), self._source.start_s)
        except Error as error:
            self._say(state=State.BLOCKED, error=error)
            return
        self._say(state=State.FINISHED, recorded_90k=imported.end_90k)

    def _follow(self) -> None:
        until: int | None = None
        while not self._stopping.is_set():
            self._vault.settle_dateless()
            began = self._now_90k()
            good_from = self._clock.monotonic()
            self._say(state=State.CONNECTING)
            try:
                cause, error, tape = self._session()
            finally:
                self.live.end()
            recorded = tape.end_90k if tape is not None and tape.recording else None
            if self._stopping.is_set():
                until = recorded
                break
            self._gap(cause, began if recorded is None else recorded)
            self._say(state=State.WAITING, error=error, recorded_90k=recorded)
            good = self._clock.monotonic() - good_from if recorded else 0.0
            self._stopping.wait(self._ladder.wait(good_seconds=good, password=cause is Cause.AUTH))
        self._vault.settle_dateless()
        # Stopped while it recorded: from the last picture on; otherwise the gap before keeps its own cause.
        self._gap(self._why_stopped, self._now_90k() if until is None else until)
        self._say(state=State.STOPPED, error=None)

    def _now_90k(self) -> int:
        return self._clock.now_ns() * 9 // 100_000

    def _gap(self, cause: Cause, at_90k: int) -> None:
        try:
            self._vault.gap_begin(self._source.camera, cause, at_90k)
        except Error as error:
            if error.id not in STORE_CAUSES:
                raise
            # Not even the gap can be written: it is shown as the hub being off, and this says why.
            self._say(error=error)

    def _session(self) -> tuple[Cause, Error, Tape | None]:
        """Record one connection from its beginning to its end, which is always a failure."""
        tape: Tape | None = None
        try:
            with connect(self._source, self._silence) as container:
                hearing = Hearing(container, self._source.shown()) if self._source.sound else None
                tape = self._tape(container, hearing)
                try:
                    self._record(container, tape, hearing)
                finally:
                    tape.finish()
                    self._tell(tape)
        except av.error.FFmpegError as error:
            cause, told = explain(error, self._source.shown(), connected=tape is not None)
            return cause, told, tape
        except Error as error:
            if error.kind is not STREAM_UNREADABLE:
                raise
            return Cause.UNREADABLE, error, tape
        # A camera that goes away in order ends the stream without any error.
        return Cause.TCP_CLOSED, CAMERA_CLOSED(where=self._source.shown()), tape

    def _tape(self, container: InputContainer, hearing: Hearing | None) -> Tape:
        stream, codec = pictures_of(container, self._source.shown())
        rate = stream.average_rate
        step = round(TICKS / rate) if rate else DEFAULT_STEP
        # A camera of one picture in two seconds is slow, not frozen: the next connection waits longer.
        self._silence = min(MAX_SILENCE_SECONDS, max(SILENCE_SECONDS, SILENCE_PICTURES * step / TICKS))
        self._say(connects=self._status.connects + 1)
        self._told = 0
        extradata = bytes(stream.codec_context.extradata or b"")
        self.live.begin(codec, extradata, step)
        return Tape(self._vault, self._clock, self._source.camera, codec, step, extradata, hearing, self.live)

    def _record(self, container: InputContainer, tape: Tape, hearing: Hearing | None) -> None:
        last = ticks(self._clock.monotonic())
        pictures, sound = container.streams.video[0], None if hearing is None else hearing.stream
        reports = (False, False)
        scale = float(TICKS * pictures.time_base)
        for packet in container.demux(*[stream for stream in (pictures, sound) if stream is not None]):
            if self._stopping.is_set():
                return
            arrival = ticks(self._clock.monotonic())
            # When nothing came for so long, FFmpeg first gives out the last picture that it held back.
            silent = arrival - last >= ticks(self._silence)
            if packet.size and packet.stream is pictures:
                pts = None if packet.pts is None else round(packet.pts * scale)
                if sound is not None:
                    # FFmpeg's parser hands a report on with the picture before the one it moves, or with that one.
                    reports = (reports[1], packet.has_sidedata("rtcp_sr"))
                tape.push(
                    RawPacket(
                        bytes(packet), pts, packet.is_keyframe, last if silent else arrival,
                        settled=packet.dts is not None, synced=any(reports),
                        camera_90k=camera_time(packet) if packet.is_keyframe else None,
                    )
                )  # fmt: skip
                self._tell(tape)
                last = last if silent else arrival
            elif packet.size and hearing is not None:
                hearing.push(packet, arrival)
            if silent:
                raise av.error.ExitError(0, "no picture in time")

    def _tell(self, tape: Tape) -> None:
        self._pictures += tape.pictures - self._told
        self._told = tape.pictures
        self._say(
            state=State.BLOCKED if tape.trouble else State.RECORDING,
            error=tape.trouble,
            warning=tape.said,
            pictures=self._pictures,
            recorded_90k=tape.end_90k,
        )
