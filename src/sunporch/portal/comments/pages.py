# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/comments/<index>/`: what people say before rules or a partnership begin; for reviewers, all that is new."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.portal.agencies.permissions import CLERK, Gate
from sunporch.portal.agencies.work import PAGES, page
from sunporch.portal.board import pages as board_pages
from sunporch.portal.comments import actions, store
from sunporch.portal.comments.forms import Commenting
from sunporch.portal.comments.models import Comment
from sunporch.portal.record import public_record
from sunporch.portal.reports.models import Explanation
from sunporch.portal.review import store as review_store
from sunporch.portal.review.models import Answer
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
    context["comments"] = store.comments_on(index)
    return render(request, "comments/comments.html", context, status=status)


@signin.page(Gate(PAGES, "reviewer", CLERK))
@require_safe
def newest(request: HttpRequest) -> HttpResponse:
    """`/work/comments/`: the newest comments on everything, and what agencies wrote, for reviewers and clerks."""
    written = [("wording", row) for row in review_store.newest(Explanation)]
    written += [("answer", row) for row in review_store.newest(Answer)]
    context = {"comments": review_store.newest(Comment), "written": written}
    return page(request, "comments/newest.html", context)
