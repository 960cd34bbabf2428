# SPDX-License-Identifier: AGPL-3.0-or-later
"""Renders a plan: decode, paint solid boxes into the picture's planes, encode anew into fragmented MP4.

Every frame is encoded anew from painted pixels, so nothing of the source's stream - SEI, user data, thumbnails, edit
lists, trailing bytes - can carry what was covered. Plaintext stays in memory unless the caller gives a file.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from sunporch.redact.decode import Picture, Source, decoded, fitted, quarters, wall_of
from sunporch.redact.errors import ENCODER_FAILED, FRAMES_MISSING, PLAN_REFUSED, SOURCE_UNREADABLE
from sunporch.redact.plan import TICKS, Box, Plan
from sunporch.redact.report import Report, Tally
from sunporch.redact.sound import SoundTrack

NAME = "solid"
FILL = (40, 128, 128)  # Y, U, V of a dark grey
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "fflags": "+bitexact"}
_ENCODER = {"preset": "veryfast", "crf": "20", "x264-params": "bframes=0:threads=1:sliced-threads=0:open-gop=0"}
_SECONDS_PER_FRAGMENT = 1
_TIME_BASE = Fraction(1, TICKS)


def render(sources: Sequence[Source], plan: Plan, target: BinaryIO) -> Report:
    """Write the covered clip into `target` as fragmented MP4 (H.264, yuv420p) and report what was done.

    The output's frames are exactly those with start <= wall time < end; gaps stay gaps. The same input and plan give
    the same bytes. Raises `redact.source-unreadable`, `redact.frames-missing`, `redact.plan-refused`,
    `redact.picture-oversize`, `redact.encoder-failed`; then nothing at all has been written into `target`.
    """
    rendering = _Rendering(plan)
    for source in sources:
        for picture in decoded(source, plan.start_90k, plan.end_90k):
            rendering.add(picture)
    sounds = [frames for source in sources for frames in _sounds(source, plan)] if plan.sound else []
    media = rendering.finish(sounds)
    target.write(media)
    return rendering.report(media, tuple(source.sha256 for source in sources))


def _sounds(source: Source, plan: Plan) -> Iterator[tuple[av.AudioFrame, int]]:
    """Yield the sound that touches the cut with its place from the start of the cut."""
    try:
        with source.open() as file, av.open(file) as container:
            for frame in container.decode(audio=0) if container.streams.audio else ():
                wall = wall_of(source, frame)
                if wall is None:
                    continue
                if plan.start_90k - TICKS < wall < plan.end_90k:
                    yield frame, wall - plan.start_90k
    except (FFmpegError, EOFError) as error:
        raise SOURCE_UNREADABLE(reason=str(error)) from error


def paint(frame: VideoFrame, boxes: Iterable[Box]) -> None:
    """Fill the boxes in all three planes; edges grow outward to whole chroma samples."""
    for box in boxes:
        left, top = box.x & ~1, box.y & ~1
        right, bottom = min(frame.width, box.x + box.width + 1 & ~1), min(frame.height, box.y + box.height + 1 & ~1)
        for plane, value, step in zip(frame.planes, FILL, (1, 2, 2), strict=True):
            pixels = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            pixels[top // step : bottom // step, left // step : right // step] = value


class _Rendering:
    """One clip being made in memory."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tally = Tally()
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp4", options=_FRAGMENTED)
        self._stream: Any = None
        self._packets: list[Any] = []
        self._last = -1
        self._forced = -TICKS
        self._sounds = False
        self.frames = 0

    def add(self, picture: Picture) -> None:
        """Paint and encode one frame."""
        at_90k = picture.wall_90k - self._plan.start_90k
        frame = fitted(picture.frame, (self._stream.width, self._stream.height) if self._stream else None)
        if self._stream is None:
            self._plan = self._plan.placed(frame.width, frame.height)
            self._begin(frame, picture)
        covering = list(self._plan.covering(at_90k))
        paint(frame, (box for _, box in covering))
        self._tally.note(at_90k, {track.id for track, _ in covering})
        # Two frames on one tick would stop the encoder; the later one moves by a ninety-thousandth of a second.
        self._last = max(at_90k, self._last + 1)
        frame.pts, frame.time_base = self._last, _TIME_BASE
        key = self._last - self._forced >= _SECONDS_PER_FRAGMENT * TICKS
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        self._forced = self._last if key else self._forced
        self._encode(frame)
        self.frames += 1

    def _begin(self, frame: VideoFrame, picture: Picture) -> None:
        for track in self._plan.tracks:
            if any(box.x >= frame.width or box.y >= frame.height for box in track.boxes):
                raise PLAN_REFUSED(
                    reason=f"track {track.id} lies outside the picture of {frame.width} x {frame.height}"
                )
        self._stream = self._container.add_stream("libx264", rate=30, options=_ENCODER)
        self._stream.width, self._stream.height, self._stream.pix_fmt = frame.width, frame.height, "yuv420p"
        context = self._stream.codec_context
        context.time_base = _TIME_BASE
        quarter = quarters(picture.frame) % 2
        context.sample_aspect_ratio = 1 / picture.aspect if quarter else picture.aspect
        # Numbers that say how a player turns the planes into colours, as the camera said them.
        context.color_range = ColorRange.MPEG
        context.colorspace = picture.frame.colorspace
        context.color_primaries = picture.frame.color_primaries
        context.color_trc = picture.frame.color_trc
        self._stream.time_base = _TIME_BASE

    def _encode(self, frame: VideoFrame | None) -> None:
        try:
            self._packets += self._stream.encode(frame)
        except FFmpegError as error:
            raise ENCODER_FAILED(reason=str(error)) from error

    def finish(self, sounds: list[tuple[av.AudioFrame, int]]) -> bytes:
        """Return the finished file; the encoder's own SEI is removed, too."""
        if self._stream is None:
            raise FRAMES_MISSING()
        self._encode(None)
        length_90k = self._plan.end_90k - self._plan.start_90k
        try:
            self._sounds = bool(sounds)
            sound = SoundTrack(self._container, sounds, length_90k) if sounds else None
            # A frame lasts until the next; the last one until the end of the cut.
            ends = [packet.pts for packet in self._packets[1:]] + [length_90k]
            without_sei = BitStreamFilterContext("filter_units=remove_types=6", self._stream)
            for packet, end in zip(self._packets, ends, strict=True):
                packet.duration = max(1, end - packet.pts)
                for filtered in without_sei.filter(packet):
                    filtered.stream = self._stream
                    self._container.mux(filtered)
                if sound:
                    sound.mux_until(end)
            self._container.close()
        except FFmpegError as error:
            raise ENCODER_FAILED(reason=str(error)) from error
        return self._buffer.getvalue()

    def report(self, media: bytes, inputs: tuple[str, ...]) -> Report:
        """Return what was done."""
        # Profile, constraints and level are the three bytes after the SPS's NAL header (RFC 6381 section 3.3).
        sps = self._stream.codec_context.extradata.split(b"\x00\x00\x01")[1]
        kinds = f"avc1.{sps[1:4].hex()}"
        return Report(
            engine=NAME,
            version=f"PyAV {av.__version__}",
            detector=self._plan.detector,
            width=self._stream.width,
            height=self._stream.height,
            frames=self.frames,
            duration_ms=(self._plan.end_90k - self._plan.start_90k) * 1000 // TICKS,
            reencoded=1,  # this engine has no other way
            sound=int(self._sounds),
            visible=self._plan.visible,
            media_type=f'video/mp4; codecs="{kinds}{", mp4a.40.2" if self._sounds else ""}"',
            input_sha256=inputs,
            output_sha256=hashlib.sha256(media).hexdigest(),
            output_sha512=hashlib.sha512(media).hexdigest(),
            output_bytes=len(media),
            covered=self._tally.covered(self._plan),
        )
