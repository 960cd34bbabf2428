# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/rules`, `/case-tags` and `/drafts`: an appeal on its way from the officer to the record."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from sunporch.docket.visibility import Thing, may_see, reader_of
from sunporch.portal.agencies.permissions import Gate, OpenGate, Person
from sunporch.portal.appeals import actions, casetags, judging, store
from sunporch.portal.appeals.models import (
    MAX_CASE_NUMBER,
    MAX_NARRATIVE,
    MAX_NOTE,
    MAX_PRIVATE_NOTE,
    MAX_REASON,
    Draft,
    DraftState,
)
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import store as board_store
from sunporch.portal.record import public_record
from sunporch.web.limits import Limit

router = Router(tags=["appeals"])

CHECKS = Limit(most=600, seconds=60)
READS = Limit(most=1200, seconds=60)
WRITES = Limit(most=120, seconds=60)


class TextIn(Schema):
    """A text and its 16-byte salt (hex), as its commitment names them."""

    salt: str = Field(pattern="^[0-9a-f]{32}$")
    text: str = Field(max_length=MAX_NARRATIVE)


class DraftIn(Schema):
    """A signed appeal and what belongs to it."""

    note: str = Field(max_length=MAX_NOTE)
    narrative: TextIn
    case_number: str = Field(min_length=1, max_length=MAX_CASE_NUMBER)
    private_note: str = Field(default="", max_length=MAX_PRIVATE_NOTE)


class NoteIn(Schema):
    """The text of a draft with one's own signature."""

    note: str = Field(max_length=MAX_NOTE)


class ReasonIn(Schema):
    """Why a draft is returned."""

    reason: str = Field(min_length=3, max_length=MAX_REASON)


class AppealIn(Schema):
    """The fields of an appeal that nobody has signed yet, as its entry will have them."""

    agency: str
    policy: int
    offence: str
    purpose: str
    basis: str
    reach: str
    case_tag: str
    flags: list[str]
    cells: list[str]
    from_: int = Field(alias="from")
    to: int
    closes: int
    recipients: list[int]
    narrative: str


class CaseIn(Schema):
    """A case number as people write it."""

    case_number: str = Field(min_length=1, max_length=MAX_CASE_NUMBER)


class CaseTag(Schema):
    """The tag that stands in the appeal instead of the number."""

    case_tag: str


class DraftSeen(Schema):
    """A draft as those may see it who may see drafts."""

    id: str
    state: str
    agency: str
    officer: str
    supervisor: str
    note: str
    narrative: dict[str, str]
    flags: list[str]
    reason: str
    made_at: int
    not_after: int
    case_number: str = ""
    private_note: str = ""
    index: int | None = None


class Rules(Schema):
    """The town's rules in force: the index of their entry and the bundle, as it was signed."""

    policy: int
    bundle: dict[str, Any]


class ClauseSeen(Schema):
    """One clause of the rules, in the reader's language."""

    id: str
    cite: str
    sentence: str


class VerdictSeen(Schema):
    """What the rules say to an appeal: `outcome`, the clauses that forbid, those that ask for a reviewer."""

    outcome: str
    clauses: list[ClauseSeen]
    review: list[ClauseSeen]


class RulesChecked(VerdictSeen):
    """A verdict, and what the rules still allow."""

    allowance: dict[str, Any]


class DraftRead(DraftSeen):
    """One draft with what the rules say to it now."""

    verdict: VerdictSeen


@router.get("/rules", auth=OpenGate(READS), response=Rules)
def get_rules(request: HttpRequest) -> Any:
    """Return the bundle in force, as it was signed."""
    del request
    index, bundle = judging.rules_in_force(public_record().now())
    return {"policy": index, "bundle": json.loads(bundle.text)}


@router.post("/rules/check", auth=OpenGate(CHECKS), response=RulesChecked)
def check_rules(request: HttpRequest, body: AppealIn) -> Any:
    """Say what the rules answer to the fields of an unsigned appeal, and what they still allow."""
    del request
    return judging.checked(body.model_dump(by_alias=True), public_record().now())


@router.post("/case-tags", auth=Gate(WRITES, "officer", "supervisor"), response=CaseTag)
def get_case_tag(request: HttpRequest, body: CaseIn) -> Any:
    """Return the tag of a case number of your agency."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return CaseTag(case_tag=casetags.case_tag(person.agency, body.case_number))


@router.post("/drafts", auth=Gate(WRITES, "officer"), response={201: DraftSeen})
def submit(request: HttpRequest, body: DraftIn) -> Any:
    """Submit a signed appeal; refused with all clauses if the rules forbid it."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    given = actions.Submission(
        note=body.note,
        narrative=board_entries.blob_of(body.narrative.salt, body.narrative.text),
        case_number=body.case_number,
        private_note=body.private_note,
    )
    draft = actions.submit(person, given, public_record().now())
    return Status(HTTPStatus.CREATED, _seen(person, draft))


@router.get("/drafts", auth=Gate(READS, "officer", "supervisor", "reviewer"), response=list[DraftSeen])
def list_drafts(request: HttpRequest) -> Any:
    """List the drafts that you may see, newest first."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return [_seen(person, draft) for draft in store.drafts_of(person)]


@router.get("/drafts/{draft_id}", auth=Gate(READS, "officer", "supervisor", "reviewer"), response=DraftRead)
def get_draft(request: HttpRequest, draft_id: str) -> Any:
    """Return one draft, with what the rules say to it now."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    draft = store.draft_of(person, draft_id)
    seen = _seen(person, draft).model_dump()
    return seen | {"verdict": judging.verdict_of_note(draft.note, public_record().now())}


@router.post("/drafts/{draft_id}/countersign", auth=Gate(WRITES, "supervisor"), response=DraftSeen)
def countersign(request: HttpRequest, draft_id: str, body: NoteIn) -> Any:
    """Sign a draft as supervisor; the answer's state says where it went."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return _seen(person, actions.countersign(person, draft_id, body.note, public_record().now()))


@router.post("/drafts/{draft_id}/review", auth=Gate(WRITES, "reviewer"), response=DraftSeen)
def review(request: HttpRequest, draft_id: str, body: NoteIn) -> Any:
    """Sign a flagged draft as reviewer, the third person."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return _seen(person, actions.review(person, draft_id, body.note, public_record().now()))


@router.post("/drafts/{draft_id}/return", auth=Gate(WRITES, "supervisor"), response=DraftSeen)
def send_back(request: HttpRequest, draft_id: str, body: ReasonIn) -> Any:
    """Return a draft to its officer with a reason. A reviewer does this in public, by a `review` entry."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return _seen(person, actions.send_back(person, draft_id, body.reason, public_record().now()))


def _seen(person: Person, draft: Draft) -> DraftSeen:
    outgoing = board_store.outgoing(draft.id) if draft.state == DraftState.COMPLETE else None
    private = may_see(reader_of(person.role), Thing.PRIVATE_NOTE)
    return DraftSeen(
        id=draft.id,
        state=outgoing.state if outgoing is not None else draft.state,
        agency=draft.agency,
        officer=draft.officer,
        supervisor=draft.supervisor,
        note=draft.note,
        narrative=draft.narrative,
        flags=draft.flags,
        reason=outgoing.reason if outgoing is not None else draft.reason,
        made_at=draft.made_at,
        not_after=draft.not_after,
        case_number=draft.case_number if private else "",
        private_note=draft.private_note if private else "",
        index=outgoing.index if outgoing is not None else None,
    )
