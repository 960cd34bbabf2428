# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small picture of somebody who was found, so that a resident can say who it is. Made anew for each look."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame

from sunporch.redact.decode import Source, decoded, fitted
from sunporch.redact.errors import ENCODER_FAILED, FRAMES_MISSING
from sunporch.redact.plan import Box, Track

# Of the longer side, in pixels; and how much around the box is shown, as a part of its longer side.
MOST_SIDE, LEAST_SIDE = 320, 32
AROUND = 0.25


def best(track: Track) -> tuple[Box, int]:
    """Return the box and the time (90 kHz ticks) to know somebody by: where they are largest in the middle of it.

    At both ends a track goes on where nobody may be seen any more, in boxes that are large for that very reason.
    """
    begins, ends = track.boxes[0].from_90k, track.boxes[-1].to_90k
    third = (ends - begins) // 3
    inside = [(box, max(box.from_90k, begins + third), min(box.to_90k, ends - third)) for box in track.boxes]
    box, first, last = max(
        (one for one in inside if one[1] < one[2]),
        key=lambda one: (one[0].width * one[0].height, -one[1]),
        default=(track.boxes[0], begins, track.boxes[0].to_90k),
    )
    return box, (first + last) // 2


def portrait(sources: Sequence[Source], start_90k: int, track: Track) -> bytes:
    """Return a JPEG of somebody by which to know them; `start_90k` is the start of the cut.

    Raises `redact.source-unreadable`, `redact.frames-missing`, `redact.picture-oversize`, `redact.encoder-failed`.
    """
    box, at_90k = best(track)
    for begins in (at_90k, box.from_90k):  # there may be no frame in the second half of a short time
        for source in sources:
            for picture in decoded(source, start_90k + begins, start_90k + box.to_90k):
                return _jpeg(_cut_out(fitted(picture.frame, None), box))
    raise FRAMES_MISSING()


def _cut_out(frame: VideoFrame, box: Box) -> VideoFrame:
    """Return a square around the box, as far as the picture goes, and not larger than is needed."""
    half = max(box.width, box.height) * (0.5 + AROUND)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    left, top = max(0, round(x - half)), max(0, round(y - half))
    right, bottom = min(frame.width, round(x + half)), min(frame.height, round(y + half))
    whole: np.ndarray[Any, np.dtype[np.uint8]] = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    pixels = np.ascontiguousarray(whole[top:bottom, left:right])
    shrunk = min(1.0, MOST_SIDE / max(pixels.shape[:2]))
    width, height = (max(LEAST_SIDE, round(side * shrunk) & ~1) for side in (right - left, bottom - top))
    return VideoFrame.from_ndarray(pixels, format="rgb24").reformat(width=width, height=height, format="yuvj420p")


def _jpeg(frame: VideoFrame) -> bytes:
    try:
        encoder: Any = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
        encoder.time_base = Fraction(1, 25)
        encoder.options = {"flags": "+bitexact", "qmin": "3", "qmax": "5"}
        frame.pts, frame.pict_type = 0, av.video.frame.PictureType.NONE
        return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    except FFmpegError as error:
        raise ENCODER_FAILED(reason=str(error)) from error
