# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about drafts: submitted, countersigned, reviewed, returned, expired; and the count of refusals.

The id of a draft is the id of the entry that it may become. A draft that everybody signed goes into the outbox in
the same transaction, so there is no signed draft without its entry and no entry without its draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from sunporch.docket import wire
from sunporch.docket.blobs import Blob
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Request
from sunporch.docket.verdict import Clause, Outcome, Verdict
from sunporch.docket.void import Void
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.appeals import casetags, store
from sunporch.portal.appeals.judging import AppealForbidden, check_private_side
from sunporch.portal.appeals.models import TRANSITIONS, Draft, DraftState, RefusedCount, Sketch
from sunporch.portal.board import actions as board_actions
from sunporch.portal.board import signing
from sunporch.portal.errors import (
    DRAFT_DECIDED,
    RULES_SILENT,
    SIGNATURE_REFUSED,
    SKETCHES_EXCEEDED,
    TAG_DISHONEST,
)
from sunporch.portal.record import public_record
from sunporch.tlog.notes import Note

MAX_SKETCHES = 20
# A sketch that nobody touched for so long is forgotten.
SKETCH_DAYS = 14


def begin(person: Person, answers: dict[str, Any], now: int) -> Sketch:
    """Begin an appeal that only this officer sees, or begin from answers. Raises `portal.sketches-exceeded`."""
    with transaction.atomic():
        if Sketch.objects.filter(officer=person.name).count() >= MAX_SKETCHES:
            raise SKETCHES_EXCEEDED(where=person.name, most=MAX_SKETCHES)
        return Sketch.objects.create(officer=person.name, agency=person.agency, answers=answers, changed_at=now)


def write_on(person: Person, sketch_id: int, answers: dict[str, Any], now: int) -> Sketch:
    """Keep answers beside those that are there; the newest of each counts. Raises `portal.draft-absent`."""
    with transaction.atomic():
        sketch = store.sketch_of(person, sketch_id)
        sketch.answers, sketch.changed_at = sketch.answers | answers, now
        sketch.save(update_fields=["answers", "changed_at"])
    return sketch


def drop(person: Person, sketch_id: int) -> None:
    """Forget a sketch for good. Raises `portal.draft-absent`."""
    with transaction.atomic():
        store.sketch_of(person, sketch_id).delete()


def forget_sketches(now: int) -> None:
    """Forget the sketches that nobody touched for `SKETCH_DAYS`."""
    Sketch.objects.filter(changed_at__lt=now - SKETCH_DAYS * DAY).delete()


@dataclass(frozen=True)
class Submission:
    """What an officer hands in: the signed text, the narrative behind its commitment, and what stays private."""

    note: str
    narrative: Blob
    case_number: str
    private_note: str


def submit(person: Person, untrusted: Submission, now: int) -> Draft:
    """Keep a draft that the rules allow, signed by its officer; the same one twice is one.

    Raises `AppealForbidden` with all clauses (counted), `portal.signature-refused`, `portal.tag-dishonest`,
    `portal.rules-silent` or `portal.entry-void`.
    """
    note = signing.signed_by(person.key.key, untrusted.note)
    request = signing.entry_in(note, Request)
    with public_record().reading() as state:
        if request.agency != person.agency:
            raise SIGNATURE_REFUSED(where="agency", reason=f"your key is one of {person.agency}")
        if untrusted.narrative.commitment != request.narrative:
            raise SIGNATURE_REFUSED(where="narrative", reason="the narrative is not the one that was signed")
        if casetags.case_tag(person.agency, untrusted.case_number) != request.case_tag:
            raise TAG_DISHONEST(where="case_number")
        verdict = public_record().verdict(request, now)
        if verdict.outcome is Outcome.CANNOT_CHECK:
            raise RULES_SILENT(where="rules", reason=_reasons(verdict))
        private = check_private_side(untrusted.narrative.text, untrusted.case_number, now)
        forbidden = (*verdict.clauses, *private)
        if forbidden:
            _count_refusal(forbidden, now)
            raise AppealForbidden(forbidden)
        # Tell the officer now what would make the entry void later, whoever signs it besides.
        others = signing.one_of(state, "supervisor", person.agency) + signing.one_of(state, "reviewer", "")
        signing.check_in_force(public_record().judged(note, now, as_if=others), AppealForbidden)
    return _keep(person, note, request, untrusted, verdict, now)


def _keep(person: Person, note: Note, request: Request, given: Submission, verdict: Verdict, now: int) -> Draft:
    values = {
        "agency": person.agency,
        "officer": person.name,
        "state": DraftState.COUNTERSIGN,
        "note": note.encode().decode(),
        "narrative": {"salt": given.narrative.salt.hex(), "text": given.narrative.text},
        "case_number": given.case_number,
        "private_note": given.private_note,
        "flags": [clause.id for clause in verdict.review],
        "made_at": now,
        "not_after": request.not_after,
    }
    with transaction.atomic():
        draft, _ = Draft.objects.get_or_create(id=wire.entry_id(note.text), defaults=values)
    return draft


