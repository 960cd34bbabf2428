# SPDX-License-Identifier: AGPL-3.0-or-later
"""The story: Sunporch's whole job played once by its cast, on real processes, as numbered steps with log indices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sunporch.base.errors import Error
from sunporch.town.errors import PROMISE_BROKEN, STEP_FAILED
from sunporch.town.town import WALL, Town


@dataclass(frozen=True)
class Options:
    """What the command line says about one playing of the story.

    `camera` is an RTSP address, a video file, or empty for the virtual camera; `seconds` counts from the first
    recorded frame; `keep` is the folder that will hold everything, and the released plaintext, or None.
    """

    camera: str = ""
    seconds: tuple[float, float] = (2.0, 6.0)
    keep: Path | None = None


@dataclass
class Step:
    """One step as it went: its number, who did what, log indices by name, sentences, seconds it took."""

    number: int
    title: str
    indices: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    took: float = 0.0

    def record(self, name: str, index: int) -> int:
        """Note the log index of what was recorded in this step, and return it."""
        self.indices[name] = index
        return index

    def once(self, name: str, act: Callable[[], int]) -> int:
        """Do what is recorded under the name and note its index; played again, it is not done again."""
        return self.indices[name] if name in self.indices else self.record(name, act())

    def say(self, sentence: str) -> None:
        """Note a sentence for the reader."""
        self.said.append(sentence)


@dataclass
class Findings:
    """What the story brings back besides its steps, as decision 22 names it."""

    clip: str = ""
    sealed_clip: str = ""
    opened_clip: str = ""
    released_clip_sha256: str = ""
    opened_clip_sha256: str = ""
    after_end: dict[str, Any] = field(default_factory=dict)
    box: dict[str, int] = field(default_factory=dict)
    people_covered: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)


type Scene = Callable[["Story", Step], None]


class Story:
    """One playing of the story in one town."""

    def __init__(self, town: Town, options: Options, tell: Callable[[str], None]) -> None:
        self.town = town
        self.options = options
        self.findings = Findings(seconds=options.seconds)
        self.steps: list[Step] = []
        self.indices: dict[str, int] = {}
        self._tell = tell

    def play(self, scenes: Sequence[tuple[str, Scene]]) -> None:
        """Play the scenes in order; raises `town.step-failed` with the step and the server's own error."""
        for title, scene in scenes:
            step = self._step(title)
            self._tell(f"\n{step.number:>2}  {title}")
            began = WALL.monotonic()
            try:
                scene(self, step)
            except Error as error:
                self.indices |= step.indices
                folder = self.town.layout.folder / "logs"
                raise STEP_FAILED(
                    where=error.where, number=step.number, title=title, reason=str(error), folder=folder
                ) from error
            step.took = round(WALL.monotonic() - began, 1)
            self.indices |= step.indices
            for sentence in step.said:
                self._tell(f"      {sentence}")
            if step.indices:
                recorded = ", ".join(f"{name} #{index}" for name, index in step.indices.items())
                self._tell(f"      on record: {recorded}   ({step.took} s)")

    def _step(self, title: str) -> Step:
        """Return the step of this title: the last one, when a step that failed is played again, else a new one."""
        if not self.steps or self.steps[-1].title != title:
            self.steps.append(Step(len(self.steps) + 1, title))
        self.steps[-1].said.clear()
        return self.steps[-1]

    def report(self, failure: Error | None = None) -> dict[str, Any]:
        """Return what `--json` writes; after a failure its error is in it, and no log (it may not answer)."""
        layout = self.town.layout
        return {
            "error": failure.as_json() if failure else {},
            "steps": [asdict(step) for step in self.steps],
            "pids": self.town.supervisor.pids(),
            "log": {} if failure else self.town.head(),
            "dirs": {
                "portal": str(layout.data("portal")),
                "custodian": str(layout.data("custodian")),
                "hub": str(layout.data("hub")),
                "people": str(layout.people),
                "log": str(layout.data("portal") / "log"),
            },
            **asdict(self.findings),
        }


def expect(holds: object, reason: str) -> None:
    """Raise `town.promise-broken` unless what the step promises holds."""
    if not holds:
        raise PROMISE_BROKEN(reason=reason)


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write the JSON report."""
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
