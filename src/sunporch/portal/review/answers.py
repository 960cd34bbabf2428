# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an agency says to a reviewer's finding: in public, under the finding, each wording beside those before it.

No entry type exists for it, so it is the portal's word. Neither the rules nor the plan name a time for it: until the
agency has answered, its silence stands there, and nothing else.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from sunporch.base.errors import Error
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import PAGES, Refused, page
from sunporch.portal.board import store as board_store
from sunporch.portal.board.shown_text import ShownText
from sunporch.portal.record import public_record
from sunporch.portal.review import actions, findings, store
from sunporch.portal.review.models import MAX_ANSWER
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT


class AnswerForm(forms.Form):
    """What the agency says."""

    text = ShownText(
        label=_("What does your agency say to it?"),
        help_text=_("For example what it changed, or why it sees it otherwise. Name nobody."),
        max_length=MAX_ANSWER,
        widget=forms.Textarea(attrs={"rows": 7}),
    )


@signin.page(Gate(PAGES, "supervisor"))
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/findings/<index>/`: a supervisor answers the finding of this entry for their agency."""
    person, now, refused = who(request), public_record().now(), None
    with public_record().reading() as state:
        if person.agency not in store.agencies_of(state, index):
            raise PAGE_ABSENT(where=request.path)
        (found,) = findings.lines_of([row for row in board_store.lines(index + 1, 1) if row.index == index], state)
    before = store.answers([index]).get((index, person.agency), [])
    form = AnswerForm(request.POST or None, initial={"text": before[0].text if before else ""})
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(person, index, form.cleaned_data["text"], now)
            return redirect(f"{reverse('findings')}#finding-{index}")
        except Error as error:  # what was written stays in the form
            refused = Refused(error)
    return page(request, "review/answer.html", {"finding": found, "form": form}, refused)


def of_agency(state: State, agency: str) -> list[dict[str, Any]]:
    """Return the newest findings about an agency, and whether it has answered each."""
    rows = store.findings_about(state, agency)
    said = store.answers([row.index for row in rows])
    told = {row.index: said.get((row.index, agency), []) for row in rows}
    return [
        {"finding": found, "answered": bool(told[found["index"]]) and told[found["index"]][0].text != ""}
        for found in findings.lines_of(rows, state)
    ]
