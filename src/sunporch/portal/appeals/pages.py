# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/appeals/` and `/work/drafts/`: what became of an appeal, for who asked, who approves and who reviews."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sunporch.base.errors import Error
from sunporch.docket.entries import OUTCOMES, Outcome, Request
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import RequestState, State
from sunporch.docket.visibility import Thing, may_see, reader_of
from sunporch.policy import Bundle, allowance
from sunporch.portal.agencies.permissions import Gate, Person, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, Refused, note_of, page, to_countersign, to_sign
from sunporch.portal.appeals import actions, area, forms, judging, store, streets
from sunporch.portal.appeals.models import Draft, DraftState
from sunporch.portal.appeals.writing import told
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import store as board_store
from sunporch.portal.board import words
from sunporch.portal.record import public_record
from sunporch.portal.review import store as review_store
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

AGENCY = Gate(PAGES, "officer", "supervisor")
SIGNERS = Gate(PAGES, "officer", "supervisor", "reviewer")
SUPERVISOR = Gate(PAGES, "supervisor")
MOST_SIMILAR = 5
MOST_LISTED = 100
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
# Words and style of where a draft stands.
STATES: dict[str, tuple[Any, str]] = {
    DraftState.COUNTERSIGN: (gettext_lazy("waits for a supervisor"), "waiting"),
    DraftState.REVIEW: (gettext_lazy("waits for a reviewer"), "waiting"),
    DraftState.RETURNED: (gettext_lazy("came back with a reason"), "ended"),
    DraftState.EXPIRED: (gettext_lazy("not signed in time"), "ended"),
    "queued": (gettext_lazy("signed by all, being recorded"), "waiting"),
    "recorded": (gettext_lazy("published"), "open"),
    "void": (gettext_lazy("counts for nothing"), "ended"),
}


def draft_line(draft: Draft) -> dict[str, Any]:
    """Return what lists say of a draft."""
    entry = judging.request_of(draft.note)
    outgoing = board_store.outgoing(draft.id) if draft.state == DraftState.COMPLETE else None
    state = outgoing.state if outgoing is not None else draft.state
    title, style = STATES[state]
    bundle = public_record().bundle(entry.policy)
    return {
        "id": draft.id,
        "officer": draft.officer,
        "offence": words.offence(bundle, entry.offence),
        "state": title,
        "code": state,
        "state_class": style,
        "made_at": draft.made_at,
        "not_after": draft.not_after,
        "reason": outgoing.reason if outgoing is not None else _reason(draft),
        "index": outgoing.index if outgoing is not None else None,
        "time": outgoing.time if outgoing is not None else None,
        "from_time": entry.from_,
        "to_time": entry.to,
    }


def _reason(draft: Draft) -> str:
    """Return who returned a draft and why; a reviewer's code in words."""
    by, _, why = draft.reason.partition(": ")
    return f"{by}: {words.review_reason(why)}" if why else draft.reason


@signin.page(AGENCY)
@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """`/work/appeals/`: the agency's appeals, those on their way and those that are public."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        public = [
            board_pages.summary(state, asked, now) | {"officer": asked.officer, "outcome_due": asked.outcome_due}
            for asked in sorted(state.requests.values(), key=lambda one: -one.index)
            if asked.entry.agency == person.agency
        ][:MOST_LISTED]
    drafts = [draft_line(draft) for draft in store.drafts_of(person)[:MOST_LISTED]]
    context = {
        "drafts": [draft for draft in drafts if draft["code"] != "recorded"],
        "appeals": public,
        "sketches": sketches(person),
    }
    return page(request, "appeals/history.html", context)


def sketches(person: Person) -> list[dict[str, Any]]:
    """Return what lists say of the appeals that a person is still writing."""
    if person.role != "officer":
        return []
    bundle = judging.rules_or_none(public_record().now())
    return [
        {
            "pk": sketch.pk,
            "changed_at": sketch.changed_at,
            "offence": words.offence(bundle, sketch.answers["offence"]) if "offence" in sketch.answers else "",
        }
        for sketch in store.sketches_of(person)
    ]


@signin.page(SIGNERS)
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, draft_id: str) -> HttpResponse:
    """`/work/drafts/<id>/`: one draft; whoever signs next signs here."""
    person, now = who(request), public_record().now()
    kept = store.draft_of(person, draft_id)
    refused = None
    if request.method == "POST":
        try:
            sign = {"supervisor": actions.countersign, "reviewer": actions.review}.get(person.role)
            if sign is None:
                raise PAGE_ABSENT(where=request.path)
            sign(person, draft_id, note_of(request), now)
            return redirect("work-signed", draft_id)
        except Error as error:
            refused = Refused(error)
            kept = store.draft_of(person, draft_id)
    return _draft(request, person, kept, refused)


def _draft(request: HttpRequest, person: Person, kept: Draft, refused: Refused | None) -> HttpResponse:
    now = public_record().now()
    entry = judging.request_of(kept.note)
    bundle = public_record().bundle(entry.policy)
    if bundle is None:
        raise PAGE_ABSENT(where=request.path)
    line = draft_line(kept)
    with public_record().reading() as state:
        names = {index: key.name for index in entry.recipients if (key := state.key_at(index)) is not None}
        asked = {name.rstrip("_"): getattr(entry, name) for name in Request.__dataclass_fields__}
        context = {
            "draft": kept,
            "line": line,
            "picture": area.picture(bundle, entry.cells, streets.known().lines),
            "appeal": told(bundle, board_pages.agency_name(state, kept.agency), asked, names),
            "narrative": kept.narrative.get("text", ""),
            "private": may_see(reader_of(person.role), Thing.PRIVATE_NOTE),
            "limits": limits(state, bundle, entry, now),
            "similar": similar(state, entry, now),
            "shown": board_store.shown(),
            "on_call": review_store.on_call(now),
        }
    wanted = {"supervisor": DraftState.COUNTERSIGN, "reviewer": DraftState.REVIEW}.get(person.role)
    if kept.state == wanted and kept.officer != person.name and now <= kept.not_after:
        context["signing"] = to_countersign(person, kept.note)
        context["reason_form"] = forms.Reason()
        verdict = judging.verdict_of_note(kept.note, now)
        context |= {"clauses": verdict["clauses"], "review": verdict["review"]}
    context["mine"] = kept.officer == person.name
    return page(request, "appeals/draft.html", context, refused)


def limits(state: State, bundle: Bundle, entry: Request, now: int) -> list[dict[str, Any]]:
    """Return how far the appeal is from the limits: `what`, `asked`, `least`, `most` and the unit's kind."""
    allowed = allowance(state, bundle, entry.agency, now, entry.case_tag)
    number = bundle.limits
    return [
        {"what": gettext_lazy("Map cells"), "asked": len(entry.cells), "least": allowed.cells_min,
         "most": allowed.cells_max},
        {"what": gettext_lazy("Households"), "asked": area.households(bundle, entry.cells),
         "least": allowed.households_min, "most": allowed.households_max},
        {"what": gettext_lazy("Length of the window"), "asked": entry.to - entry.from_, "least": _MINUTE,
         "most": allowed.window_seconds_max, "span": True},
        {"what": gettext_lazy("Began so long ago"), "asked": now - entry.from_, "least": None,
         "most": number["look_back_days"] * _DAY, "span": True},
        {"what": gettext_lazy("Stays open"), "asked": entry.closes - now,
         "least": number["closes_min_hours"] * _HOUR, "most": number["closes_max_hours"] * _HOUR, "span": True},
        {"what": gettext_lazy("Appeals for this case, with this one"),
         "asked": state.case_count(entry.agency, entry.case_tag) + 1, "least": None,
         "most": number["case_requests_max"]},
        {"what": gettext_lazy("Open appeals, with this one"),
         "asked": len(state.open_requests(entry.agency, now)) + 1, "least": None,
         "most": number["open_requests_max"]},
    ]  # fmt: skip


