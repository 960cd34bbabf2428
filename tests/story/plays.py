# SPDX-License-Identifier: AGPL-3.0-or-later
"""Playing the story as a user would, by its command, and reading what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from sunporch.town.clips import read_frame_number
from sunporch.town.layout import free_base

PLAY_SECONDS = 400


@dataclass(frozen=True)
class Play:
    """One playing: its exit code, what it printed, its JSON report, and the folder that it kept."""

    code: int
    text: str
    report: dict[str, Any]
    folder: Path


def play(folder: Path, *options: str, around: tuple[str, ...] = ()) -> Play:
    """Run `sunporch demo --story` to its end; `around` is a command line that runs it (`offline.py`)."""
    kept, report = folder / "kept", folder / "report.json"
    command = [
        sys.executable,
        "-m",
        "sunporch.cli.main",
        "demo",
        "--story",
        "--keep",
        str(kept),
        "--json",
        str(report),
    ]
    done = subprocess.run(
        [*around, *command, "--ports", str(free_base()), *options],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PLAY_SECONDS,
        check=False,
    )
    said = json.loads(report.read_text()) if report.exists() else {}
    return Play(done.returncode, done.stdout, said, kept)


def frames(path: str | Path) -> list[av.VideoFrame]:
    """Return all decoded pictures of a video file."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def numbers(path: str | Path) -> list[int]:
    """Return the number that the squares of each picture say."""
    return [read_frame_number(frame) for frame in frames(path)]
