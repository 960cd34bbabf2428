# SPDX-License-Identifier: AGPL-3.0-or-later
"""The life of a request and of a shared clip, each as one table.

Nothing else decides what may follow what: the states of the fold compute their phase, the tests hold every change
of phase against these tables, and docs/reference/lifecycle.md is generated from them
(`python -m sunporch.docket.lifecycle`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import assert_never


class Owner(StrEnum):
    """Who must, or may, act next."""

    OFFICER = "the officer"
    SUPERVISOR = "a supervisor"
    REVIEWER = "a reviewer"
    PORTAL = "the portal"
    RESIDENTS = "residents, who may answer or not"
    AGENCY = "the agency"
    RECIPIENTS = "the recipients"
    CUSTODIAN = "the key custodian"
    HOLDER = "whoever froze it"
    RECORD = "nobody: it stays in the public record"


class RequestPhase(StrEnum):
    """Where a request stands."""

    DRAFTED = "drafted"
    COUNTERSIGNED = "countersigned"
    RETURNED = "returned"
    COMPLETE = "complete"
    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    OVERDUE = "overdue"
    DONE = "done"


class ClipPhase(StrEnum):
    """Where a shared clip stands."""

    SHARED = "shared"
    OPENED = "opened"
    ENDED = "ended"
    PRESERVED = "preserved"
    DESTROYED = "destroyed"


class Trigger(Enum):
    """What makes a phase change: an entry type (or a signature on the draft of one), or the log's time."""

    OFFICER_SIGNS = ("request", "the officer signs the draft")
    SUPERVISOR_SIGNS = ("request", "a supervisor signs; the rules ask for a reviewer")
    SUPERVISOR_COMPLETES = ("request", "a supervisor signs; no reviewer is needed")
    REVIEWER_SIGNS = ("request", "a reviewer signs")
    REVIEWER_RETURNS = ("review", "a reviewer returns the draft")
    RECORDED = ("request", "it is recorded and co-signed")
    SUSPENDED = ("review", "a reviewer suspends it")
    REINSTATED = ("review", "a reviewer reinstates it")
    CLOSES = ("", "its closing time comes")
    POLICY_CLOSES = ("policy", "new rules close open requests")
    PARTNERSHIP_ENDS = ("partnership_cancel", "the partnership is cancelled")
    OUTCOME_DUE = ("", "the days for the outcome are over")
    OUTCOME = ("outcome", "the agency says what became of it")
    SHARED = ("disclosure", "a home shares it")
    RETURNED_TO_COURT = ("warrant_return", "a home answers legal process")
    ACCESS = ("access", "it is opened for the first time")
    LEASE_ENDS = ("", "the time of the share ends")
    WITHDRAWAL = ("withdrawal", "the resident takes it back")
    COMMUNITY_CANCELS = ("partnership_cancel", "the community cancels the partnership")
    UNFREEZE = ("unfreeze", "the last freeze is lifted")
    FREEZE_ENDS = ("", "the last freeze ends")
    EXPIRY = ("expiry", "the custodian destroys its half of the key")

    @property
    def entry(self) -> str:
        """The entry type, or empty for the log's time."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """What happens, for people."""
        return self.value[1]


@dataclass(frozen=True)
class Transition[Phase]:
    """One arrow: from (None: it begins), by what, to."""

    source: Phase | None
    trigger: Trigger
    target: Phase


def _arrows[Phase](*arrows: tuple[Phase | None, Trigger, Phase]) -> tuple[Transition[Phase], ...]:
    return tuple(Transition(*arrow) for arrow in arrows)


_R, _C, _T = RequestPhase, ClipPhase, Trigger

REQUEST_LIFE: tuple[Transition[RequestPhase], ...] = _arrows(
    (None, _T.OFFICER_SIGNS, _R.DRAFTED),
    (_R.DRAFTED, _T.SUPERVISOR_SIGNS, _R.COUNTERSIGNED),
    (_R.DRAFTED, _T.SUPERVISOR_COMPLETES, _R.COMPLETE),
    (_R.COUNTERSIGNED, _T.REVIEWER_SIGNS, _R.COMPLETE),
    (_R.COUNTERSIGNED, _T.REVIEWER_RETURNS, _R.RETURNED),
    (_R.DRAFTED, _T.REVIEWER_RETURNS, _R.RETURNED),
    (_R.COMPLETE, _T.RECORDED, _R.OPEN),
    (_R.OPEN, _T.SUSPENDED, _R.SUSPENDED),
    (_R.SUSPENDED, _T.REINSTATED, _R.OPEN),
    (_R.OPEN, _T.CLOSES, _R.CLOSED),
    (_R.SUSPENDED, _T.CLOSES, _R.CLOSED),
    (_R.OPEN, _T.POLICY_CLOSES, _R.CLOSED),
    (_R.SUSPENDED, _T.POLICY_CLOSES, _R.CLOSED),
    (_R.OPEN, _T.PARTNERSHIP_ENDS, _R.CLOSED),
    (_R.SUSPENDED, _T.PARTNERSHIP_ENDS, _R.CLOSED),
    (_R.CLOSED, _T.OUTCOME_DUE, _R.OVERDUE),
    (_R.CLOSED, _T.OUTCOME, _R.DONE),
    (_R.OVERDUE, _T.OUTCOME, _R.DONE),
    (_R.DONE, _T.OUTCOME, _R.DONE),
)

CLIP_LIFE: tuple[Transition[ClipPhase], ...] = _arrows(
    (None, _T.SHARED, _C.SHARED),
    (None, _T.RETURNED_TO_COURT, _C.SHARED),
    (_C.SHARED, _T.ACCESS, _C.OPENED),
    *(
        (source, trigger, target)
        for source in (_C.SHARED, _C.OPENED)
        for trigger in (_T.LEASE_ENDS, _T.WITHDRAWAL, _T.COMMUNITY_CANCELS)
        for target in (_C.ENDED, _C.PRESERVED)
    ),
    (_C.PRESERVED, _T.UNFREEZE, _C.ENDED),
    (_C.PRESERVED, _T.FREEZE_ENDS, _C.ENDED),
    (_C.ENDED, _T.EXPIRY, _C.DESTROYED),
)


def request_owner(phase: RequestPhase) -> Owner:
    """Return who must act while a request is in the phase."""
    match phase:
        case RequestPhase.DRAFTED:
            return Owner.SUPERVISOR
        case RequestPhase.COUNTERSIGNED | RequestPhase.SUSPENDED:
            return Owner.REVIEWER
        case RequestPhase.RETURNED:
            return Owner.OFFICER
        case RequestPhase.COMPLETE:
            return Owner.PORTAL
        case RequestPhase.OPEN:
            return Owner.RESIDENTS
        case RequestPhase.CLOSED | RequestPhase.OVERDUE:
            return Owner.AGENCY
        case RequestPhase.DONE:
            return Owner.RECORD
        case _:
            assert_never(phase)


def clip_owner(phase: ClipPhase) -> Owner:
    """Return who must act while a shared clip is in the phase."""
    match phase:
        case ClipPhase.SHARED | ClipPhase.OPENED:
            return Owner.RECIPIENTS
        case ClipPhase.ENDED:
            return Owner.CUSTODIAN
        case ClipPhase.PRESERVED:
            return Owner.HOLDER
        case ClipPhase.DESTROYED:
            return Owner.RECORD
        case _:
            assert_never(phase)


def _diagram[Phase: StrEnum](table: tuple[Transition[Phase], ...], owners: dict[Phase, Owner]) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2"]
    for arrow in table:
        source = arrow.source.value if arrow.source else "[*]"
        lines.append(f"    {source} --> {arrow.target.value}: {arrow.trigger.sentence}")
    lines += ["```", "", "| phase | waits for |", "|---|---|"]
    lines += [f"| {phase.value} | {owner.value} |" for phase, owner in owners.items()]
    lines += ["", "| from | what happens | entry | to |", "|---|---|---|---|"]
    for arrow in table:
        source = arrow.source.value if arrow.source else "(begins)"
        entry = f"`{arrow.trigger.entry}`" if arrow.trigger.entry else "(the log's time)"
        lines.append(f"| {source} | {arrow.trigger.sentence} | {entry} | {arrow.target.value} |")
    return [*lines, ""]


def as_markdown() -> str:
    """Return docs/reference/lifecycle.md."""
    parts = [
        "# The life of an appeal and of a shared clip",
        "",
        "Generated by `python -m sunporch.docket.lifecycle`; a test compares.",
        "",
        "## An appeal (request)",
        "",
        *_diagram(REQUEST_LIFE, {phase: request_owner(phase) for phase in RequestPhase}),
        "## A shared clip (disclosure)",
        "",
        *_diagram(CLIP_LIFE, {phase: clip_owner(phase) for phase in ClipPhase}),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
