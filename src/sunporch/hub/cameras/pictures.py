# SPDX-License-Identifier: AGPL-3.0-or-later
"""What residents look at: a still of one moment, a stretch that plays in a browser. In memory, for one answer."""

from __future__ import annotations

import io
from collections import deque
from fractions import Fraction

import av
from av.video.frame import VideoFrame

from sunporch.base.errors import Error
from sunporch.hub.cameras.models import Camera
from sunporch.hub.errors import PICTURE_ABSENT, WATCH_LENGTH
from sunporch.redact.decode import Source, decoded, upright
from sunporch.redact.engine import render
from sunporch.redact.plan import Plan
from sunporch.redact.report import Report
from sunporch.vault import TICKS, Footage, Part, Vault
from sunporch.vault.errors import FOOTAGE_MISSING, FOOTAGE_UNFINISHED

MOST_WATCH_SECONDS = 15 * 60
# A still is looked for so far after its moment: cameras give at least one picture in this time.
STILL_SECONDS = 2
# What was recorded is told in whole seconds: a moment that counts as recorded may lie so far behind its last picture.
SEEN_SECONDS = 1
STILL_WIDTH = 640
# What is being recorded now opens when its segment ends: the newest still is looked for at these ages (seconds).
NEWEST_AGES = (1, 5, 15, 30, 60, 90, 120, 180, 240, 300, 420, 600)


def still(vault: Vault, camera: Camera, at_s: float) -> bytes:
    """Return the first picture at or after a moment as JPEG, or what was still seen where nothing comes after it.

    Raises `hub.picture-absent` and what `vault` says.
    """
    start, end = round(at_s * TICKS), round((at_s + STILL_SECONDS) * TICKS)
    for part in _parts(vault, camera, at_s, at_s + STILL_SECONDS):
        found = first(part, start, end)
        if found is not None:
            return found
    before = max(0, at_s - SEEN_SECONDS)
    for part in reversed(_parts(vault, camera, before, at_s)):
        for picture in deque(decoded(part, round(before * TICKS), start), maxlen=1):
            return _jpeg(upright(picture.frame), picture.aspect)
    raise PICTURE_ABSENT(where=camera.name)


def _parts(vault: Vault, camera: Camera, from_s: float, to_s: float) -> tuple[Part, ...]:
    try:
        return vault.footage(camera.id, from_s, to_s).parts
    except Error as error:
        if error.kind is FOOTAGE_MISSING:
            return ()
        raise


def first(source: Source, start_90k: int, end_90k: int) -> bytes | None:
    """Return the first picture of [start, end) as JPEG, None where there is none."""
    for picture in decoded(source, start_90k, end_90k):
        return _jpeg(upright(picture.frame), picture.aspect)
    return None


def newest_still(vault: Vault, camera: Camera) -> tuple[bytes, int]:
    """Return the newest picture that can be opened (JPEG) and its Unix second; raises `hub.picture-absent`."""
    last = vault.last_recorded_90k(camera.id)
    if last is None:
        raise PICTURE_ABSENT(where=camera.name)
    for age in NEWEST_AGES:
        at = max(0, last // TICKS - age)
        try:
            return still(vault, camera, at), at
        except Error as error:
            if error.kind not in (PICTURE_ABSENT, FOOTAGE_UNFINISHED):
                raise
    raise PICTURE_ABSENT(where=camera.name)


def _jpeg(frame: VideoFrame, aspect: Fraction) -> bytes:
    """Return the picture as JPEG, at most `STILL_WIDTH` wide, its pixels made square."""
    shown = frame.width * aspect
    width = min(STILL_WIDTH, round(shown)) & ~1
    height = max(2, round(frame.height * width / shown)) & ~1
    small = frame.reformat(width=width, height=height, format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, TICKS)
    small.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(small), *encoder.encode(None)))


def watch(vault: Vault, camera: Camera, from_s: float, to_s: float, *, sound: bool) -> tuple[bytes, Report, Footage]:
    """Return exactly [from, to) as an MP4 that browsers play, nothing covered: for the household's own eyes.

    Raises `hub.watch-length`, and what `vault` and `redact` say.
    """
    check_length(camera, from_s, to_s, MOST_WATCH_SECONDS)
    footage = vault.footage(camera.id, from_s, to_s)
    target = io.BytesIO()
    report = render(footage.parts, Plan(footage.start_90k, footage.end_90k, (), sound), target)
    return target.getvalue(), report, footage


def check_length(camera: Camera, from_s: float, to_s: float, most_seconds: int) -> None:
    """Raise `hub.watch-length` where a stretch is too long to be rendered for one answer."""
    if to_s - from_s > most_seconds:
        raise WATCH_LENGTH(where=camera.name, most=most_seconds // 60)
