# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds people in one picture. A detector is a class with these few members and a line in `DETECTORS`.

YuNet at the picture's own size: its three maps (a cell for every 8, 16 and 32 pixels) each say how sure the network
is of a face, and where it lies about the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import onnxruntime
from av.video.frame import VideoFrame

from sunporch.redact import weights
from sunporch.redact.freesize import without_sizes
from sunporch.redact.plan import Kind

# A larger picture is looked at at half its size or less: a face worth hiding is larger there, too.
MOST_PIXELS = 2_560 * 1_440
STRIDES = (8, 16, 32)
# Below this a face is none; `track` decides what of the doubtful becomes one.
LEAST_SCORE = 0.3
# Two finds that share more of their area than this are one.
MOST_OVERLAP = 0.3
MOST_FOUND = 500  # in one picture, the surest of them
type Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody in a picture: a box in its pixels (it may reach over the edge), and how sure that is, 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    score: float


class Detector(Protocol):
    """What finds people in pictures; `name` says which weights and least score it works with."""

    @property
    def name(self) -> str:
        """For the report: the same name finds the same in the same picture."""

    @property
    def kind(self) -> Kind:
        """What it finds."""

    def detect(self, frame: VideoFrame) -> list[Found]:
        """Return what is in an upright picture (yuv420p)."""


class YuNet:
    """Faces by YuNet; raises `redact.model-damaged` when made without sound weights. One thread, no spinning.

    It keeps the memory that one picture needs (some 200 MB at 1080p), so make it for a clip and let it go after that.
    """

    name = f"{weights.YUNET.name} from {LEAST_SCORE}"
    kind = Kind.FACE

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = without_sizes(weights.load(weights.YUNET))
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def detect(self, frame: VideoFrame) -> list[Found]:
        """Return the faces."""
        shrunk = 1
        while frame.width * frame.height > MOST_PIXELS * shrunk**2:
            shrunk += 1
        picture = _input(frame, frame.width // shrunk, frame.height // shrunk)
        names = [f"{part}_{stride}" for stride in STRIDES for part in ("cls", "obj", "bbox")]
        maps = dict(zip(names, self._session.run(names, {"input": picture}), strict=True))
        rows = np.concatenate([_decoded(maps, stride, picture.shape[3] // stride) for stride in STRIDES])
        rows[:, :4] *= shrunk
        return [Found(*row) for row in _surest(rows).astype(float).tolist()]


DETECTORS: dict[str, Callable[[], Detector]] = {"yunet": YuNet}


def _input(frame: VideoFrame, width: int, height: int) -> Floats:
    """Return the picture as the network wants it: blue, green, red, 0 to 255, edges filled up to whole cells."""
    planes = frame.reformat(width=width, height=height, format="gbrp").planes
    across, down = (-(-side // STRIDES[-1]) * STRIDES[-1] for side in (width, height))
    picture = np.zeros((1, 3, down, across), np.float32)
    for channel, plane in enumerate((planes[1], planes[0], planes[2])):
        pixels = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        picture[0, channel, :height, :width] = pixels[:, :width]
    return picture


def _decoded(maps: dict[str, Floats], stride: int, across: int) -> Floats:
    """Return a row (x, y, width, height, score) for each cell of one map that is sure enough."""
    score = np.sqrt(np.clip(maps[f"cls_{stride}"][0, :, 0], 0, 1) * np.clip(maps[f"obj_{stride}"][0, :, 0], 0, 1))
    cells = np.flatnonzero(score >= LEAST_SCORE)
    middle = maps[f"bbox_{stride}"][0, cells, :2] + np.stack((cells % across, cells // across), axis=1)
    size = np.exp(maps[f"bbox_{stride}"][0, cells, 2:])
    return np.hstack(((middle - size / 2) * stride, size * stride, score[cells, None])).astype(np.float32)


def _surest(rows: Floats) -> Floats:
    """Return one row for each group that overlaps, the surest, in falling order of score."""
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0], -rows[:, 4]))]
    kept: list[Floats] = []
    while len(rows) and len(kept) < MOST_FOUND:
        best, rows = rows[0], rows[1:]
        kept.append(best)
        wide = np.minimum(rows[:, 0] + rows[:, 2], best[0] + best[2]) - np.maximum(rows[:, 0], best[0])
        high = np.minimum(rows[:, 1] + rows[:, 3], best[1] + best[3]) - np.maximum(rows[:, 1], best[1])
        shared = np.maximum(wide, 0) * np.maximum(high, 0)
        whole = rows[:, 2] * rows[:, 3] + best[2] * best[3] - shared
        rows = rows[shared <= MOST_OVERLAP * whole]
    return np.array(kept, np.float32).reshape(-1, 5)
