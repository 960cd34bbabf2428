# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the story's pictures come from, and which seconds of them Ana shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.video.stream import VideoStream

from sunporch.town.clips import cached_clip
from sunporch.town.errors import CAMERA_UNREADABLE, SERVER_SILENT
from sunporch.town.town import WALL, Town

TICKS = 90_000
CLIP_SECONDS = 40
GARAGE_SIZE = (640, 360)
# Segments are closed after 10 s and at a keyframe; before that a stretch cannot be shared.
SEGMENT_SECONDS = 12.0
RECORD_SECONDS = 120
PROBE_SECONDS = 10.0
# A frame belongs to a second if it was seen up to 5 ms before: RTP clocks round to 1/90,000 s.
ROUNDING_90K = 450


@dataclass(frozen=True)
class Source:
    """Ana's porch camera: its address, when a file's first picture was taken, the box that covers a corner of it.

    `garage` is the virtual camera's address, which also serves Omar's house.
    """

    address: str
    start: int | None
    garage: str
    box: dict[str, int]


def prepare(town: Town, camera: str) -> Source:
    """Start the virtual camera and return the porch camera's source; raises `town.camera-unreadable`."""
    garage = town.point_camera(
        cached_clip(town.layout.folder / "camera", CLIP_SECONDS, size="{}x{}".format(*GARAGE_SIZE))
    )
    address = camera or garage
    width, height, seconds = picture_of(address)
    box = corner(width, height)
    if "://" in address:
        return Source(address, None, garage, box)
    start = town.clock.now() - int(seconds) - 60
    return Source(str(Path(address).resolve()), start, garage, box)


def corner(width: int, height: int) -> dict[str, int]:
    """Return the box over the lower right sixteenth of a picture, in whole pairs of pixels."""
    return {"x": width * 3 // 8 * 2, "y": height * 3 // 8 * 2, "width": width // 4, "height": height // 4}


def picture_of(address: str) -> tuple[int, int, float]:
    """Return width and height in pixels and, of a file, its length in seconds."""
    options = {"rtsp_transport": "tcp"} if "://" in address else {}
    try:
        with av.open(address, options=options, timeout=PROBE_SECONDS) as container:
            stream: VideoStream = container.streams.video[0]
            return stream.width, stream.height, float((container.duration or 0) / av.time_base)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise CAMERA_UNREADABLE(where=address, reason=str(error)) from error


def camera_id(town: Town, name: str) -> str:
    """Return the id of Ana's camera of that name."""
    cameras = town.visit("ana").ask("GET", "/api/v1/cameras")
    return next(str(camera["id"]) for camera in cameras if camera["name"] == name)


def spans(town: Town, name: str) -> list[tuple[int, int]]:
    """Return what one of Ana's cameras recorded in the last hour, in 90 kHz ticks since the epoch."""
    now = town.clock.now()
    path = f"/api/v1/cameras/{camera_id(town, name)}/timeline?from={now - 3_500}&to={now + 1}"
    return [(span["from_90k"], span["to_90k"]) for span in town.visit("ana").ask("GET", path)["spans"]]


def is_earlier(town: Town, name: str) -> bool:
    """Say whether a camera's pictures all lie in the past: those of a file."""
    found = spans(town, name)
    return bool(found) and found[-1][1] < (town.clock.now() - 2 * SEGMENT_SECONDS) * TICKS


def await_recorded(town: Town, name: str, seconds: float) -> int:
    """Wait until a camera of Ana's has recorded so many seconds in the last hour; return the first tick of them."""
    end = WALL.monotonic() + RECORD_SECONDS
    while True:
        found = spans(town, name)
        if found and found[-1][1] - found[0][0] >= round(seconds * TICKS):
            return found[0][0]
        if WALL.monotonic() > end:
            raise SERVER_SILENT(where=name, what="recording", seconds=RECORD_SECONDS, last=str(found))
        WALL.sleep(0.5)


def newest(town: Town, name: str, before: int, seconds: float) -> tuple[int, int]:
    """Return the newest so many seconds (ticks) of one unbroken stretch before the Unix second `before`."""
    wanted, last = round(seconds * TICKS), before * TICKS
    ends = [min(end, last) for start, end in spans(town, name) if min(end, last) - start >= wanted]
    if not ends:
        raise SERVER_SILENT(where=name, what="recording without a gap", seconds=round(seconds), last="")
    return max(ends) - wanted, max(ends)


def await_closed(town: Town, name: str, stop_90k: int) -> None:
    """Wait until the segment that holds this tick is closed: only then can it be shared."""
    end = WALL.monotonic() + RECORD_SECONDS
    while True:
        last = spans(town, name)[-1][1]
        is_old = stop_90k < (town.clock.now() - 2 * SEGMENT_SECONDS) * TICKS
        if is_old or last - stop_90k >= SEGMENT_SECONDS * TICKS:
            return
        if WALL.monotonic() > end:
            raise SERVER_SILENT(where=name, what="closing a segment", seconds=RECORD_SECONDS, last=str(last))
        WALL.sleep(0.5)
