# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch redact`: cover boxes in a video file of your own."""

from __future__ import annotations

import argparse
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sunporch.base import durable
from sunporch.redact.engine import render
from sunporch.redact.errors import OUTPUT_UNWRITABLE, SOURCE_UNREADABLE, TRACKS_MALFORMED
from sunporch.redact.plan import TICKS, Box, Kind, Plan, Track, load, save


@dataclass(frozen=True)
class FileSource:
    """A video file; its first picture is at wall time 0."""

    path: Path

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def open(self) -> BinaryIO:
        """Return the file opened for reading."""
        try:
            return self.path.open("rb")
        except OSError as error:
            raise SOURCE_UNREADABLE(where=str(self.path), reason=str(error)) from error

    def wall_90k(self, media_90k: int) -> int:
        """Return the media time itself."""
        return media_90k


def command(argv: list[str]) -> int:
    """Run `sunporch redact ARGUMENTS` and return the exit code; raises the `redact.` errors."""
    given = _parser().parse_args(argv)
    if given.verb == "plan":
        _write(given.out, save(_drawn(given.box, given.start, given.end)).encode())
        print(f"{len(given.box)} boxes to cover, written into {given.out}")
        return 0
    start, end = round(given.start * TICKS), round(given.end * TICKS)
    saved = _saved(given.tracks) if given.tracks is not None else ()
    after = max((track.id for track in saved), default=0)
    tracks = (*saved, *_drawn(given.box, 0, given.end - given.start, after))
    target = io.BytesIO()
    report = render([FileSource(given.source)], Plan(start, end, tracks, given.sound), target)
    _write(given.out, target.getvalue())
    print(report.as_json() if given.json else report.as_text())
    return 0


def _drawn(boxes: list[tuple[int, int, int, int]], start: float, end: float, after: int = 0) -> tuple[Track, ...]:
    """Return a track for each box, numbered from after `after`; times are seconds of the cut."""
    begins, ends = round(start * TICKS), round(end * TICKS)
    return tuple(
        Track(number, Kind.MANUAL, 1, (Box(*box, begins, ends),)) for number, box in enumerate(boxes, after + 1)
    )


def _write(path: Path, data: bytes) -> None:
    try:
        durable.write(path, data)
    except OSError as error:
        raise OUTPUT_UNWRITABLE(where=str(path), reason=str(error)) from error


def _saved(path: Path) -> tuple[Track, ...]:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise TRACKS_MALFORMED(where=str(path), reason=str(error)) from error


def _box(text: str) -> tuple[int, int, int, int]:
    x, y, width, height = (int(number) for number in text.split(","))
    return x, y, width, height


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch redact", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    boxes = argparse.ArgumentParser(add_help=False)
    boxes.add_argument("--box", type=_box, action="append", default=[], metavar="X,Y,WIDTH,HEIGHT")
    boxes.add_argument("--out", type=Path, required=True)
    planning = verbs.add_parser("plan", parents=[boxes], help="write boxes into a track file, to be covered later")
    planning.add_argument("--from", dest="start", type=float, default=0.0, help="seconds from the start of the cut")
    planning.add_argument("--to", dest="end", type=float, required=True, help="seconds from the start of the cut")
    rendering = verbs.add_parser(
        "render", parents=[boxes], help="write a covered copy of some seconds of a video file"
    )
    rendering.add_argument("source", type=Path)
    rendering.add_argument("--from", dest="start", type=float, default=0.0, help="seconds from the file's start")
    rendering.add_argument("--to", dest="end", type=float, required=True, help="seconds from the file's start")
    rendering.add_argument("--tracks", type=Path, help="a track file; boxes are covered besides, for the whole cut")
    rendering.add_argument("--sound", action="store_true", help="keep the sound (off by default)")
    rendering.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser
