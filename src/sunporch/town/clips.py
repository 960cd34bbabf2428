# SPDX-License-Identifier: AGPL-3.0-or-later
"""Generated street clips whose every frame says its own number, so that a test can read which frame plays.

The number stands as 24 squares, two rows of twelve, black for 0 and white for 1, most significant first, in the
upper left of the picture; below it something like a street: sky, houses, road and two walkers, who are blocks, and
people with drawn faces where they are asked for.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from sunporch.town.faces import Face, paste

BITS = 24
COLUMNS = 12
# Large enough to survive any sensible compression.
SQUARE = 24
MARGIN = 8
CLIP_VERSION = 1


def make_clip(
    path: Path, seconds: float, fps: int = 15, size: str = "640x360", seed: int = 0, bitrate: int = 400_000,
    slices: int = 1, people: int = 0,
) -> Path:  # fmt: skip
    """Write an H.264 MP4 with closed GOPs of one second and return its path; `size` is WIDTHxHEIGHT."""
    width, height = (int(number) for number in size.split("x"))
    random = np.random.default_rng(seed)
    backdrop = _street(width, height, random)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with av.open(str(beside), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options=_options(fps, slices))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = bitrate
        stream.codec_context.time_base = Fraction(1, fps)
        for number in range(round(seconds * fps)):
            frame = VideoFrame.from_ndarray(_picture(backdrop, number, fps, people), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    beside.rename(path)
    return path


def _options(fps: int, slices: int) -> dict[str, str]:
    keys = f"keyint={fps}:min-keyint={fps}:scenecut=0:open-gop=0:bframes=0:threads=1:slices={slices}"
    return {"preset": "veryfast", "profile": "main", "x264-params": keys}


def cached_clip(
    folder: Path, seconds: float, fps: int = 15, size: str = "640x360", seed: int = 0, bitrate: int = 400_000,
    slices: int = 1, people: int = 0,
) -> Path:  # fmt: skip
    """Return the clip of these parameters from the folder, making it the first time."""
    name = hashlib.sha256(
        repr((CLIP_VERSION, seconds, fps, size, seed, bitrate, slices, people)).encode()
    ).hexdigest()[:16]
    path = folder / f"street-{name}.mp4"
    return path if path.exists() else make_clip(path, seconds, fps, size, seed, bitrate, slices, people)


def _street(width: int, height: int, random: np.random.Generator) -> np.ndarray:
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2] = (150, 180, 210)
    picture[height // 2 :] = (90, 90, 92)
    x = 0
    while x < width:
        wide = int(random.integers(width // 12, width // 6))
        top = int(random.integers(height // 4, height // 2 - 20))
        picture[top : height // 2 + height // 10, x : x + wide] = random.integers(60, 200, 3)
        x += wide + 4
    picture[height * 3 // 4 : height * 3 // 4 + 4, ::] = (210, 210, 180)
    noise = random.integers(-6, 7, picture.shape[:2])[..., None]
    return np.asarray((picture.astype(np.int16) + noise).clip(0, 255), np.uint8)


def _picture(backdrop: np.ndarray, number: int, fps: int, people: int) -> np.ndarray:
    picture = backdrop.copy()
    height, width = picture.shape[:2]
    for walker, (pace, tone) in enumerate(((0.06, (200, 60, 60)), (-0.09, (60, 70, 190)))):
        x = int((0.3 + 0.4 * walker + pace * number / fps) % 1.0 * width)
        top = height * 6 // 10 + walker * height // 20
        picture[top : top + height // 5, max(0, x - 8) : x + 8] = tone
        picture[top - 14 : top, max(0, x - 6) : x + 6] = (225, 190, 160)
    for person in range(people):
        # To and fro below the squares, each at a pace and a distance of their own; who is nearer is larger.
        way = (0.2 + 0.37 * person + (0.05 + 0.02 * person) * number / fps) % 2
        x, far = (0.1 + 0.8 * (way if way < 1 else 2 - way)) * width, height * (0.42 + 0.04 * person)
        paste(picture, Face.of(person), round(x), round(far), round(height * (0.09 + 0.02 * person)))
    for bit in range(BITS):
        row, column = divmod(bit, COLUMNS)
        y, x = MARGIN + row * SQUARE, MARGIN + column * SQUARE
        picture[y : y + SQUARE, x : x + SQUARE] = 255 if number >> (BITS - 1 - bit) & 1 else 0
    return picture


def read_frame_number(frame: VideoFrame) -> int:
    """Return the number that the squares of a decoded frame say."""
    luma = frame.to_ndarray(format="gray")
    number = 0
    for bit in range(BITS):
        row, column = divmod(bit, COLUMNS)
        y, x = MARGIN + row * SQUARE, MARGIN + column * SQUARE
        inner = luma[y + 6 : y + SQUARE - 6, x + 6 : x + SQUARE - 6]
        number = number << 1 | int(inner.mean() > 127)
    return number
