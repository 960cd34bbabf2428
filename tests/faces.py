# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drawn faces that a real detector sees: shaded ovals with hair, brows, eyes, nose and mouth, drawn from a seed.

They are nobody's. Each is painted with soft edges at any size, so that it can walk through a picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import av
import numpy as np

SKINS = ((224, 182, 150), (198, 150, 118), (150, 105, 78), (106, 72, 54), (236, 200, 176))
HAIRS = ((40, 28, 20), (90, 60, 35), (25, 25, 28), (120, 90, 50), (70, 66, 64))


@dataclass(frozen=True)
class Face:
    """How somebody looks; lengths are parts of the face's width."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    eyes: float
    nose: float
    mouth: float
    light: float

    @classmethod
    def of(cls, seed: int) -> Face:
        random = np.random.default_rng(seed)
        return cls(
            SKINS[int(random.integers(len(SKINS)))],
            HAIRS[int(random.integers(len(HAIRS)))],
            float(random.uniform(0.20, 0.24)),
            float(random.uniform(0.08, 0.12)),
            float(random.uniform(0.16, 0.22)),
            float(random.uniform(-0.25, 0.25)),
        )


def draw(picture: np.ndarray, face: Face, x: float, y: float, width: float) -> None:
    """Draw the face into an RGB picture (uint8) with its middle at x, y; what lies outside is left out."""
    reach = width * 1.1
    left, right = max(0, int(x - reach)), min(picture.shape[1], int(x + reach) + 1)
    top, bottom = max(0, int(y - reach)), min(picture.shape[0], int(y + reach * 1.6) + 1)
    if left >= right or top >= bottom:
        return
    down, across = np.mgrid[top:bottom, left:right].astype(np.float32)
    u, v = (across + 0.5 - x) / width, (down + 0.5 - y) / width
    soft = 0.7 / width
    canvas = picture[top:bottom, left:right].astype(np.float32)

    def lay(colour, inside, strength=1.0) -> None:
        cover = np.clip(inside / soft * 0.5 + 0.5, 0, 1)[..., None] * strength
        canvas[:] = canvas * (1 - cover) + np.asarray(colour, np.float32) * cover

    def oval(cx, cy, rx, ry):
        distance = np.sqrt(((u - cx) / rx) ** 2 + ((v - cy) / ry) ** 2)
        return (1 - distance) * min(rx, ry)

    skin, hair = np.array(face.skin, np.float32), np.array(face.hair, np.float32)
    dark = skin * 0.55
    lay(hair * 0.6 + 20, oval(0, 1.55, 0.95, 0.75))  # shoulders
    lay(skin * 0.72, oval(0, 0.72, 0.24, 0.45))  # neck
    lay(hair, oval(0, -0.12, 0.60, 0.72))
    lay(skin * 0.85, oval(-0.5, 0.05, 0.07, 0.13))  # ears
    lay(skin * 0.85, oval(0.5, 0.05, 0.07, 0.13))
    head = oval(0, 0.06, 0.48, 0.66)
    shade = 1.06 - 0.28 * np.clip(u**2 * 2 + v**2 * 0.9, 0, 1) + face.light * u
    lay(skin * shade[..., None], head)
    lay(hair, np.minimum(oval(0, -0.46, 0.52, 0.26), head + 0.04))  # fringe
    for side in (-1, 1):
        cx = side * face.eyes
        lay(dark, oval(cx, -0.07, 0.13, 0.075), 0.55)  # socket
        lay(hair * 0.8, oval(cx, -0.17, 0.125, 0.028), 0.9)  # brow
        lay((238, 236, 232), oval(cx, -0.05, 0.085, 0.042))
        lay((70, 52, 38), oval(cx, -0.05, 0.042, 0.042))
        lay((12, 10, 10), oval(cx, -0.05, 0.022, 0.022))
        lay(dark * 0.6, oval(cx, -0.085, 0.095, 0.016), 0.8)  # lid
        lay(np.minimum(skin * 1.12, 255), oval(side * 0.23, 0.16, 0.11, 0.08), 0.35)  # cheek
        lay(dark * 0.8, oval(side * face.nose * 0.5, 0.185, 0.028, 0.018), 0.8)  # nostril
    lay(dark, oval(face.nose * 0.55, 0.08, 0.028, 0.13), 0.45)  # side of the nose
    lay(np.minimum(skin * 1.18, 255), oval(-0.005, 0.09, 0.028, 0.13), 0.6)  # its back
    lay((150, 70, 66), oval(0, 0.345, face.mouth, 0.042), 0.85)
    lay((70, 26, 26), oval(0, 0.342, face.mouth * 0.95, 0.010))
    lay(dark, oval(0, 0.43, 0.10, 0.022), 0.5)  # below the lip
    picture[top:bottom, left:right] = np.clip(canvas, 0, 255).astype(np.uint8)


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