def _count_refusal(clauses: tuple[Clause, ...], now: int) -> None:
    """Count the clauses of a refused draft under its UTC day; nothing else of the draft is kept."""
    with transaction.atomic():
        for clause in {clause.id for clause in clauses}:
            row, _ = RefusedCount.objects.get_or_create(day=now // DAY, clause=clause)
            RefusedCount.objects.filter(pk=row.pk).update(count=F("count") + 1)


def countersign(person: Person, draft_id: str, untrusted_note: str, now: int) -> Draft:
    """Add the supervisor's signature; the draft goes on to a reviewer or into the outbox.

    Raises `portal.draft-decided` if another supervisor was faster, `portal.signature-refused`, `AppealForbidden`.
    """
    with public_record().reading(), transaction.atomic():
        draft = _open(person, draft_id, DraftState.COUNTERSIGN, now)
        if person.name == draft.officer:
            raise SIGNATURE_REFUSED(where=draft.id, reason="who asks cannot approve")
        note = signing.also_signed_by(person.key.key, draft.note, untrusted_note)
        record = public_record().judged(note, now)
        needs_reviewer = record.reason is Void.REVIEWER_SIGNATURE
        if not needs_reviewer:
            signing.check_in_force(record, AppealForbidden)
        draft.supervisor = person.name
        _advance(draft, note, DraftState.REVIEW if needs_reviewer else DraftState.COMPLETE, now)
    return draft


def review(person: Person, draft_id: str, untrusted_note: str, now: int) -> Draft:
    """Add the reviewer's third signature; the draft goes into the outbox. Raises as `countersign` does."""
    with public_record().reading(), transaction.atomic():
        draft = _open(person, draft_id, DraftState.REVIEW, now)
        note = signing.also_signed_by(person.key.key, draft.note, untrusted_note)
        signing.check_in_force(public_record().judged(note, now), AppealForbidden)
        _advance(draft, note, DraftState.COMPLETE, now)
    return draft


def send_back(person: Person, draft_id: str, reason: str, now: int) -> Draft:
    """A supervisor returns a draft with a reason. Reviewers do it by a `review` entry, which is public."""
    with transaction.atomic():
        draft = store.draft_of(person, draft_id)
        _check_follows(draft, DraftState.RETURNED, now)
        draft.state, draft.reason = DraftState.RETURNED, f"{person.name}: {reason}"
        draft.save(update_fields=["state", "reason"])
    return draft


def returned_by_review(draft_id: str, reviewer: str, reason: str) -> None:
    """Return a draft as a reviewer's entry says; called in the transaction that takes in the entry."""
    open_states = [state for state, following in TRANSITIONS.items() if DraftState.RETURNED in following]
    Draft.objects.filter(id=draft_id, state__in=open_states).update(
        state=DraftState.RETURNED, reason=f"{reviewer}: {reason}"
    )


def expire(now: int) -> int:
    """Close drafts that nobody signed in time and forget what was private in them; return how many."""
    waiting = [state for state, following in TRANSITIONS.items() if DraftState.EXPIRED in following]
    late = Draft.objects.filter(state__in=waiting, not_after__lt=now)
    return late.update(state=DraftState.EXPIRED, private_note="", narrative={})


def _open(person: Person, draft_id: str, wanted: DraftState, now: int) -> Draft:
    draft = store.draft_of(person, draft_id)
    if draft.state != wanted or now > draft.not_after:
        raise DRAFT_DECIDED(where=draft.id, state=_state_words(draft, now))
    return draft


def _check_follows(draft: Draft, wanted: DraftState, now: int) -> None:
    if wanted not in TRANSITIONS[DraftState(draft.state)] or now > draft.not_after:
        raise DRAFT_DECIDED(where=draft.id, state=_state_words(draft, now))


def _state_words(draft: Draft, now: int) -> str:
    expired = draft.state != DraftState.COMPLETE and now > draft.not_after
    return str((DraftState.EXPIRED if expired else DraftState(draft.state)).label)


def _advance(draft: Draft, note: Note, to: DraftState, now: int) -> None:
    """Move the draft on; a complete one is handed in with its narrative in the same transaction."""
    draft.state, draft.note = to, note.encode().decode()
    draft.save(update_fields=["state", "note", "supervisor"])
    if to is DraftState.COMPLETE:
        board_actions.hand_in(draft.id, Request.TYPE, draft.note, [draft.narrative], now)


def _reasons(verdict: Verdict) -> str:
    return "; ".join(clause.sentence().rstrip(".") for clause in verdict.clauses) or "no rules are here"
