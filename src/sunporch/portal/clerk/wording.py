# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/proposals/<n>/places/` and `.../words/`: the parts of the rules that are no numbers and no boxes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from sunporch.portal.agencies.work import page
from sunporch.portal.board import town_map
from sunporch.portal.clerk import actions, decision_form, rules, store
from sunporch.portal.clerk.models import Proposal
from sunporch.portal.clerk.pages import CLERKS
from sunporch.portal.clerk.proposing import RULES
from sunporch.portal.clerk.wording_form import PlaceForm, Wording
from sunporch.portal.record import public_record
from sunporch.web import signin


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def places(request: HttpRequest, proposal: int) -> HttpResponse:
    """`/work/proposals/<n>/places/`: the sensitive places; one is added, one is taken off the list."""
    row, now = store.proposal(proposal, RULES), public_record().now()
    with public_record().reading() as state:
        bundle = rules.with_places(row, rules.base(row, state, now), rules.grid(state))
    written = rules.places_of(row, bundle)
    form = PlaceForm(bundle)
    if "remove" in request.POST:
        kept = [place for place in written if place["name"] != request.POST["remove"]]
        return _keep(request, row, {"places": kept}, now)
    if request.method == "POST":
        form = PlaceForm(bundle, request.POST)
        if form.is_valid() and "around" in request.POST:
            cells = form.around()
            if cells is not None:
                form = PlaceForm(bundle, initial={**request.POST.dict(), "cells": " ".join(cells)})
        elif form.is_valid():
            return _keep(request, row, {"places": [*written, form.written()]}, now)
    context = {"form": form, "proposal": row, "listed": town_map.places(bundle)["listed"], **form.shown()}
    return page(request, "clerk/places_form.html", context)


def _keep(request: HttpRequest, row: Proposal, answers: dict[str, Any], now: int) -> HttpResponse:
    actions.write_on(row, answers, now)
    return redirect(f"{request.path}#listed")


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def words(request: HttpRequest, proposal: int) -> HttpResponse:
    """`/work/proposals/<n>/words/`: the town's name, lists of words and sentences; kept while they are typed."""
    row, now = store.proposal(proposal, RULES), public_record().now()
    with public_record().reading() as state:
        base = rules.base(row, state, now)
    answers = row.answers
    if request.method == "POST":
        answers = decision_form.kept(Wording(base, {}), request.POST)
        actions.write_on(row, answers, now)
        if "autosave" in request.POST:
            return HttpResponse(status=204)
    form = Wording(base, answers)
    if request.method == "POST" and form.is_valid():
        return redirect("work-proposal", row.pk)
    return page(request, "clerk/words_form.html", {"form": form, "proposal": row})
