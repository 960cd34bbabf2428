# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drawn faces that a real detector sees: shaded ovals with hair, brows, eyes, nose and mouth, drawn from a seed.

They are nobody's. Each is painted with soft edges at any size, so that it can walk through a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

type Pixels = np.ndarray[Any, np.dtype[np.uint8]]
type Floats = np.ndarray[Any, np.dtype[np.float32]]
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
        """Return the face of a seed."""
        random = np.random.default_rng(seed)
        return cls(
            SKINS[int(random.integers(len(SKINS)))],
            HAIRS[int(random.integers(len(HAIRS)))],
            float(random.uniform(0.20, 0.24)),
            float(random.uniform(0.08, 0.12)),
            float(random.uniform(0.16, 0.22)),
            float(random.uniform(-0.25, 0.25)),
        )


def draw(picture: Pixels, face: Face, x: float, y: float, width: float) -> None:
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

    def lay(colour: Any, inside: Floats, strength: float = 1.0) -> None:
        cover = np.clip(inside / soft * 0.5 + 0.5, 0, 1)[..., None] * strength
        canvas[:] = canvas * (1 - cover) + np.asarray(colour, np.float32) * cover

    def oval(cx: float, cy: float, rx: float, ry: float) -> Floats:
        distance = np.sqrt(((u - cx) / rx) ** 2 + ((v - cy) / ry) ** 2)
        return np.asarray((1 - distance) * min(rx, ry), np.float32)

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


def paste(picture: Pixels, face: Face, x: int, y: int, width: int) -> None:
    """Draw the face at whole pixels, many times faster: it is drawn once for each width and then only laid over."""
    ink, veil = _cutout(face, width)
    down, across = ink.shape[0] // 2, ink.shape[1] // 2
    top, left = max(0, y - down), max(0, x - across)
    bottom, right = min(picture.shape[0], y + down), min(picture.shape[1], x + across)
    if top < bottom and left < right:
        inside = (slice(top - y + down, bottom - y + down), slice(left - x + across, right - x + across))
        there = picture[top:bottom, left:right]
        there[:] = (there * veil[inside] + ink[inside]).astype(np.uint8)


@cache
def _cutout(face: Face, width: int) -> tuple[Floats, Floats]:
    """Return what the face adds to a picture, and how much of the picture shines through."""
    size = (4 * width, 3 * width, 3)
    black, white = np.zeros(size, np.uint8), np.full(size, 255, np.uint8)
    for ground in (black, white):
        draw(ground, face, size[1] / 2, size[0] / 2, width)
    veil: Floats = (white.astype(np.float32) - black.astype(np.float32)) / np.float32(255)
    return black.astype(np.float32), veil
