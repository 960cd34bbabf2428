# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/rules/` and `/work/proposals/<n>/`: clerks write rules, look at them in plain words, and sign."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from sunporch.base.digests import from_hex
from sunporch.base.errors import Error
from sunporch.docket.blobs import SALT_SIZE
from sunporch.docket.entries import Policy
from sunporch.docket.state import State
from sunporch.policy import Bundle, amending, presets
from sunporch.portal.agencies.permissions import Person, who
from sunporch.portal.agencies.work import TOGETHER_SECONDS, Refused, note_of, page, to_sign
from sunporch.portal.clerk import actions, decision_form, partnering, rules, store
from sunporch.portal.clerk.pages import CLERKS, proposal_line
from sunporch.portal.clerk.rules_form import START, Rules
from sunporch.portal.clerk.wording_form import Wording
from sunporch.portal.record import public_record
from sunporch.web import signin

RULES = "rules"


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def all_rules(request: HttpRequest) -> HttpResponse:
    """`/work/rules/`: today's rules, those to come, those that are being written; begin new ones."""
    person, now = who(request), public_record().now()
    refused, unchosen = None, False
    with public_record().reading() as state:
        today = rules.in_force(state, now)
        bases = [*presets.TITLES, *([str(today[0])] if today else [])]
        if request.method == "POST" and request.POST.get("base") in bases:
            try:
                return redirect("work-proposal", actions.propose(person, RULES, request.POST["base"], {}, now).pk)
            except Error as error:
                refused = Refused(error)
        elif request.method == "POST":
            unchosen = True
        policy = state.policy_in_force(now)
        context = {
            "today": today and {"index": today[0], "name": today[1].preset, "since": policy and policy.in_force_from},
            "coming": [one for one in state.policies.values() if one.in_force_from > now],
            "writing": [proposal_line(row) for row in store.proposals(RULES)],
            "start": [{"name": name, "title": title, "said": said} for name, (title, said) in START.items()],
            "unchosen": unchosen,
        }
    return page(request, "clerk/rules.html", context, refused)


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, proposal: int) -> HttpResponse:
    """`/work/proposals/<n>/`: the form; what is typed is kept while it is typed (`autosave`)."""
    row, now = store.proposal(proposal, RULES), public_record().now()
    with public_record().reading() as state:
        base = rules.base(row, state, now)
        about = (base, state.comment_days, now)
    if request.method == "POST":
        form = Rules(*about, request.POST)
        actions.write_on(row, decision_form.kept(form, request.POST), now)
        if "autosave" in request.POST:
            return HttpResponse(status=204)
        if request.POST.get("to") in ("places", "words"):
            return redirect(f"work-proposal-{request.POST['to']}", row.pk)
        if form.is_valid():
            return redirect("work-proposal-check", row.pk)
    elif "wrong" in request.GET:
        form = Rules(*about, decision_form.sent_again(row.answers))
    else:
        form = Rules(*about)
        form.initial = decision_form.shown_again(form, row.answers)
    context = {"form": form, "proposal": row, "asks": "offences" in form.fields}
    return page(request, "clerk/rules_form.html", context | {"places": len(rules.places_of(row, base))})


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, proposal: int) -> HttpResponse:
    """`/work/proposals/<n>/check/`: the rules as they will be printed, what changes, and the signature."""
    person, row, now = who(request), store.proposal(proposal, RULES), public_record().now()
    with public_record().reading() as state:
        base = rules.base(row, state, now)
        form = Rules(base, state.comment_days, now, decision_form.sent_again(row.answers))
        if not form.is_valid():
            return redirect(f"{request.path.removesuffix('check/')}?wrong")
        wording = Wording(base, row.answers)
        if not wording.is_valid():
            return redirect("work-proposal-words", row.pk)
        texts = wording.texts() | {"places": rules.places_of(row, base)}
        bundle = amending.amend(base, rules.grid(state), form.amendment(texts))
    refused = None
    if request.method == "POST":
        try:
            text = {"salt": from_hex(request.POST.get("salt", ""), SALT_SIZE, "the salt").hex(), "text": bundle.text}
            return redirect(actions.begin_from(row, person, note_of(request), [text], now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        context = rules.shown(bundle, state, now) | _facts(form, state) | {"proposal": row}
        context["signing"] = _to_sign(person, state, form, bundle, now)
    return page(request, "clerk/rules_check.html", context, refused)


def _facts(form: Rules, state: State) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "in_force_from": decision_form.seconds_of(given["in_force_from"]),
        "closes": given["open_requests"] == "close",
        "comment_days": state.comment_days,
        "threshold": state.threshold,
    }


def _to_sign(person: Person, state: State, form: Rules, bundle: Bundle, now: int) -> dict[str, Any]:
    given = form.cleaned_data
    begins = decision_form.seconds_of(given["in_force_from"])
    fields = {"in_force_from": begins, "open_requests": given["open_requests"]}
    signing = to_sign(person, state, Policy.TYPE, now + TOGETHER_SECONDS, **fields)
    return signing | {"commit": {"field": "bundle", "text": bundle.text}}


@signin.page(CLERKS)
@require_POST
def throw_away(request: HttpRequest, proposal: int) -> HttpResponse:
    """`POST /work/proposals/<n>/drop/`: nobody writes on it any more."""
    row = store.proposal(proposal, RULES, partnering.KIND)
    actions.throw_away(who(request), row, public_record().now())
    return redirect("work-rules" if row.kind == RULES else "work-partnerships")
