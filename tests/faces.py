# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clips in which drawn people walk by (`town.faces`), and where their faces are in each frame."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import av
import numpy as np

from sunporch.town.faces import Face, draw


@dataclass(frozen=True)
class Walker:
    """Somebody in a clip: where the middle of their face is in each frame (None: not there), and how wide it is."""

    face: Face
    path: Callable[[int], tuple[float, float] | None]
    width: float

    def box(self, frame: int) -> tuple[float, float, float, float] | None:
        """What of the picture shows who they are: x, y, width, height of brows, eyes, nose and mouth."""
        at = self.path(frame)
        return (
            None
            if at is None
            else (at[0] - self.width * 0.36, at[1] - self.width * 0.2, self.width * 0.72, self.width * 0.66)
        )


def clip(
    frames: int,
    walkers: Iterable[Walker],
    *,
    fps: int = 15,
    size=(640, 360),
    options=None,
    ground=lambda _: (150, 165, 180),
) -> bytes:
    """Encode people walking before a plain wall as MP4."""
    buffer, walkers = io.BytesIO(), list(walkers)
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=fps, options=options or {"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), ground(number), np.uint8)
            for walker in walkers:
                at = walker.path(number)
                if at is not None:
                    draw(picture, walker.face, *at, walker.width)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()
