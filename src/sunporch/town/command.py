# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch demo`: a whole town on this machine, to look at or to play the story in."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from sunporch.base.clock import forbid_offset_outside_demo
from sunporch.base.errors import Error
from sunporch.town import page, scenes
from sunporch.town.clock import DAY, TownClock, parse_range, parse_span
from sunporch.town.errors import FOLDER_OCCUPIED
from sunporch.town.layout import DEFAULT_BASE, DEFAULT_FOLDER, ORIGIN, Layout
from sunporch.town.processes import LOOPBACK
from sunporch.town.story import Options, Story, write_report
from sunporch.town.town import WALL, PublicRecord, Town, advance

DONE, WRONG = 0, 1
WATCH_SECONDS = 0.5


class _Ended(Exception):
    """Ctrl-C or SIGTERM."""


def command(arguments: list[str]) -> int:
    """Run `sunporch demo ARGUMENTS` and return the exit code."""
    given = _parser().parse_args(arguments)
    if given.serve_page is not None:
        page.serve(Layout(given.serve_page, given.ports))
        return DONE
    if given.advance is not None:
        return _advance(parse_span(given.advance))
    seconds = parse_range(given.seconds)
    forbid_offset_outside_demo(ORIGIN, [LOOPBACK])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    options = Options(given.camera, seconds, given.keep)
    try:
        return _story(given, options) if given.story else _demo(given, options)
    except _Ended:
        print("\nThe town has ended.")
        return DONE


def _end(_number: int, _frame: FrameType | None) -> None:
    # A second signal must not break into the tidying up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise _Ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sunporch demo", description="A whole town on this machine.")
    parser.add_argument("--story", action="store_true", help="play the story once and end; exit 0 if all went well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what the story found, as JSON")
    parser.add_argument("--camera", default="", metavar="ADDRESS", help="Ana's camera: rtsp://... or a video file")
    parser.add_argument("--seconds", default="2:6", metavar="A:B", help="what she shares, from the first picture on")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an empty folder in which the story leaves all")
    parser.add_argument("--fresh", action="store_true", help="erase the demo's folder .town first")
    parser.add_argument("--ports", type=int, default=DEFAULT_BASE, metavar="BASE", help="first of the town's ports")
    parser.add_argument("--advance", metavar="SPAN", help="move the clock of the running town, e.g. 60d")
    parser.add_argument("--serve-page", type=Path, help=argparse.SUPPRESS)
    return parser


def _advance(seconds: int) -> int:
    """Move the clock of the town that runs from .town and wait until its record lives at the new time."""
    layout = Layout.announced(DEFAULT_FOLDER)
    clock = TownClock(layout.clock)
    record = PublicRecord(layout)
    try:
        advance(clock, record, seconds, layout)
    finally:
        record.close()
    print(f"The town moved {seconds // DAY} days on; it now lives {clock.behind // DAY} days behind our clock.")
    return DONE


def _story(given: argparse.Namespace, options: Options) -> int:
    with contextlib.ExitStack() as stack:
        if given.fresh:
            _erase(DEFAULT_FOLDER)
        folder = _empty(given.keep) if given.keep else _temporary(stack)
        town = stack.enter_context(Town(Layout(folder, given.ports)))
        began = WALL.monotonic()
        story = Story(town, options, lambda line: print(line, flush=True))
        failure: Error | None = None
        try:
            story.play(scenes.ALL)
        except Error as error:
            failure = error
        took = WALL.monotonic() - began
        if given.json:
            write_report(given.json, story.report(failure))
        if failure is not None:
            raise failure
        print(f"\nAll {len(story.steps)} steps went as promised, in {took:.0f} s.")
        if given.keep:
            print(f"Everything is in {folder}.")
    return DONE


def _demo(given: argparse.Namespace, options: Options) -> int:
    """Start the town, or start again the one that is there, and leave it running until Ctrl-C."""
    if given.fresh:
        _erase(DEFAULT_FOLDER)
    layout = Layout(DEFAULT_FOLDER, given.ports)
    standing = (layout.folder / "town.json").exists()
    if standing:
        layout = Layout.announced(DEFAULT_FOLDER)
    else:
        _empty(layout.folder)
    with Town(layout) as town:
        if standing:
            town.reopen()
        else:
            Story(town, options, lambda line: print(line, flush=True)).play(scenes.OPENING)
        town.show_page()
        print(f"\nThe town is open: {layout.url('page')}\nCtrl-C ends it; what it holds stays in {layout.folder}/.")
        sys.stdout.flush()
        while True:
            town.supervisor.check()
            WALL.sleep(WATCH_SECONDS)


def _empty(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()):
        raise FOLDER_OCCUPIED(where=str(folder))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder.resolve()


def _temporary(stack: contextlib.ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sunporch-story-"))).resolve()


def _erase(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
