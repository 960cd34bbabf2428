# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/review/`: a reviewer reads every appeal, edits none, and suspends by a signed act with its reason."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.docket.entries import Review
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, Refused, note_of, page, to_sign
from sunporch.portal.appeals import pages as appeal_pages
from sunporch.portal.appeals import store as appeal_store
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import store as board_store
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

REVIEWER = Gate(PAGES, "reviewer")
MOST_LISTED = 100
MOST_UNSEEN = 20
# Why a reviewer acts, as the record names it, and in words. A code says why without a word about a person.
REASONS: dict[str, Any] = {
    "area-too-wide": gettext_lazy("The area is wider than the offence needs"),
    "time-too-long": gettext_lazy("The hours are longer than the offence needs"),
    "assembly": gettext_lazy("It touches an assembly, a vote, worship or health care"),
    "account-unclear": gettext_lazy("The account does not say what happened"),
    "names-a-person": gettext_lazy("The account could name a person"),
    "pressure": gettext_lazy("It puts pressure on residents"),
    "race-only": gettext_lazy("It describes people by race or origin alone"),
    "repeated": gettext_lazy("It asks for the same again"),
    "other": gettext_lazy("Another reason, in the reviewer's report"),
}
REINSTATED: dict[str, Any] = {
    "clarified": gettext_lazy("The agency explained it"),
    "mistaken": gettext_lazy("The suspension was a mistake"),
    "other": gettext_lazy("Another reason, in the reviewer's report"),
}


def newest(state: State, now: int) -> list[dict[str, Any]]:
    """Return the newest appeals that are public without a reviewer's signature: somebody reads them afterwards."""
    found = [
        asked
        for asked in sorted(state.requests.values(), key=lambda one: -one.index)
        if not asked.reviewer and asked.phase(now) is RequestPhase.OPEN
    ]
    return [board_pages.summary(state, asked, now) for asked in found[:MOST_UNSEEN]]


@signin.page(REVIEWER)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """`/work/review/`: what waits for a third signature, and every appeal there ever was."""
    person, now = who(request), public_record().now()
    waiting = [appeal_pages.draft_line(draft) for draft in appeal_store.waiting_for(person, now)]
    with public_record().reading() as state:
        every = [
            board_pages.summary(state, asked, now) | {"officer": asked.officer, "reviewer": asked.reviewer}
            for asked in sorted(state.requests.values(), key=lambda one: -one.index)[:MOST_LISTED]
        ]
    return page(request, "review/queue.html", {"to_sign": waiting, "appeals": every})


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def appeal(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/review/<index>/`: all of one appeal, its private side too; suspend it, or put it in force again."""
    person, now = who(request), public_record().now()
    refused = None
    if request.method == "POST":
        try:
            return redirect("work-signed", board_entries.take(note_of(request), [], now).id)
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        asked = state.requests.get(index)
        if asked is None:
            raise PAGE_ABSENT(where=request.path)
        action = "reinstated" if asked.suspended else "suspended"
        draft = appeal_store.draft_of_entry(person, state.records[index].id)
        context = {
            "appeal": board_pages.whole(state, asked, now),
            "narrative": board_pages.narrative(asked),
            "draft": draft,
            "suspended": asked.suspended,
            "open": asked.phase(now) in (RequestPhase.OPEN, RequestPhase.SUSPENDED),
            "reasons": list((REINSTATED if asked.suspended else REASONS).items()),
            "history": [board_pages.line_shown(row, state) for row in board_store.lines_about(index)],
            "signing": to_sign(
                person, state, Review.TYPE, now + ALONE_SECONDS, action=action, target=index, draft=""
            ),
        }
    return page(request, "review/appeal.html", context, refused)
