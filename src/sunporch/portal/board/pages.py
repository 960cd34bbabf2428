# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages: no account, no cookie, and no script needed. They show what is co-signed, and nothing else."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from sunporch.docket.blobs import Blob
from sunporch.docket.custody import DAY
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import PartnershipState, PolicyState, RequestState, State
from sunporch.policy import Bundle
from sunporch.portal.appeals import area, streets
from sunporch.portal.board import changes, plain_rules, store, town_map, words
from sunporch.portal.board.models import Line
from sunporch.portal.record import public_record
from sunporch.portal.reports import store as report_store
from sunporch.web.errors import PAGE_ABSENT

APPEALS_A_PAGE = 25
LINES_A_PAGE = 100
_MAX_INDEX_DIGITS = 15


def town(state: State) -> dict[str, Any]:
    """Return what stands at the head and foot of every page."""
    shown = store.shown()
    return {
        "name": state.community.name if state.community is not None else settings.SUNPORCH.origin,
        "size": shown.size if shown else 0,
        "cosigned_at": shown.cosigned_at if shown else 0,
        "cosigners": shown.cosigners if shown else 0,
        "witnesses": shown.witnesses if shown else 0,
    }


@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """`/`: all appeals, newest first."""
    now, before = public_record().now(), _number(request, "before")
    with public_record().reading() as state:
        rows = [row for row in store.appeals(before, APPEALS_A_PAGE) if row.index in state.requests]
        asked = [state.requests[row.index] for row in rows]
        context: dict[str, Any] = {
            "town": town(state),
            "appeals": [summary(state, one, now) for one in asked],
            "map": town_map.of(state, asked, now),
        }
    context["older"] = rows[-1].index if len(rows) == APPEALS_A_PAGE else None
    return show(request, "board/appeals.html", context)


@require_safe
def appeal(request: HttpRequest, index: int) -> HttpResponse:
    """`/appeals/<index>/`: the permanent page of one appeal."""
    now = public_record().now()
    with public_record().reading() as state:
        asked, shown = state.requests.get(index), store.shown()
        if asked is None or shown is None or index >= shown.size:
            raise PAGE_ABSENT(where=request.path)
        record = state.records[index]
        verdict = record.verdict
        context = {
            "town": town(state),
            "appeal": whole(state, asked, now) | _place(asked),
            "narrative": narrative(asked),
            "clauses": [
                {"id": clause.id, "cite": clause.cite, "sentence": clause.sentence(words.language())}
                for clause in (verdict.review if verdict is not None else ())
            ],
            "history": [line_shown(row, state) for row in store.lines_about(index)],
            "log_url": _log_url(request),
            "words": words.of_checking(),
            "said": _said(asked),
        }
    return show(request, "board/appeal.html", context)


def _place(asked: RequestState) -> dict[str, Any]:
    """Return the drawing of an appeal's area and its size in words, by the rules that the appeal cites."""
    bundle, cells = public_record().bundle(asked.entry.policy), asked.entry.cells
    if bundle is None:
        return {}
    return {
        "picture": area.picture(bundle, cells, streets.known().lines),
        "hectares": area.hectares(len(cells)),
        "households": area.households(bundle, cells),
    }


def _said(asked: RequestState) -> dict[str, Any]:
    """Return what the page says of the signed entry, under the entry's own names, for the browser to compare."""
    entry = asked.entry
    return {
        "agency": entry.agency,
        "offence": entry.offence,
        "purpose": entry.purpose,
        "basis": entry.basis,
        "cells": list(entry.cells),
        "from": entry.from_,
        "to": entry.to,
        "policy": entry.policy,
    }


def summary(state: State, asked: RequestState, now: int) -> dict[str, Any]:
    """Return what the list and the feeds say of an appeal."""
    words_of, style = words.phase(asked.phase(now))
    return {
        "index": asked.index,
        "time": asked.time,
        "offence": offence_name(asked),
        "agency": asked.entry.agency,
        "agency_name": agency_name(state, asked.entry.agency),
        "from_time": asked.entry.from_,
        "to_time": asked.entry.to,
        "closes": asked.closes_at,
        "state": words_of,
        "state_class": style,
    }


def whole(state: State, asked: RequestState, now: int) -> dict[str, Any]:
    """Return what the page of one appeal says of it."""
    entry = asked.entry
    recipients = [state.key_at(index) for index in entry.recipients]
    return summary(state, asked, now) | {
        "purpose": words.code(entry.purpose),
        "basis": words.code(entry.basis),
        "length": entry.to - entry.from_,
        "cells": entry.cells,
        "flags": [words.code(flag) for flag in entry.flags],
        "policy": entry.policy,
        "officer": asked.officer,
        "supervisor": asked.supervisor,
        "reviewer": asked.reviewer,
        "recipients": [key.name for key in recipients if key is not None],
    }


def narrative(asked: RequestState) -> str | None:
    """Return the account behind an appeal, None if it was taken down."""
    blob: Blob | None = public_record().text(asked.entry.narrative)
    return blob.text if blob is not None else None


def offence_name(asked: RequestState) -> str:
    """Return the offence's name in the reader's language with its code, as the rules of the appeal name it."""
    return words.offence(public_record().bundle(asked.entry.policy), asked.entry.offence)


def agency_name(state: State, agency: str) -> str:
    """Return the name under which the agency was last approved."""
    named = [p for p in state.partnerships.values() if p.agency == agency]
    return max(named, key=lambda p: p.index).name if named else agency


