# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fragmented MP4 in memory: one init per run, one fragment per group of pictures, nothing re-encoded.

Each fragment is made by a muxer of its own (0.2 ms) and then told its place in the run, so that a group is on the
disk as soon as it is complete and no muxer's state can be lost with a crash (ISO/IEC 14496-12, 8.8).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from fractions import Fraction

import av
import av.error
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from sunporch.recorder.errors import STREAM_UNREADABLE
from sunporch.recorder.gops import Gop
from sunporch.recorder.hearing import Heard, Voice
from sunporch.recorder.units import TICKS, Codec

# Media time of a run's first picture: room for decoding times before it where pictures are reordered.
MEDIA_START = TICKS
_TIME_BASE = Fraction(1, TICKS)
# Numbers of the tracks in the file.
PICTURES, SOUND = 1, 2
_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
}


class _Sink:
    """What the muxer writes to; it cannot seek, so nothing written is changed later."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


class FragmentMaker:
    """Makes the init and the fragments of one run from its first keyframe's parameter sets."""

    def __init__(self, codec: Codec, keyframe: bytes, voice: Voice | None = None) -> None:
        """`keyframe` is Annex B with parameter sets; raises `recorder.stream-unreadable` if they do not parse.

        With a `voice` there is a second track for sound.
        """
        self._codec = codec
        self._voice = voice
        self._voice_probe = None if voice is None else av.open(io.BytesIO(voice.mp4), format="mp4")
        self._count = 0
        self._shift = 0
        try:
            self._probe = av.open(io.BytesIO(keyframe), format=codec.value)
            self._template: VideoStream = self._probe.streams.video[0]
            self.init, _ = self._mux(None)
        except (av.error.FFmpegError, IndexError) as error:
            raise STREAM_UNREADABLE(reason="its first picture has no readable description") from error
        if not self._template.width:
            raise STREAM_UNREADABLE(reason="its first picture has no size")

    def close(self) -> None:
        """Give the probes back."""
        self._probe.close()
        if self._voice_probe is not None:
            self._voice_probe.close()

    def fragment(self, gop: Gop, origin: int, sound: Sequence[Heard] = ()) -> bytes:
        """Return the group as one `moof` + `mdat`; media time is the unit's time minus `origin` plus one second.

        `sound` stands at its own times, in samples of the run's media time. Raises `recorder.stream-unreadable` if
        its pictures cannot stand in one file.
        """
        try:
            _, data = self._mux((gop, origin), sound)
        except av.error.FFmpegError as error:
            raise STREAM_UNREADABLE(reason="its pictures do not follow one another") from error
        return data

    def _mux(self, content: tuple[Gop, int] | None, sound: Sequence[Heard] = ()) -> tuple[bytes, bytes]:
        sink = _Sink()
        with av.open(sink, "w", format="mp4", options=_OPTIONS) as out:
            stream = out.add_stream_from_template(self._template)
            stream.time_base = _TIME_BASE
            if self._codec is Codec.HEVC:
                stream.codec_context.codec_tag = "hvc1"
            second = self._second_track(out)
            out.start_encoding()
            size = len(sink.data)
            places = {PICTURES: self._feed(out, stream, *content)} if content else {}
            if second is not None and sound:
                _feed_sound(out, second, sound)
                places[SOUND] = sound[0].pts
        init, fragment = bytes(sink.data[:size]), sink.data[size:]
        if content:
            self._count += 1
            _place(fragment, self._count, places)
        return init, bytes(fragment)

    def _second_track(self, out: OutputContainer) -> AudioStream | None:
        if self._voice is None or self._voice_probe is None:
            return None
        track = out.add_stream_from_template(self._voice_probe.streams.audio[0])
        track.time_base = Fraction(1, self._voice.rate)
        return track

    def _feed(self, out: OutputContainer, stream: VideoStream, gop: Gop, origin: int) -> int:
        times = [unit.pts - origin + MEDIA_START for unit in gop.units]
        end = gop.end - origin + MEDIA_START
        decode = _rising(sorted(times))
        # Where pictures are reordered, decoding runs ahead of showing by the most that any picture is moved.
        self._shift = max(self._shift, *(due - shown for due, shown in zip(decode, times, strict=True)))
        following = [*decode[1:], end]
        for unit, shown, due, after in zip(gop.units, times, decode, following, strict=True):
            packet = av.Packet(unit.data)
            packet.time_base = _TIME_BASE
            packet.pts, packet.dts, packet.duration = shown, due - self._shift, max(1, after - due)
            packet.is_keyframe = unit.keyframe
            packet.stream = stream
            out.mux_one(packet)
        return max(0, decode[0] - self._shift)


def _rising(times: list[int]) -> list[int]:
    """Return the sorted times with those that are equal moved by a tick: two pictures are not decoded at once."""
    risen: list[int] = []
    for time in times:
        risen.append(max(time, risen[-1] + 1) if risen else time)
    return risen


def _feed_sound(out: OutputContainer, track: AudioStream, sound: Sequence[Heard]) -> None:
    for heard in sound:
        packet = av.Packet(heard.data)
        packet.time_base = track.time_base
        packet.pts = packet.dts = heard.pts
        packet.duration = heard.duration
        packet.stream = track
        out.mux_one(packet)


def _place(fragment: bytearray, number: int, places: dict[int, int]) -> None:
    """Write the fragment's number and each track's decoding time (14496-12, 8.8.5, 8.8.7 and 8.8.12)."""
    moof = _box(fragment, b"moof", 0, len(fragment))
    header = _box(fragment, b"mfhd", *moof)
    struct.pack_into(">I", fragment, header[0] + 4, number)
    at = moof[0]
    for _ in places:
        track = _box(fragment, b"traf", at, moof[1])
        at = track[1]
        (which,) = struct.unpack_from(">I", fragment, _box(fragment, b"tfhd", *track)[0] + 4)
        time = _box(fragment, b"tfdt", *track)
        if fragment[time[0]] != 1:
            raise STREAM_UNREADABLE(reason="the muxer wrote a short decoding time")
        struct.pack_into(">Q", fragment, time[0] + 4, places[which])


def _box(data: bytearray, name: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the content of the first box of this name begins and ends."""
    while start + 8 <= end:
        (size,) = struct.unpack_from(">I", data, start)
        if size < 8:
            break
        if data[start + 4 : start + 8] == name:
            return start + 8, start + size
        start += size
    raise STREAM_UNREADABLE(reason=f"the muxer wrote no {name.decode()} box")
