# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an engine did, for the index inside the seal and for people."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.base import strictjson
from sunporch.redact.plan import TICKS, Plan


@dataclass(frozen=True)
class Covered:
    """One covered track: its kind, on how many frames it was painted, and the first and last of them (ms)."""

    track: int
    kind: str
    frames: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True)
class Report:
    """The result of a rendering; `input_sha256` has one digest a source, in order.

    `detector` names what found the tracks, with its least score; empty where a person alone drew them.
    `reencoded` 1: every picture was decoded and encoded anew, so none is the source's own bytes.
    """

    engine: str
    version: str
    detector: str
    width: int
    height: int
    frames: int
    duration_ms: int
    reencoded: int
    sound: int
    visible: int
    media_type: str
    input_sha256: tuple[str, ...]
    output_sha256: str
    output_sha512: str
    output_bytes: int
    covered: tuple[Covered, ...]

    def as_json(self) -> str:
        """Return the report as one strict JSON line."""
        value = dict(self.__dict__)
        value["input_sha256"] = list(self.input_sha256)
        value["covered"] = [dict(item.__dict__) for item in self.covered]
        return strictjson.dumps(value)

    def as_text(self) -> str:
        """Return the report in words, one fact a line."""
        lines = [
            f"{self.frames} pictures of {self.width} x {self.height}, {self.duration_ms / 1000:.1f} seconds",
            "every picture encoded anew" if self.reencoded else "the source's own pictures",
            "with sound" if self.sound else "without sound",
            f"left visible by choice: {self.visible}",
        ]
        lines += [
            f"covered: {item.kind} {item.track}, on {item.frames} pictures, "
            f"{item.first_ms / 1000:.1f} s to {item.last_ms / 1000:.1f} s"
            for item in self.covered
        ]
        lines += [f"found by: {self.detector}"] if self.detector else []
        return "\n".join([*lines, f"engine: {self.engine} ({self.version})", f"SHA-256: {self.output_sha256}"])


class Tally:
    """Counts on which frames each track was painted."""

    def __init__(self) -> None:
        self._frames: dict[int, list[int]] = {}

    def note(self, at_90k: int, covered: set[int]) -> None:
        """Note a frame at this time from the start of the cut, and the tracks that were painted on it."""
        for track in covered:
            self._frames.setdefault(track, []).append(at_90k * 1000 // TICKS)

    def covered(self, plan: Plan) -> tuple[Covered, ...]:
        """Return what was covered, by track of the plan."""
        kinds = {track.id: track.kind.value for track in plan.tracks}
        return tuple(
            Covered(track, kinds[track], len(times), times[0], times[-1])
            for track, times in sorted(self._frames.items())
        )
