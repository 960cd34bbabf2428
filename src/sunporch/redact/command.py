# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch redact`: find people in a video file of your own, look over what was found, and cover them."""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from sunporch.base import durable, strictjson
from sunporch.redact import weights
from sunporch.redact.analyse import analyse
from sunporch.redact.detect import DETECTORS
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
    act: Callable[[argparse.Namespace], None] = given.act
    act(given)
    return 0


def _models(given: argparse.Namespace) -> None:
    """Print whose weights find people, after comparing each with its digest."""
    for known in weights.KNOWN:
        weights.load(known)
    if given.json:
        print(strictjson.dumps({"models": [asdict(known) for known in weights.KNOWN]}))
        return
    for known in weights.KNOWN:
        print(f"{known.name}\n  licence: {known.licence}\n  origin: {known.origin}")
        print(f"  trained on: {known.trained_on}\n  SHA-256: {known.sha256}")


def _plan(given: argparse.Namespace) -> None:
    _write(given.out, save(_drawn(given.box, given.start, given.end)).encode())
    print(f"{len(given.box)} boxes to cover, written into {given.out}")


def _analyse(given: argparse.Namespace) -> None:
    start, end = round(given.start * TICKS), round(given.end * TICKS)
    Plan(start, end)  # refuses seconds that cannot be before anything is decoded
    shown = _Progress()
    found = analyse([FileSource(given.source)], start, end, DETECTORS[given.detector](), shown.tell)
    _write(given.out, save(found.tracks).encode())
    if given.json:
        print(strictjson.dumps({"found": len(found.tracks), "frames": found.frames, "detector": found.detector}))
        return
    print(f"{len(found.tracks)} found in {found.frames} pictures of {found.width} x {found.height}: {given.out}")


class _Progress:
    """Says on standard error how far it came, where a person looks on."""

    def __init__(self) -> None:
        self._said = -1

    def tell(self, done_90k: int, total_90k: int) -> None:
        """Say each whole percent once."""
        percent = done_90k * 100 // total_90k
        if percent != self._said and sys.stderr.isatty():
            print(f"\r{percent} %", end="", file=sys.stderr, flush=True)
        self._said = percent


def _render(given: argparse.Namespace) -> None:
    start, end = round(given.start * TICKS), round(given.end * TICKS)
    saved = _saved(given.tracks) if given.tracks is not None else ()
    after = max((track.id for track in saved), default=0)
    tracks = (*saved, *_drawn(given.box, 0, given.end - given.start, after))
    target = io.BytesIO()
    report = render([FileSource(given.source)], Plan(start, end, tracks, given.sound), target)
    _write(given.out, target.getvalue())
    print(report.as_json() if given.json else report.as_text())


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
    seconds = argparse.ArgumentParser(add_help=False)
    seconds.add_argument("source", type=Path)
    seconds.add_argument("--from", dest="start", type=float, default=0.0, help="seconds from the file's start")
    seconds.add_argument("--to", dest="end", type=float, required=True, help="seconds from the file's start")
    seconds.add_argument("--json", action="store_true", help="print the report as JSON")
    models = verbs.add_parser("models", help="whose weights find people, under which licence, from where")
    models.set_defaults(act=_models)
    models.add_argument("--json", action="store_true", help="print them as JSON")
    analysing = verbs.add_parser("analyse", parents=[seconds], help="find people; write them into a track file")
    analysing.set_defaults(act=_analyse)
    analysing.add_argument("--detector", choices=sorted(DETECTORS), default=next(iter(DETECTORS)))
    analysing.add_argument("--out", type=Path, required=True)
    planning = verbs.add_parser("plan", parents=[boxes], help="write boxes into a track file, to be covered later")
    planning.set_defaults(act=_plan)
    planning.add_argument("--from", dest="start", type=float, default=0.0, help="seconds from the start of the cut")
    planning.add_argument("--to", dest="end", type=float, required=True, help="seconds from the start of the cut")
    rendering = verbs.add_parser(
        "render", parents=[boxes, seconds], help="write a covered copy of some seconds of a video file"
    )
    rendering.set_defaults(act=_render)
    rendering.add_argument("--tracks", type=Path, help="a track file; boxes are covered besides, for the whole cut")
    rendering.add_argument("--sound", action="store_true", help="keep the sound (off by default)")
    return parser
