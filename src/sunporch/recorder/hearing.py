# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera's sound, where the household turned it on: AAC as it comes, G.711 as FLAC, in the pictures' fragments."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from sunporch.base.errors import Error
from sunporch.recorder.errors import SOUND_MISSING

# About 40 s at the most usual rate; what nobody fetched by then is given up.
MAX_WAITING = 2_000
AAC = "aac"
# G.711 (ITU-T, 8,000 samples a second) cannot stand in MP4; FLAC keeps each of its samples.
TURNED_INTO_FLAC = frozenset({"pcm_alaw", "pcm_mulaw"})
FLAC_SAMPLES = 512


@dataclass(frozen=True)
class Voice:
    """What the sound is: samples a second, and a small MP4 that describes it to a muxer."""

    rate: int
    mp4: bytes


@dataclass(frozen=True)
class Heard:
    """One packet of sound; `pts` and `duration` count samples, `arrival` ticks of the monotonic clock."""

    data: bytes
    pts: int
    duration: int
    arrival: int


class Hearing:
    """The sound of one connection, where the household turned it on; it is kept until the pictures' group ends."""

    def __init__(self, container: InputContainer, where: str) -> None:
        """What is wrong with the sound is in `error`, and never reaches the pictures."""
        self.stream: AudioStream | None = None
        self.voice: Voice | None = None
        self.error: Error | None = None
        self._waiting: deque[Heard] = deque(maxlen=MAX_WAITING)
        found: AudioStream | None = next(iter(container.streams.audio), None)
        name = found.codec_context.name if found else ""
        if found is None:
            self.error = SOUND_MISSING(where=where, reason="it sends none")
        elif name == AAC and found.codec_context.extradata:
            self.stream, self._form = found, _Aac(found)
        elif name in TURNED_INTO_FLAC:
            self.stream, self._form = found, _Flac(found)
        else:
            self.error = SOUND_MISSING(where=where, reason=f"it sends {name} in a form that is not known here")

    def push(self, packet: Packet[Any], arrival: int) -> None:
        """Take a packet of sound that arrived at `arrival` (ticks of the monotonic clock)."""
        if packet.pts is None:
            return
        form = self._form
        for piece in form.kept(packet):
            if not piece.size:
                continue  # an encoder that ends may hand out an empty one
            heard = Heard(bytes(piece), form.samples(piece.pts or 0), form.samples(piece.duration or 0), arrival)
            if self.voice is None:
                self.voice = Voice(form.rate, form.mp4(heard))
            self._waiting.append(heard)

    def take(self) -> list[Heard]:
        """Return what was heard since the last time."""
        heard = list(self._waiting)
        self._waiting.clear()
        return heard


class _Aac:
    """Sound that is kept as it came."""

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        self.rate: int = stream.rate

    def samples(self, ticks: int) -> int:
        """Return a time or length of the stream in samples."""
        return round(ticks * (self._stream.time_base or Fraction(1, self.rate)) * self.rate)

    def kept(self, packet: Packet[AudioStream]) -> Iterator[Packet[Any]]:
        """Yield the packet in the form in which it is kept."""
        yield packet

    def _add(self, out: OutputContainer) -> AudioStream:
        return out.add_stream_from_template(self._stream)

    def mp4(self, heard: Heard) -> bytes:
        """Return a file with this one packet, which describes the sound to a muxer."""
        file = io.BytesIO()
        with av.open(file, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"}) as out:
            stream = self._add(out)
            stream.time_base = Fraction(1, self.rate)
            packet = av.Packet(heard.data)
            packet.pts = packet.dts = 0
            packet.duration, packet.time_base, packet.stream = heard.duration, stream.time_base, stream
            out.start_encoding()
            out.mux_one(packet)
        return file.getvalue()


class _Flac(_Aac):
    """G.711, turned into FLAC in small pieces, so that sound does not lag behind the pictures."""

    def __init__(self, stream: AudioStream) -> None:
        super().__init__(stream)
        self._encoder = self._fresh(AudioCodecContext.create("flac", "w"))
        self._due: int | None = None

    def _fresh(self, context: AudioCodecContext) -> AudioCodecContext:
        context.sample_rate, context.layout, context.format = self.rate, self._stream.layout.name, "s16"
        context.time_base = Fraction(1, self.rate)
        context.options = {"frame_size": str(FLAC_SAMPLES)}
        return context

    def kept(self, packet: Packet[AudioStream]) -> Iterator[Packet[Any]]:
        """Yield what the packet completes; where the stream left samples out, their place stays empty."""
        for frame in packet.decode():
            at = self.samples(frame.pts or 0)
            if self._due is not None and at != self._due:
                yield from self._encoder.encode(None)
                self._encoder = self._fresh(AudioCodecContext.create("flac", "w"))
            frame.pts, frame.time_base, self._due = at, Fraction(1, self.rate), at + frame.samples
            yield from self._encoder.encode(frame)

    def samples(self, ticks: int) -> int:
        """Return the number itself: packets of the encoder count samples, as G.711's do."""
        return ticks

    def _add(self, out: OutputContainer) -> AudioStream:
        stream: AudioStream = out.add_stream("flac", rate=self.rate)
        self._fresh(stream.codec_context)
        return stream
