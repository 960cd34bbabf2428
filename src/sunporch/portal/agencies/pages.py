# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/`: what waits for the person who signed in, in one list each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from sunporch.docket.state import State
from sunporch.portal.agencies import people, store
from sunporch.portal.agencies.permissions import (
    AGENCY_ROLES,
    CLERK,
    NEWCOMER,
    OPERATOR,
    RECIPIENT_ROLES,
    REGISTRAR,
    Gate,
    Person,
    someone,
    who,
)
from sunporch.portal.agencies.work import EVERYBODY, PAGES, page
from sunporch.portal.appeals import pages as appeal_pages
from sunporch.portal.appeals import store as appeal_store
from sunporch.portal.appeals.models import DraftState
from sunporch.portal.board import pages as board_pages
from sunporch.portal.clerk import pages as clerk_pages
from sunporch.portal.clerk import store as clerk_store
from sunporch.portal.exports import pages as export_pages
from sunporch.portal.record import public_record
from sunporch.portal.reports import store as report_store
from sunporch.portal.review import answers
from sunporch.portal.review import pages as review_pages
from sunporch.portal.viewer import store as viewer_store
from sunporch.web import signin

WORK = Gate(PAGES, *EVERYBODY, NEWCOMER, OPERATOR)


@signin.page(WORK)
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """The start page of everybody who works here."""
    elsewhere = {NEWCOMER: "work-joining", OPERATOR: "work-machine"}.get(someone(request).role)
    if elsewhere is not None:
        return redirect(elsewhere)
    person, now = who(request), public_record().now()
    waiting = [appeal_pages.draft_line(draft) for draft in appeal_store.waiting_for(person, now)]
    with public_record().reading() as state:
        context: dict[str, Any] = {"to_sign": waiting, "sketches": appeal_pages.sketches(person)}
        context["exports"] = export_pages.waiting(person, now)
        if person.role in AGENCY_ROLES:
            context |= {"owed": _owed(person, state, now), "own": _own(person), "agency": _agency(person, state, now)}
        if person.role == "supervisor":
            context["reports"] = report_store.years(state, person.agency, now)
            context["findings"] = answers.of_agency(state, person.agency)
        if person.role in RECIPIENT_ROLES:
            context["clips"] = sum(
                1
                for row in viewer_store.clips_of(person)
                if (shared := state.disclosures.get(row.disclosure or -1)) is not None and not shared.ended(now)
            )
        if person.role == "reviewer":
            context["unseen"] = review_pages.newest(state, now)
        if person.role == REGISTRAR:
            context |= people.waiting(person, state, now)
        if person.role == CLERK:
            context["motions"] = [clerk_pages.line(row) for row in clerk_store.open_motions(now)]
            context["partners"] = clerk_pages.partners(state, now)
    return page(request, "agencies/work.html", context)


def _owed(person: Person, state: State, now: int) -> list[dict[str, Any]]:
    """Return the lines of the outcomes that the agency owes."""
    return [
        board_pages.summary(state, asked, now) | {"due": asked.outcome_due, "officer": asked.officer}
        for asked in store.owed(person.agency, state, now)
    ]


def _own(person: Person) -> list[dict[str, Any]]:
    """Return an officer's drafts that are under way or came back."""
    if person.role != "officer":
        return []
    drafts = [draft for draft in appeal_store.drafts_of(person) if draft.officer == person.name]
    lines = [appeal_pages.draft_line(draft) for draft in drafts]
    return [line for line in lines if line["code"] not in ("recorded", DraftState.EXPIRED)]


def _agency(person: Person, state: State, now: int) -> dict[str, Any]:
    partner = state.partnership_of(person.agency, now)
    return {
        "name": board_pages.agency_name(state, person.agency),
        "ends": partner.ends if partner is not None else 0,
        "open": len(state.open_requests(person.agency, now)),
    }