@require_safe
def agencies(request: HttpRequest) -> HttpResponse:
    """`/agencies/`: who may ask, until when, by whose decision; former partners stay (R42)."""
    now = public_record().now()
    with public_record().reading() as state:
        approved = sorted(state.partnerships.values(), key=lambda p: -p.index)
        reports = {agency: report_store.years(state, agency, now) for agency in {p.agency for p in approved}}
        # Beside the newest approval of each agency alone.
        partners = [partner(state, p, now) | {"reports": reports.pop(p.agency, [])} for p in approved]
        context = {"town": town(state), "partners": partners}
    return show(request, "board/agencies.html", context)


def partner(state: State, partner: PartnershipState, now: int) -> dict[str, Any]:
    """Return what pages say of a partnership, whatever became of it."""
    if partner.cancelled_at is not None:
        state_words, style = words.ended_by(partner.cancelled_by or ""), "ended"
    elif partner.suspended:
        state_words, style = words.phase(RequestPhase.SUSPENDED)
    elif partner.live(now):
        state_words, style = gettext("in force"), "open"
    elif partner.pending(now):
        state_words, style = gettext("approved, not in force yet"), "waiting"
    else:
        state_words, style = gettext("lapsed"), "ended"
    link = partner.link if partner.link.startswith(("https://", "http://")) else ""
    return {
        "index": partner.index,
        "name": partner.name,
        "agency": partner.agency,
        "instrument": partner.instrument if link else f"{partner.instrument} {partner.link}".strip(),
        "link": link,
        "hearing": partner.hearing,
        "in_force_from": partner.in_force_from,
        "ends": partner.ends,
        "cancelled_at": partner.cancelled_at,
        "state": state_words,
        "state_class": style,
        "pending": partner.pending(now),
        "appeals": sum(1 for asked in state.requests.values() if asked.entry.agency == partner.agency),
        "overdue": len(state.overdue_requests(partner.agency, now)),
    }


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """`/rules/`: the town's rules in plain words, one anchor a clause, and all versions."""
    now = public_record().now()
    with public_record().reading() as state:
        policy = state.policy_in_force(now)
        bundle = public_record().bundle(policy.index) if policy is not None else None
        shown = rules_shown(policy, bundle) if policy is not None and bundle is not None else None
        versions = [{"index": p.index, "since": p.in_force_from} for p in state.policies.values()]
        coming = [_coming(p, policy, now) for p in state.policies.values() if p.in_force_from > now]
        context = {"town": town(state), "rules": shown, "versions": versions[::-1], "coming": coming}
    return show(request, "board/rules.html", context)


def _coming(policy: PolicyState, today: PolicyState | None, now: int) -> dict[str, Any]:
    """Return what is told of rules before they begin: by which decision, and what they change of today's."""
    bundle = public_record().bundle(policy.index)
    before = public_record().bundle(today.index) if today is not None else None
    return {
        "index": policy.index,
        "begins": policy.in_force_from,
        "left": policy.in_force_from - now,
        "resolution": bundle.resolution if bundle is not None else None,
        "today": today is not None,
        "changes": changes.between(before, bundle, words.language()),
    }


@require_safe
def rules_version(request: HttpRequest, index: int) -> HttpResponse:
    """`/rules/<index>/`: one version for good, and what changed from the one before it."""
    with public_record().reading() as state:
        policy = state.policies.get(index)
        bundle = public_record().bundle(index)
        if policy is None or bundle is None:
            raise PAGE_ABSENT(where=request.path)
        older = [found for found in state.policies if found < index]
        before = public_record().bundle(max(older)) if older else None
        now = public_record().now()
        context = {
            "town": town(state),
            "rules": rules_shown(policy, bundle),
            "before": max(older, default=None),
            "pending": policy.in_force_from > now,
            "waiting_days": (policy.in_force_from - policy.time) // DAY,
            "changes": changes.between(before, bundle, words.language()),
        }
    return show(request, "board/rules_version.html", context)


def rules_shown(policy: PolicyState, bundle: Bundle) -> dict[str, Any]:
    """Return what the page says of the rules."""
    return {
        "name": bundle.name,
        "index": policy.index,
        "since": policy.in_force_from,
        "groups": plain_rules.groups(bundle, words.language()),
        "offences": plain_rules.offences(bundle, words.language()),
        "households_known": bundle.households_known,
        "places": town_map.places(bundle),
        "resolution": bundle.resolution,
        "blob": f"/log/blob/{policy.bundle}",
    }


@require_safe
def record(request: HttpRequest) -> HttpResponse:
    """`/record/`: every entry, newest first; `?from=INDEX` begins at one."""
    start = _number(request, "from")
    rows = store.lines(None if start is None else start + 1, LINES_A_PAGE)
    with public_record().reading() as state:
        context: dict[str, Any] = {"town": town(state), "log_url": _log_url(request), "words": words.of_checking()}
        context["lines"] = [line_shown(row, state) for row in rows]
    context["older"] = rows[-1].index - 1 if len(rows) == LINES_A_PAGE and rows[-1].index else None
    return show(request, "board/record.html", context)


def line_shown(row: Line, state: State) -> dict[str, Any]:
    """Return a line of the record in words."""
    in_force = row.status == "in force"
    asked = state.requests.get(row.index)
    return {
        "index": row.index,
        "time": row.time,
        "type": row.type,
        "what": words.what(row.type),
        "detail": offence_name(asked) if asked is not None else words.detail(row),
        "signers": row.signers,
        "reason": "" if in_force else words.reason(row.reason),
        "page": reverse("appeal", args=[row.index]) if row.type == "request" and in_force else "",
    }


def _log_url(request: HttpRequest) -> str:
    return request.build_absolute_uri("/log").rstrip("/")


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_INDEX_DIGITS else None


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a public page: the same for everybody, so it may be cached for a moment."""
    answer = render(request, template, context)
    answer["Cache-Control"] = "public, max-age=10"
    return answer
