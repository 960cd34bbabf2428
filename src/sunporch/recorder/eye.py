# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera's whole picture looked into: decoded by itself, shrunk to the light of some large dots, and let go."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import av.error
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from sunporch.base.clock import Clock
from sunporch.recorder.units import Codec

COLUMNS, ROWS = 48, 27
# Edges are not smoothed: nobody sees this picture, and no dot is as small as a block.
_OPTIONS = {"skip_loop_filter": "all"}


@dataclass(frozen=True)
class Glance:
    """The light of each dot (0 to 255, row by row), none where the picture cannot be decoded; what it took."""

    dots: bytes
    seconds: float


# One picture at a time in the whole process, and never in a thread that records.
_eye = ThreadPoolExecutor(1, thread_name_prefix="eye")


def glance(clock: Clock, codec: Codec, keyframe: bytes) -> Future[Glance]:
    """Have a whole picture looked into (Annex B with its parameter sets), after those that wait."""
    return _eye.submit(_look, clock, codec, keyframe)


def _look(clock: Clock, codec: Codec, keyframe: bytes) -> Glance:
    began = clock.monotonic()
    dots = _dots(codec, keyframe)
    return Glance(dots, clock.monotonic() - began)


def _dots(codec: Codec, keyframe: bytes) -> bytes:
    # A decoder kept for each camera would hold megabytes between its pictures.
    decoder = VideoCodecContext.create(codec.value, "r")
    decoder.thread_count = 1
    decoder.options = _OPTIONS
    try:
        for frame in (*decoder.decode(Packet(keyframe)), *decoder.decode(None)):
            if not frame.is_corrupt:
                small = frame.reformat(COLUMNS, ROWS, "gray", interpolation="AREA", threads=1).planes[0]
                # Behind each row there may be bytes that mean nothing.
                rows, step = bytes(small), small.line_size
                return b"".join(rows[at : at + COLUMNS] for at in range(0, ROWS * step, step))
    except av.error.FFmpegError:
        pass  # whatever FFmpeg finds wrong: a mark is a hint, and this second has none
    return b""
