# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fragmented MP4 in memory: one init per run, one fragment per group of pictures, nothing re-encoded.

The init is FFmpeg's; the fragments are written here (ISO/IEC 14496-12, 8.8), which costs a tenth of a muxer for each
group: a group is on the disk as soon as it is complete and no muxer's state can be lost with a crash.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import av
import av.error
from av.video.stream import VideoStream

from sunporch.recorder.errors import STREAM_UNREADABLE
from sunporch.recorder.gops import Gop
from sunporch.recorder.hearing import Heard, Voice
from sunporch.recorder.units import TICKS, Codec, nal_units

# Media time of a run's first picture: room for decoding times before it where pictures are reordered.
MEDIA_START = TICKS
_TIME_BASE = Fraction(1, TICKS)
# Numbers of the tracks in the file.
PICTURES, SOUND = 1, 2
# A sample that can be shown alone, and one that depends on others (14496-12, 8.8.3.1).
_WHOLE, _DEPENDING = 0x02000000, 0x01010000
# Flags of `tfhd` and `trun` (8.8.7.1, 8.8.8.1): data count from the `moof`; each sample has all four fields.
_BASE_IS_MOOF, _ALL_FIELDS, _VERSION_1 = 0x020000, 0x000F01, 0x01000000
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

    def __init__(self, codec: Codec, keyframe: bytes, voice: Voice | None = None, *, least_shift: int = 0) -> None:
        """`keyframe` is Annex B with parameter sets; raises `recorder.stream-unreadable` if they do not parse.

        With a `voice` there is a second track for sound. Decoding runs at least `least_shift` ticks ahead of showing.
        """
        self._codec = codec
        self._voice = voice
        self._voice_probe = None if voice is None else av.open(io.BytesIO(voice.mp4), format="mp4")
        self._count = 0
        self._shift = least_shift
        try:
            self._probe = av.open(io.BytesIO(keyframe), format=codec.value)
            self._template: VideoStream = self._probe.streams.video[0]
            self.init = self._init()
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
        self._count += 1
        try:
            tracks = [self._pictures(gop, origin)] + ([_heard(sound)] if sound else [])
            return _fragment(self._count, tracks)
        except struct.error as error:
            raise STREAM_UNREADABLE(reason="its pictures do not follow one another") from error

    def _init(self) -> bytes:
        sink = _Sink()
        with av.open(sink, "w", format="mp4", options=_OPTIONS) as out:
            stream = out.add_stream_from_template(self._template)
            stream.time_base = _TIME_BASE
            if self._codec is Codec.HEVC:
                stream.codec_context.codec_tag = "hvc1"
            if self._voice is not None and self._voice_probe is not None:
                track = out.add_stream_from_template(self._voice_probe.streams.audio[0])
                track.time_base = Fraction(1, self._voice.rate)
            out.start_encoding()
            return bytes(sink.data)

    def _pictures(self, gop: Gop, origin: int) -> _Track:
        times = [unit.pts - origin + MEDIA_START for unit in gop.units]
        decode = sorted(times)
        # Where pictures are reordered, decoding runs ahead of showing by the most that any picture is moved.
        self._shift = max(self._shift, *(due - shown for due, shown in zip(decode, times, strict=True)))
        following = [*decode[1:], max(gop.end - origin + MEDIA_START, decode[-1] + 1)]
        samples = [
            _Sample(
                _sized(unit.data), after - due, _WHOLE if unit.keyframe else _DEPENDING, shown - due + self._shift
            )
            for unit, shown, due, after in zip(gop.units, times, decode, following, strict=True)
        ]
        return _Track(PICTURES, max(0, decode[0] - self._shift), samples)


@dataclass(frozen=True)
class _Sample:
    """One picture or packet of sound: how long it lasts, how long after decoding it is shown (ticks of the track)."""

    data: bytes
    duration: int
    flags: int
    shown_after: int = 0


@dataclass(frozen=True)
class _Track:
    """What a fragment holds of one track, `begins` in ticks of the track."""

    number: int
    begins: int
    samples: list[_Sample]


def _sized(annexb: bytes) -> bytes:
    """Return the NAL units as they stand in MP4: each behind its length, in their order (14496-15, 4.3.3)."""
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in nal_units(annexb) if nal)


def _heard(sound: Sequence[Heard]) -> _Track:
    lasts = [after.pts - heard.pts for heard, after in pairwise(sound)] + [sound[-1].duration]
    samples = [_Sample(heard.data, length, _WHOLE) for heard, length in zip(sound, lasts, strict=True)]
    return _Track(SOUND, sound[0].pts, samples)


def _box(kind: bytes, *content: bytes) -> bytes:
    """Return a box (14496-12, 4.2)."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _traf(track: _Track, data_at: int) -> bytes:
    """Return a track's part of a fragment (14496-12, 8.8.6 to 8.8.8, 8.8.12); its data begin at `data_at`."""
    runs = b"".join(
        struct.pack(">IIIi", sample.duration, len(sample.data), sample.flags, sample.shown_after)
        for sample in track.samples
    )
    return _box(
        b"traf",
        _box(b"tfhd", struct.pack(">II", _BASE_IS_MOOF, track.number)),
        _box(b"tfdt", struct.pack(">IQ", _VERSION_1, track.begins)),
        _box(b"trun", struct.pack(">III", _VERSION_1 | _ALL_FIELDS, len(track.samples), data_at), runs),
    )


def _fragment(number: int, tracks: list[_Track]) -> bytes:
    """Return `moof` and `mdat` of the tracks, whose samples stand one track after another."""
    sizes = [sum(len(sample.data) for sample in track.samples) for track in tracks]
    header = _box(b"mfhd", struct.pack(">II", 0, number))
    data_at = 8 + len(header) + sum(len(_traf(track, 0)) for track in tracks) + 8
    places = [data_at + sum(sizes[:place]) for place in range(len(tracks))]
    moof = _box(b"moof", header, *(_traf(track, at) for track, at in zip(tracks, places, strict=True)))
    return moof + _box(b"mdat", *(sample.data for track in tracks for sample in track.samples))
