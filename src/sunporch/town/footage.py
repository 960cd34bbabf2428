# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the story's pictures come from, and which seconds of them Ana shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

from sunporch.recorder import CameraSource, look
from sunporch.town.clips import cached_clip
from sunporch.town.errors import CAMERA_UNREADABLE, SERVER_SILENT
from sunporch.town.town import WALL, Town

TICKS = 90_000
CLIP_SECONDS = 40
GARAGE_SIZE = (640, 360)
PEOPLE = 2
# Segments are closed after 10 s and at a keyframe; before that a stretch cannot be shared.
SEGMENT_SECONDS = 12.0
RECORD_SECONDS = 120
# What every released clip is, by FFmpeg's name; other footage is transcoded at release.
RELEASED_AS = "h264"
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
    codec: str


@dataclass(frozen=True)
class Picture:
    """What a camera or a file shows: pixels, codec by FFmpeg's name, and a file's length in seconds (else 0)."""

    width: int
    height: int
    codec: str
    seconds: float


def prepare(town: Town, camera: str) -> Source:
    """Start the virtual camera and return the porch camera's source; raises as `picture_of`."""
    garage = town.point_camera(
        cached_clip(town.layout.folder / "camera", CLIP_SECONDS, size="{}x{}".format(*GARAGE_SIZE), people=PEOPLE)
    )
    address = camera or garage
    picture = picture_of(address)
    box = corner(picture.width, picture.height)
    if "://" in address:
        return Source(address, None, garage, box, picture.codec)
    start = town.clock.now() - int(picture.seconds) - 60
    return Source(str(Path(address).resolve()), start, garage, box, picture.codec)


def corner(width: int, height: int) -> dict[str, int]:
    """Return the box over the lower right sixteenth of a picture, in whole pairs of pixels."""
    return {"x": width * 3 // 8 * 2, "y": height * 3 // 8 * 2, "width": width // 4, "height": height // 4}


def picture_of(address: str) -> Picture:
    """Look at a camera or file; raises `town.camera-unreadable` for a file, `recorder.` errors for a camera."""
    if "://" in address:
        seen = look(CameraSource("", address))
        return Picture(seen.width, seen.height, seen.codec.value, 0.0)
    try:
        with av.open(address) as container:
            stream: VideoStream = container.streams.video[0]
            seconds = float((container.duration or 0) / av.time_base)
            return Picture(stream.width, stream.height, stream.codec_context.name, seconds)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise CAMERA_UNREADABLE(where=address, reason=str(error)) from error


def camera_of(town: Town, name: str) -> dict[str, Any]:
    """Return what Ana's hub says of her camera of that name."""
    cameras: list[dict[str, Any]] = town.visit("ana").ask("GET", "/api/v1/cameras")
    return next(camera for camera in cameras if camera["name"] == name)


def camera_id(town: Town, name: str) -> str:
    """Return the id of Ana's camera of that name."""
    return str(camera_of(town, name)["id"])


def trouble(town: Town, name: str) -> str:
    """Return why Ana's camera of that name is not recorded, or nothing."""
    said = camera_of(town, name)["trouble"]
    return f"{said['what']} [{said['id']}]" if said["id"] else ""


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
    """Wait until a camera of Ana's has recorded so many seconds without a gap in the last hour.

    Returns the first tick of the first such stretch: that of the first recorded frame, unless recording was
    interrupted before it was so long.
    """
    end = WALL.monotonic() + RECORD_SECONDS
    while True:
        found = spans(town, name)
        first = next((start for start, stop in found if stop - start >= round(seconds * TICKS)), None)
        if first is not None:
            return first
        if WALL.monotonic() > end:
            last = trouble(town, name) or str(found)
            raise SERVER_SILENT(where=name, what="recording without a gap", seconds=RECORD_SECONDS, last=last)
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
            said = trouble(town, name) or str(last)
            raise SERVER_SILENT(where=name, what="closing a segment", seconds=RECORD_SECONDS, last=said)
        WALL.sleep(0.5)
