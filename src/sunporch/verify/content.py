# SPDX-License-Identifier: AGPL-3.0-or-later
"""Steps 6 to 14: what the entries say, and whether everybody kept what they promised. Pure, over a finished tail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sunporch.docket import entries as e
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import DisclosureState, Record, Status
from sunporch.docket.void import Unsettled, Void
from sunporch.verify.report import Level, Report, Step, span
from sunporch.verify.tail import Tail

# A custodian looks at least hourly, and its entry needs a checkpoint (3.7).
MOST_EXPIRY_DELAY = 2 * 3_600
MOST_FINDINGS = 1_000

_STEP_OF = {
    Void.FORM: Step.ENTRIES,
    Void.SIGNATURE: Step.ENTRIES,
    Void.TIME: Step.TIMES,
    Void.TIME_BACKWARDS: Step.TIMES,
    Void.RULES: Step.DECIDE,
    Void.GRID: Step.DECIDE,
    Void.REVIEWER_SIGNATURE: Step.DECIDE,
}
_EARLY = (Void.NOT_ENDED, Void.FROZEN)


def check(tail: Tail, report: Report[Step]) -> None:
    """Put what is found into the report; time is the co-signers' newest."""
    _records(tail.fold.records, report)
    for error in tail.missing.values():
        report.add(Step.BLOBS, Level.ALARM, error.id, error.where, error.what, error.next)
    at = tail.quorum_time
    _leases(tail.fold.disclosures.values(), at, report)
    for request in tail.fold.requests.values():
        if request.phase(at) is RequestPhase.OVERDUE:
            days = (at - request.outcome_due) // 86_400
            sentence = f"The outcome of this appeal by {request.entry.agency} is {days} days overdue."
            report.add(Step.OUTCOMES, Level.OWED, "outcome-overdue", f"entry {request.index}", sentence)
    for sealed in tail.fold.overdue_unseals(at):
        sentence = f"This sealed request of {sealed.agency} should have been opened by now."
        report.add(Step.UNSEALS, Level.OWED, "unseal-overdue", f"entry {sealed.index}", sentence)
    for index in tail.fold.breaches:
        entry = cast("e.Breach", tail.fold.records[index].entry)
        sentence = f"A breach was put on record: {entry.code}, {entry.clips} clips."
        report.add(Step.BREACHES, Level.NOTE, "breach-recorded", f"entry {index}", sentence)
    for result in report.steps.values():
        del result.findings[MOST_FINDINGS:]


def _records(records: Iterable[Record], report: Report[Step]) -> None:
    """List every entry that does not count, under the step whose check it failed."""
    for record in records:
        if record.status is Status.IN_FORCE or record.reason is None:
            continue
        where = f"entry {record.index}"
        kind = getattr(record.entry, "TYPE", None) or getattr(record.entry, "type", "entry")
        sentence = f"{kind}: {record.reason.sentence}"
        if isinstance(record.reason, Unsettled):
            step = Step.DECIDE if record.reason is Unsettled.CANNOT_CHECK else Step.FOLD
            report.add(step, Level.NOTE, _word(record.reason), where, sentence)
        elif record.reason in _STEP_OF:
            if record.verdict is not None:
                sentence += "".join(f" [{clause.id}] {clause.sentence()}" for clause in record.verdict.clauses)
            report.add(_STEP_OF[record.reason], Level.ALARM, _word(record.reason), where, sentence)
        elif record.reason in _EARLY and isinstance(record.entry, e.Expiry):
            report.add(Step.LEASES, Level.ALARM, "expiry-early", where, sentence)
        else:
            report.add(Step.FOLD, Level.NOTE, _word(record.reason), where, sentence)


def _word(reason: Void | Unsettled) -> str:
    return f"void-{reason.name.lower().replace('_', '-')}" if isinstance(reason, Void) else reason.name.lower()


def _leases(disclosures: Iterable[DisclosureState], at: int, report: Report[Step]) -> None:
    for clip in disclosures:
        since = _destructible_since(clip, at)
        where = f"entry {clip.index}"
        if clip.destroyed_at is None and clip.destructible(at) and at > since + MOST_EXPIRY_DELAY:
            sentence = f"The time of this share ended {span(at - since)} ago and its key still exists."
            report.add(Step.LEASES, Level.ALARM, "expiry-missing", where, sentence)
        elif clip.destroyed_at is not None and clip.destroyed_at > since + MOST_EXPIRY_DELAY:
            sentence = f"The key of this share was destroyed {span(clip.destroyed_at - since)} after its end."
            report.add(Step.LEASES, Level.OWED, "expiry-late", where, sentence)


def _destructible_since(clip: DisclosureState, at: int) -> int:
    """Return when the duty to destroy began: the end of the share, or of the last freeze that outlived it."""
    freezes = [freeze.until for freeze in clip.freezes.values() if not freeze.lifted and freeze.until <= at]
    lifted = [step.time for step in clip.history if step.type == e.Unfreeze.TYPE]
    return max(clip.lease_end, *freezes, *lifted) if freezes or lifted else clip.lease_end
