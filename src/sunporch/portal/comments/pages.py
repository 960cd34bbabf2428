# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/comments/<index>/`: what people say before rules or a partnership begin; reviewers take down what must go."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.portal.agencies.permissions import CLERK, Gate, who
from sunporch.portal.agencies.work import PAGES, page
from sunporch.portal.board import pages as board_pages
from sunporch.portal.comments import actions, store
from sunporch.portal.comments.forms import REASONS, Commenting, TakingDown
from sunporch.portal.comments.models import Comment
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.answers import said, status_of
from sunporch.web.limits import Limit

# Per hashed address and hour.
COMMENTS = Limit(most=5, seconds=3600)
READS = Limit(most=600, seconds=60)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: HttpRequest, index: int) -> HttpResponse:
    """`/comments/<index>/`: read what people say and say something; no account."""
    READS.spend(request)
    now = public_record().now()
    proposed = store.proposed(index, now)
    form, status = Commenting(request.POST or None), int(HTTPStatus.OK)
    if request.method == "POST" and form.is_valid():
        try:
            COMMENTS.spend(request)
            actions.say(index, form.cleaned_data["name"], form.cleaned_data["text"], now)
            return redirect(f"{request.path}#said")
        except Error as error:  # what was written stays in the form
            told, status = said(error), status_of(error)
            form.add_error(None, f"{told['what']} {told['next']} [{told['id']}]")
    with public_record().reading() as state:
        context = {"town": board_pages.town(state), "proposed": proposed, "form": form}
    context["comments"] = [_shown(row) for row in store.comments_on(index)]
    return render(request, "comments/comments.html", context, status=status)


def _shown(row: Comment) -> dict[str, Any]:
    return {"row": row, "reason": dict(REASONS).get(row.reason, row.reason)}


@signin.page(Gate(PAGES, "reviewer", CLERK))
@require_safe
def newest(request: HttpRequest) -> HttpResponse:
    """`/work/comments/`: the newest comments on everything, for reviewers and clerks."""
    return page(request, "comments/newest.html", {"comments": store.newest()})


@signin.page(Gate(PAGES, "reviewer"))
@require_http_methods(["GET", "POST"])
def take_down(request: HttpRequest, comment: int) -> HttpResponse:
    """`/work/comments/<n>/takedown/`: what it says is erased; its place stays, with the reason."""
    row = store.comment(comment)
    form = TakingDown(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.take_down(who(request), comment, form.cleaned_data["reason"], public_record().now())
        return redirect("work-comments")
    return page(request, "comments/take_down.html", {"row": row, "form": form})
