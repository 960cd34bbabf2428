# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/complaint/`, its own page for whoever wrote one, and the reviewers' list."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.portal.agencies.permissions import Gate
from sunporch.portal.agencies.work import page
from sunporch.portal.complaints import actions
from sunporch.portal.complaints.forms import CHOICES, ComplaintForm
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.answers import said, status_of
from sunporch.web.limits import Limit

# Per hashed address and hour: more than anybody has to complain about, far below a flood.
COMPLAINTS = Limit(most=10, seconds=3600)
READS = Limit(most=600, seconds=60)
MOST_LISTED = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    """`/complaint/`: write one; no account."""
    READS.spend(request)
    asked = request.GET.get("about", "")
    form = ComplaintForm(request.POST or None, initial={"about": asked if asked.isdecimal() else None})
    status = int(HTTPStatus.OK)
    if request.method == "POST" and form.is_valid():
        try:
            COMPLAINTS.spend(request)
            made = actions.complain(actions.Wish(**form.cleaned_data), public_record().now())
            return redirect("complaint-progress", token=made.token)
        except Error as error:  # what was written stays in the form
            told, status = said(error), status_of(error)
            form.add_error(None, f"{told['what']} {told['next']} [{told['id']}]")
    return render(request, "complaints/complain.html", {"form": form}, status=status)


@never_cache
@require_safe
def progress(request: HttpRequest, token: str) -> HttpResponse:
    """`/complaint/<token>/`: how far it came; whoever has the address sees it, nobody else."""
    READS.spend(request)
    found = actions.progress(token)
    here = request.build_absolute_uri(reverse("complaint-progress", args=[token]))
    return render(request, "complaints/progress.html", {"found": found, "what": _what(found), "here": here})


@require_safe
@signin.page(Gate(READS, "reviewer"))
def complaints(request: HttpRequest) -> HttpResponse:
    """`/work/complaints/`: everything that was written, for reviewers."""
    found = [{"found": item, "what": _what(item)} for item in actions.all_progress(MOST_LISTED)]
    return page(request, "complaints/complaints.html", {"complaints": found})


def _what(found: actions.Progress) -> str:
    return str(dict(CHOICES).get(found.complaint.code, found.complaint.code))
