# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reviewer takes down words that somebody wrote for everybody: comments, agencies' reports, answers to findings.

None of them is on record, so nothing there has to permit it. The place stays, with who took it down and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import PAGES, page
from sunporch.portal.board.models import TAKEN_DOWN_FOR, Removable
from sunporch.portal.comments.models import Comment
from sunporch.portal.errors import WORDS_ABSENT
from sunporch.portal.record import public_record
from sunporch.portal.reports.models import Explanation
from sunporch.portal.review import actions, store
from sunporch.portal.review.models import Answer
from sunporch.web import signin


@dataclass(frozen=True)
class Kind:
    """What can be taken down: its rows, the act in the journal, the question of the page, and for what reasons."""

    model: type[Removable]
    act: str
    asked: Any
    reasons: dict[str, Any]


# What an agency says as such is neither a flood nor its author's own to take back.
_OF_OFFICES = {name: TAKEN_DOWN_FOR[name] for name in ("names-a-person", "threat")}
KINDS = {
    "comment": Kind(Comment, "comment taken down", _("Take this comment down?"), TAKEN_DOWN_FOR),
    "wording": Kind(Explanation, "wording taken down", _("Take this wording down?"), _OF_OFFICES),
    "answer": Kind(Answer, "answer taken down", _("Take this answer down?"), _OF_OFFICES),
}


class TakingDown(forms.Form):
    """Why it goes."""

    reason = forms.ChoiceField(label=_("Why?"), widget=forms.RadioSelect)

    def __init__(self, reasons: dict[str, Any], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["reason"].choices = list(reasons.items())  # type: ignore[attr-defined]  # it is a ChoiceField


@signin.page(Gate(PAGES, "reviewer"))
@require_http_methods(["GET", "POST"])
def take_down(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """`/work/words/<kind>/<n>/takedown/`: what it says is erased; its place stays, with the reason."""
    of = KINDS.get(kind)
    if of is None:
        raise WORDS_ABSENT(where=kind[:20])
    row = store.standing(of.model, number)
    form = TakingDown(of.reasons, request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = public_record().now()
        actions.take_down(who(request), of.model, number, of.act, form.cleaned_data["reason"], now)
        return redirect("work-comments")
    return page(request, "review/take_down.html", {"row": row, "form": form, "asked": of.asked})