def similar(state: State, entry: Request, now: int) -> list[dict[str, Any]]:
    """Return the agency's newest appeals for the same case, the same offence or a part of the same area."""
    cells = set(entry.cells)
    found: list[RequestState] = [
        asked
        for asked in sorted(state.requests.values(), key=lambda one: -one.index)
        if asked.entry.agency == entry.agency
        and (
            asked.entry.case_tag == entry.case_tag
            or asked.entry.offence == entry.offence
            or cells & set(asked.entry.cells)
        )
    ]
    return [
        board_pages.summary(state, asked, now)
        | {
            "same_case": asked.entry.case_tag == entry.case_tag,
            "cells_shared": len(cells & set(asked.entry.cells)),
        }
        for asked in found[:MOST_SIMILAR]
    ]


@signin.page(SUPERVISOR)
@require_POST
def send_back(request: HttpRequest, draft_id: str) -> HttpResponse:
    """`POST /work/drafts/<id>/return/`: the supervisor gives it back with a reason."""
    person = who(request)
    form = forms.Reason(request.POST)
    if not form.is_valid():
        return _draft(request, person, store.draft_of(person, draft_id), None)
    try:
        actions.send_back(person, draft_id, form.cleaned_data["reason"], public_record().now())
    except Error as error:
        return _draft(request, person, store.draft_of(person, draft_id), Refused(error))
    return redirect("work")


@signin.page(AGENCY)
@require_http_methods(["GET", "POST"])
def outcome(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/appeals/<index>/outcome/`: the agency says what came of an appeal; a signed entry."""
    person, now = who(request), public_record().now()
    refused = None
    if request.method == "POST":
        try:
            return redirect(board_entries.take(note_of(request), [], now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        asked = _own(request, person, state, index)
        context = {
            "appeal": board_pages.summary(state, asked, now),
            "closed": asked.phase(now) not in (RequestPhase.OPEN, RequestPhase.SUSPENDED),
            "due": asked.outcome_due,
            "codes": [(code, capfirst(words.code(code))) for code in OUTCOMES],
            "signing": to_sign(person, state, Outcome.TYPE, now + ALONE_SECONDS, request=index),
        }
    return page(request, "appeals/outcome.html", context, refused)


def _own(request: HttpRequest, person: Person, state: State, index: int) -> RequestState:
    asked = state.requests.get(index)
    if asked is None or asked.entry.agency != person.agency:
        raise PAGE_ABSENT(where=request.path)
    return asked


@signin.page(AGENCY)
@require_safe
def card(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/appeals/<index>/card/`: the card that an officer leaves at a door, to be printed."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        asked = _own(request, person, state, index)
        bundle = public_record().bundle(asked.entry.policy)
        if bundle is None:
            raise PAGE_ABSENT(where=request.path)
        cells = asked.entry.cells
        context = {
            "appeal": board_pages.summary(state, asked, now)
            | {"cells": cells, "hectares": area.hectares(len(cells)), "households": area.households(bundle, cells)},
            "picture": area.picture(bundle, cells, streets.known().lines),
            "open": asked.phase(now) is RequestPhase.OPEN,
            "address": request.build_absolute_uri(f"/appeals/{index}/"),
        }
    return page(request, "appeals/card.html", context)
