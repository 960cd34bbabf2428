# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a recording to its frames: what is looked at for people and what is rendered are the same pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video import VideoStream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from sunporch.redact.errors import PICTURE_OVERSIZE, SOURCE_UNREADABLE
from sunporch.redact.plan import MAX_PIXELS, TICKS

# Degrees counter-clockwise by which a player turns the picture -> quarter turns of numpy.rot90.
ROTATIONS = {90: 1, 180: 2, -180: 2, -90: 3, 270: 3}
MAX_HELD = 4_096  # packets before the cut kept undecoded; past it they are decoded and let go


@dataclass(frozen=True)
class Picture:
    """A decoded frame of the cut, its wall time (90 kHz ticks) and the shape of its pixels (width / height)."""

    frame: VideoFrame
    wall_90k: int
    aspect: Fraction


class Source(Protocol):
    """A stretch of recording with one continuous media clock (the vault's `Part` is one)."""

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the bytes that `open` gives."""

    def open(self) -> Any:
        """Return the recording as a seekable binary file."""

    def wall_90k(self, media_90k: int) -> int:
        """Return the wall time (90 kHz ticks since the epoch) of a media time."""


def decoded(source: Source, start_90k: int, end_90k: int) -> Iterator[Picture]:
    """Yield the frames with start <= wall time < end; raises `redact.source-unreadable`."""
    try:
        with source.open() as file, av.open(file) as container:
            # A cover picture or a strip of thumbnails is a stream, too; neither is the recording.
            still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
            stream = next((stream for stream in container.streams.video if not stream.disposition & still), None)
            if stream is None:
                raise SOURCE_UNREADABLE(reason="it has no moving picture")
            aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
            for packet in _needed(container.demux(stream), source, start_90k):
                for frame in packet.decode():
                    wall = wall_of(source, frame)
                    if wall is None:
                        continue  # a frame without a time cannot be placed in the cut
                    if wall >= end_90k:
                        return
                    if wall >= start_90k:
                        yield Picture(frame, wall, aspect)
    except (FFmpegError, EOFError) as error:
        raise SOURCE_UNREADABLE(reason=str(error)) from error


def wall_of(source: Source, timed: Any) -> int | None:
    """Return the wall time of a frame or packet, None where it has no time."""
    if timed.pts is None or timed.time_base is None:
        return None
    return source.wall_90k(round(timed.pts * timed.time_base * TICKS))


def _needed(packets: Iterable[Packet[VideoStream]], source: Source, start_90k: int) -> Iterator[Packet[VideoStream]]:
    """Yield the packets from the last keyframe at or before the start of the cut; an hour before it is not decoded.

    Leading pictures of an open group are shown before its keyframe, so those of that keyframe lie before the cut.
    """
    held: list[Packet[VideoStream]] = []
    waiting = True
    for packet in packets:
        if waiting:
            wall = wall_of(source, packet)
            if packet.is_keyframe and wall is not None and wall <= start_90k:
                held.clear()
            waiting = packet.dts is not None and (wall is None or wall < start_90k)
        held.append(packet)
        if not waiting or len(held) == MAX_HELD:
            yield from held
            held.clear()


def quarters(frame: VideoFrame) -> int:
    """Return by how many quarter turns (of numpy.rot90) a player shows the frame turned."""
    return ROTATIONS.get(round(frame.rotation), 0)


def fitted(frame: VideoFrame, size: tuple[int, int] | None) -> VideoFrame:
    """Return the frame upright, and of this width and height where the picture's size changed on the way."""
    frame = upright(frame)
    if size is not None and (frame.width, frame.height) != size:
        frame = frame.reformat(width=size[0], height=size[1])
    return frame


def upright(frame: VideoFrame) -> VideoFrame:
    """Return the frame as it is shown: yuv420p of even size and limited range, turned, writable."""
    if frame.width * frame.height > MAX_PIXELS:
        raise PICTURE_OVERSIZE(width=frame.width, height=frame.height, most=MAX_PIXELS)
    turns = quarters(frame)
    width, height = frame.width & ~1, frame.height & ~1
    full = frame.color_range == ColorRange.JPEG
    if full or (frame.format.name, frame.width, frame.height) != ("yuv420p", width, height):
        frame = frame.reformat(width=width, height=height, format="yuv420p", dst_color_range=ColorRange.MPEG)
    if turns:
        frame = _turned(frame, turns)
    frame.make_writable()
    return frame


def _turned(frame: VideoFrame, turns: int) -> VideoFrame:
    """Return a yuv420p frame turned by quarters, each plane for itself: no colour is converted."""
    flat: np.ndarray[Any, np.dtype[np.uint8]] = frame.to_ndarray().reshape(-1).astype(np.uint8)
    size = frame.width * frame.height
    planes: list[np.ndarray[Any, np.dtype[np.uint8]]] = []
    for start, step in ((0, 1), (size, 2), (size + size // 4, 2)):
        plane = flat[start : start + size // step**2].reshape(frame.height // step, frame.width // step)
        planes.append(np.rot90(plane, turns).reshape(-1))
    width = frame.height if turns % 2 else frame.width
    return VideoFrame.from_ndarray(np.concatenate(planes).reshape(-1, width), format="yuv420p")
