# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch redact`: cover boxes in a video file of your own."""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.redact.engine import render
from sunporch.redact.errors import SOURCE_UNREADABLE
from sunporch.redact.plan import TICKS, Box, Kind, Plan, Track


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


def _box(text: str) -> tuple[int, int, int, int]:
    x, y, width, height = (int(number) for number in text.split(","))
    return x, y, width, height


def command(argv: list[str]) -> int:
    """Run `sunporch redact render` and return the exit code: 0 done, 1 failed."""
    parser = argparse.ArgumentParser(prog="sunporch redact", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    rendering = verbs.add_parser("render", help="write a covered copy of some seconds of a video file")
    rendering.add_argument("source", type=Path)
    rendering.add_argument("--from", dest="start", type=float, default=0.0, help="seconds from the file's start")
    rendering.add_argument("--to", dest="end", type=float, required=True, help="seconds from the file's start")
    rendering.add_argument("--box", type=_box, action="append", default=[], metavar="X,Y,WIDTH,HEIGHT")
    rendering.add_argument("--sound", action="store_true", help="keep the sound (off by default)")
    rendering.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(argv)
    start, end = round(arguments.start * TICKS), round(arguments.end * TICKS)
    tracks = tuple(
        Track(number, Kind.MANUAL, 1, (Box(x, y, width, height, 0, max(1, end - start)),))
        for number, (x, y, width, height) in enumerate(arguments.box, 1)
    )
    try:
        plan = Plan(start, end, tracks, arguments.sound)
        target = io.BytesIO()
        report = render([FileSource(arguments.source)], plan, target)
        durable.write(arguments.out, target.getvalue())
    except Error as error:
        print(error, file=sys.stderr)
        return 1
    print(report.as_text())
    return 0
