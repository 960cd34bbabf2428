# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small street videos in whose every frame the frame's number stands as 16 black and white squares."""

from __future__ import annotations

import io
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from sunporch.town.faces import Face
from tests.faces import Walker, clip

BITS = 16
SQUARE = 20
WIDTH, HEIGHT, FPS = 320, 180, 10
# Beside the squares: where somebody stands who must be covered.
PERSON = {"x": 200, "y": 80, "width": 60, "height": 80}
SKIN = (224, 60, 200)


@cache
def street_video(seconds: int = 6) -> Path:
    """An MP4 of so many seconds, one keyframe a second, made once in a run."""
    path = Path(tempfile.mkdtemp(prefix="sunporch-hub-video-")) / f"street-{seconds}.mp4"
    with av.open(str(path), "w") as container:
        keys = f"keyint={FPS}:min-keyint={FPS}:scenecut=0:bframes=0:threads=1"
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "x264-params": keys})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for number in range(seconds * FPS):
            frame = VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


# Two people who are nobody: one walks by from the second second on, one stands there all the while.
WALKER = Walker(Face.of(3), lambda n: (40 + 5 * (n - 10), 70) if n >= 10 else None, 40)
STANDER = Walker(Face.of(6), lambda _: (250, 110), 44)


@cache
def people_video(seconds: int = 6) -> Path:
    """An MP4 of so many seconds with two people in it."""
    path = Path(tempfile.mkdtemp(prefix="sunporch-hub-people-")) / f"people-{seconds}.mp4"
    path.write_bytes(clip(seconds * FPS, [WALKER, STANDER], fps=FPS, size=(WIDTH, HEIGHT)))
    return path


def picture(number: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
    for bit in range(BITS):
        image[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 255 if number >> (BITS - 1 - bit) & 1 else 0
    x, y = PERSON["x"], PERSON["y"]
    image[y : y + PERSON["height"], x : x + PERSON["width"]] = SKIN
    return image


def decoded(media: bytes) -> list[tuple[int, np.ndarray]]:
    """The number and the RGB picture of every frame of a clip."""
    with av.open(io.BytesIO(media)) as container:
        images = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [(_number(image), image) for image in images]


def _number(image: np.ndarray) -> int:
    number = 0
    for bit in range(BITS):
        inner = image[5 : SQUARE - 5, bit * SQUARE + 5 : (bit + 1) * SQUARE - 5]
        number = number << 1 | int(inner.mean() > 127)
    return number


def shows_the_person(image: np.ndarray) -> bool:
    """Whether the colour of the person is anywhere near where they stand."""
    x, y = PERSON["x"], PERSON["y"]
    there = image[y : y + PERSON["height"], x : x + PERSON["width"]].astype(int)
    return bool((np.abs(there - np.array(SKIN)).sum(axis=2) < 120).any())
