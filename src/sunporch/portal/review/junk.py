# SPDX-License-Identifier: AGPL-3.0-or-later
"""Junk: a recipient tells the reviewers that a clip is none, and a reviewer marks it on the record.

No reviewer can open a clip. What they see is what the record and the store say of it, and why it was reported; not
which appeal it answers, which no entry may name either. The mark ends nothing: it says that the clip is no answer.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.docket.entries import Review
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import RECIPIENT_ROLES, Gate, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, Refused, note_of, page, to_sign
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import words
from sunporch.portal.record import public_record
from sunporch.portal.review import actions, store
from sunporch.portal.viewer import store as viewer_store
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

RECIPIENT = Gate(PAGES, *RECIPIENT_ROLES)
REVIEWER = Gate(PAGES, "reviewer")


class JunkForm(forms.Form):
    """Why it is junk."""

    reason = forms.ChoiceField(label=gettext_lazy("Why?"), choices=list(words.JUNK.items()), widget=forms.RadioSelect)


@signin.page(RECIPIENT)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/clips/<index>/junk/`: tell the reviewers that a clip is junk."""
    person, now = who(request), public_record().now()
    form = JunkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.report_junk(person, index, form.cleaned_data["reason"], now)
        return redirect("work-junk", index)
    viewer_store.clip_of(person, index)
    with public_record().reading() as state:
        shared = _about(request, state, index, now)
    return page(request, "review/junk.html", {"form": form, "clip": shared})


@signin.page(REVIEWER)
@require_safe
def reported(request: HttpRequest) -> HttpResponse:
    """`/work/review/clips/`: what was reported, newest first."""
    now = public_record().now()
    with public_record().reading() as state:
        clips = [_about(request, state, row.disclosure, now) for row in store.junk_reports()]
    return page(request, "review/clips.html", {"clips": clips})


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def mark(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/review/clips/<index>/`: what is known of a clip without opening it; mark it as junk."""
    person, now, refused = who(request), public_record().now(), None
    if request.method == "POST":
        try:
            return redirect(board_entries.take(note_of(request), [], now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        context = {
            "clip": _about(request, state, index, now),
            "reasons": list(words.JUNK.items()),
            "signing": to_sign(
                person, state, Review.TYPE, now + ALONE_SECONDS, action="junk", target=index, draft=""
            ),
        }
    return page(request, "review/clip.html", context, refused)


def _about(request: HttpRequest, state: State, index: int, now: int) -> dict[str, Any]:
    """Return what may be said of a clip to whoever cannot open it."""
    shared = state.disclosures.get(index)
    if shared is None:
        raise PAGE_ABSENT(where=request.path)
    row, told = viewer_store.clip(shared.c), store.junk_report(index)
    state_words, style = words.clip_phase(shared.phase(now))
    return {
        "index": index,
        "agency": board_pages.agency_name(state, shared.agency),
        "shared_at": state.records[index].time,
        "expires": shared.lease_end,
        "state_words": state_words,
        "state_class": style,
        "size": row.sealed_size or 0 if row is not None else 0,
        "openings": len(shared.accesses),
        "junk": shared.junk,
        "report": told,
        "why": words.JUNK.get(told.reason, told.reason) if told is not None else "",
    }
