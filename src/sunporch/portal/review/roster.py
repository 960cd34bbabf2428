# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/review/roster/`: reviewers say when they are on call; whoever waits for a signature sees it."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from sunporch.base.errors import Error
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import PAGES, Refused, page
from sunporch.portal.appeals.forms import Moment
from sunporch.portal.record import public_record
from sunporch.portal.review import actions, store
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

REVIEWER = Gate(PAGES, "reviewer")


class DutyForm(forms.Form):
    """From when to when."""

    begins = Moment(label=gettext_lazy("From"))
    ends = Moment(label=gettext_lazy("To"))


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def roster(request: HttpRequest) -> HttpResponse:
    """Show who is on call when; put oneself on it."""
    person, now = who(request), public_record().now()
    form, refused = DutyForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            actions.go_on_call(person, form.cleaned_data["begins"], form.cleaned_data["ends"], now)
            return redirect("work-roster")
        except Error as error:
            refused = Refused(error)
    context = {"form": form, "roster": store.roster(now), "on_call": store.on_call(now), "now": now}
    return page(request, "review/roster.html", context, refused)


@signin.page(REVIEWER)
@require_POST
def leave(request: HttpRequest, duty: int) -> HttpResponse:
    """`POST /work/review/roster/<duty>/drop/`: take one's own duty off the roster."""
    if not actions.go_off_call(who(request), duty):
        raise PAGE_ABSENT(where=request.path)
    return redirect("work-roster")
