# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steps of the verification by number, and what a report says of each. The numbers are those of
spec/verification.md, of `sunporch verify --verbose`, and of the tests' names; they never change.
"""  # noqa: D205 - one sentence, longer than a line

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any

TELL = "Keep a copy of these files as evidence, and show this line to the community and to whoever it names."
_TIMES = ("time", "ends")
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def span(seconds: int) -> str:
    """Return a span in its largest unit that is at least two: `44 days`, `3 hours`, `90 minutes`."""
    unit, length = next((each for each in _UNITS if seconds >= 2 * each[1]), ("second", 1))
    return f"{seconds // length} {unit}s"


class Numbered(Enum):
    """A step: its number and what it checks."""

    @property
    def number(self) -> int:
        """The step's number."""
        return int(self.value[0])

    @property
    def sentence(self) -> str:
        """What the step checks."""
        return str(self.value[1])


class Step(Numbered):
    """The steps of the verification of a whole log."""

    STRUCTURE = (1, "every file is there and in its form")
    LOG_SIGNATURE = (2, "the log signed every checkpoint")
    QUORUM = (3, "enough co-signers signed every kept checkpoint, and nobody unknown did")
    CONSISTENCY = (4, "every kept checkpoint continues the one before, from the pinned first entry on")
    TREE = (5, "bundles and tiles are those that the checkpoints cover, byte for byte")
    ENTRIES = (6, "every entry is in form and its signatures are good")
    TIMES = (7, "every entry's time is the co-signers' time, and none goes back")
    BLOBS = (8, "every text that the record commits to is there, or was taken down by a reviewer")
    FOLD = (9, "what counts is computed anew; what does not count is listed")
    DECIDE = (10, "the town's rules are applied again to every appeal and share")
    LEASES = (11, "every key was destroyed at its end, none before, none later than two hours after")
    OUTCOMES = (12, "every closed appeal has an outcome in time")
    UNSEALS = (13, "every sealed request is opened by its date")
    BREACHES = (14, "what went wrong and was put on record")


class ReceiptStep(Numbered):
    """The steps of the offline check of a receipt."""

    FORM = (1, "the file is a receipt in its form")
    PIN = (2, "it belongs to the pinned record")
    PROOF = (3, "enough co-signers saw the share on record")
    ENTRY = (4, "the share is in form and signed by its one-time key, at the time the co-signers saw")
    CUSTODY = (5, "the key custodian on record signed that it holds half of the key, and until when")
    WITHDRAWAL = (6, "the withdrawal inside will be accepted: signed by the one-time key, for this share")


class Level(StrEnum):
    """How much a finding weighs."""

    ALARM = "alarm"  # something was changed, withheld, forged, or a promise broken
    OWED = "owed"  # somebody is late with what they owe the public
    NOTE = "note"  # worth knowing, nobody did wrong


@dataclass(frozen=True)
class Finding:
    """One thing found: how much it weighs, a stable word, where, a sentence, and for an alarm what to do next."""

    level: Level
    id: str
    where: str
    sentence: str
    next: str


@dataclass
class StepResult:
    """What one step found. `checked` False: an earlier alarm made it impossible."""

    checked: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Say whether it was checked and nothing alarming was found."""
        return self.checked and not any(finding.level is Level.ALARM for finding in self.findings)


class Report[Kind: Numbered]:
    """What a verification found, by step. `facts` say what was verified, in the order in which they are shown."""

    def __init__(self, kind: type[Kind], form: str, *, pinned: bool) -> None:
        self.form = form
        self.pinned = pinned
        self.facts: dict[str, str | int] = {}
        self.steps: dict[Kind, StepResult] = {step: StepResult() for step in kind}

    @property
    def ok(self) -> bool:
        """Say whether every step was checked and no alarm was found: exit code 0."""
        return all(result.ok for result in self.steps.values())

    def add(self, step: Kind, level: Level, finding_id: str, where: str, sentence: str, advice: str = "") -> None:
        """Put down a finding under its step; an alarm without advice of its own is one to tell others of."""
        what_next = (advice or TELL) if level is Level.ALARM else ""
        self.steps[step].findings.append(Finding(level, finding_id, where, sentence, what_next))

    def checked_up_to(self, last: Kind) -> None:
        """Say that every step to this one was checked."""
        for step, result in self.steps.items():
            result.checked = result.checked or step.number <= last.number

    def first_wrong(self) -> Kind | None:
        """Return the first step with an alarm."""
        return next((step for step, result in self.steps.items() if result.checked and not result.ok), None)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs; its form is in spec/verification.md."""
        steps = [
            {
                "number": step.number,
                "name": step.name.lower(),
                "checked": result.checked,
                "ok": result.ok,
                "findings": [
                    {"level": f.level.value, "id": f.id, "where": f.where, "sentence": f.sentence, "next": f.next}
                    for f in result.findings
                ],
            }
            for step, result in self.steps.items()
        ]
        return {"format": self.form, "ok": self.ok, "pinned": self.pinned, **self.facts, "steps": steps}

    def as_text(self, *, verbose: bool = False) -> str:
        """Return the report for people: all alarms and debts; with `verbose` every step and every note."""
        lines = [f"{name}: {_shown(name, value)}" for name, value in self.facts.items()]
        if not self.pinned:
            lines.append("Trust on first use: nothing was pinned, so this is only as good as where it came from.")
        unchecked = [step.number for step, result in self.steps.items() if not result.checked]
        for step, result in self.steps.items():
            shown = [f for f in result.findings if verbose or f.level is not Level.NOTE]
            if verbose or shown or (result.checked and not result.ok):
                state = "ok" if result.ok else "ALARM" if result.checked else "not checked"
                lines.append(f"{step.number:>3}. {step.sentence}: {state}")
            lines += [f"       {f.level.value}: {f.where}: {f.sentence} [{f.id}]" for f in shown]
        wrong = self.first_wrong()
        if wrong is None:
            return "\n".join([*lines, "All is sound."])
        if unchecked:
            numbers = ", ".join(map(str, unchecked))
            lines.append(f"Not checked, because nothing behind this alarm could be believed: steps {numbers}.")
        alarm = next(f for f in self.steps[wrong].findings if f.level is Level.ALARM)
        lines += [f"ALARM at step {wrong.number}: {alarm.where}", f"What to do: {alarm.next}"]
        return "\n".join(lines)


def _shown(name: str, value: str | int) -> str | int:
    """Return a fact for people: times as dates."""
    if name not in _TIMES or not isinstance(value, int):
        return value
    return f"{datetime.fromtimestamp(value, UTC).isoformat(' ', 'seconds')}" if value else "none"
