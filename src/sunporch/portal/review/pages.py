# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/review/`: a reviewer reads every appeal, edits none, and acts by a signed entry with its reason.

The acts: suspend an appeal or put it in force again, return a draft, take a published account down.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.docket.entries import Review, Takedown
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import RequestState, State
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, Refused, note_of, page, to_sign
from sunporch.portal.appeals import pages as appeal_pages
from sunporch.portal.appeals import store as appeal_store
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import store as board_store
from sunporch.portal.board import words
from sunporch.portal.record import public_record
from sunporch.portal.review import sampling, store
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

REVIEWER = Gate(PAGES, "reviewer")
MOST_LISTED = 100
MOST_UNSEEN = 20
SAMPLE = 10
# Only what must not stay readable is taken down.
TAKEN_DOWN = ("names-a-person", "pressure", "race-only", "other")


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
    return page(request, "review/queue.html", {"to_sign": waiting, "appeals": every, "on_call": store.on_call(now)})


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def appeal(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/review/<index>/`: all of one appeal, its private side too; suspend it, or put it in force again."""
    person, now = who(request), public_record().now()
    taken = _taken(request, now)
    if isinstance(taken, HttpResponse):
        return taken
    with public_record().reading() as state:
        asked = _asked(request, state, index)
        action = "reinstated" if asked.suspended else "suspended"
        context = {
            "appeal": board_pages.whole(state, asked, now),
            "narrative": board_pages.narrative(asked),
            "draft": appeal_store.draft_of_entry(person, state.records[index].id),
            "suspended": asked.suspended,
            "open": asked.phase(now) in (RequestPhase.OPEN, RequestPhase.SUSPENDED),
            "reasons": list((words.REINSTATED if asked.suspended else words.REASONS).items()),
            "history": [board_pages.line_shown(row, state) for row in board_store.lines_about(index)],
            "signing": to_sign(
                person, state, Review.TYPE, now + ALONE_SECONDS, action=action, target=index, draft=""
            ),
        }
    return page(request, "review/appeal.html", context, taken)


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def take_down(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/review/<index>/takedown/`: the account behind an appeal may be removed; its commitment stays."""
    person, now = who(request), public_record().now()
    taken = _taken(request, now)
    if isinstance(taken, HttpResponse):
        return taken
    with public_record().reading() as state:
        asked = _asked(request, state, index)
        narrative = board_pages.narrative(asked)
        if narrative is None:
            raise PAGE_ABSENT(where=request.path)
        context = {
            "title": gettext("Take the account down"),
            "appeal": board_pages.summary(state, asked, now),
            "narrative": narrative,
            "explained": gettext(
                "The text goes from this site and from every copy that follows the record. That it was there, who "
                "signed it and why you took it down stays for ever."
            ),
            "reasons": [(code, words.REASONS[code]) for code in TAKEN_DOWN],
            "act": gettext("Sign and take it down"),
            "signing": to_sign(person, state, Takedown.TYPE, now + ALONE_SECONDS, blob=asked.entry.narrative),
        }
    return page(request, "review/act.html", context, taken)


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def send_back(request: HttpRequest, draft_id: str) -> HttpResponse:
    """`/work/review/drafts/<id>/`: a reviewer returns a draft, in public and with the reason's code."""
    person, now = who(request), public_record().now()
    draft = appeal_store.draft_of(person, draft_id)
    taken = _taken(request, now)
    if isinstance(taken, HttpResponse):
        return taken
    with public_record().reading() as state:
        context = {
            "title": gettext("Return the draft"),
            "appeal": appeal_pages.draft_line(draft),
            "narrative": draft.narrative.get("text", ""),
            "explained": gettext(
                "The officer can change it and sign again. Your act is public: which draft, and the reason, not its "
                "text."
            ),
            "reasons": list(words.REASONS.items()),
            "act": gettext("Sign and return"),
            "signing": to_sign(
                person, state, Review.TYPE, now + ALONE_SECONDS, action="returned", target=-1, draft=draft_id
            ),
        }
    return page(request, "review/act.html", context, taken)


@signin.page(REVIEWER)
@require_safe
def drawn(request: HttpRequest) -> HttpResponse:
    """`/work/review/sample/`: appeals to be looked at closely, drawn by the root of the record."""
    now, shown = public_record().now(), board_store.shown()
    if shown is None:
        raise PAGE_ABSENT(where=request.path)
    with public_record().reading() as state:
        found = sampling.sample(shown.root, (index for index in state.requests if index < shown.size), SAMPLE)
        lines = [
            board_pages.summary(state, state.requests[index], now) | {"officer": state.requests[index].officer}
            for index in found
        ]
    return page(request, "review/sample.html", {"lines": lines, "size": shown.size, "root": shown.root})


def _asked(request: HttpRequest, state: State, index: int) -> RequestState:
    asked = state.requests.get(index)
    if asked is None:
        raise PAGE_ABSENT(where=request.path)
    return asked


def _taken(request: HttpRequest, now: int) -> HttpResponse | Refused | None:
    """Take in what a form of these pages sent: lead to what becomes of it, or say why it was refused."""
    if request.method != "POST":
        return None
    try:
        return redirect(board_entries.take(note_of(request), [], now))
    except Error as error:
        return Refused(error)
