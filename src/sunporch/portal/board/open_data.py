# SPDX-License-Identifier: AGPL-3.0-or-later
"""Public pages of figures: statistics with their tables as CSV and Data Package, and who runs what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from sunporch.docket.state import KeyState, State
from sunporch.portal.board import words
from sunporch.portal.board.pages import agency_name, show, town
from sunporch.portal.board.statistics import TEXT_COLUMNS, Part, Table, tables
from sunporch.portal.record import public_record
from sunporch.portal.reports import store as report_store
from sunporch.tlog.policies import TrustPolicy
from sunporch.web.errors import PAGE_ABSENT
from sunporch.web.templatetags.moments import day

# The longest bar of a chart, in the units of its drawing.
BAR_UNITS = 100
# Whose keys are named as running a part of the town, in this order.
_RUNNING = ("portal", "custodian", "reviewer", "court", "prosecutor", "defence")


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """`/statistics/`: every table with its definition, a bar beside its first figure, and its CSV."""
    now = public_record().now()
    with public_record().reading() as state:
        shown = [table_shown(table, state) for table in tables(Part(state, now))]
        agencies = sorted({partner.agency for partner in state.partnerships.values()})
        reports = [
            {"name": agency_name(state, agency), "years": report_store.years(state, agency, now)}
            for agency in agencies
        ]
        context = {"town": town(state), "tables": shown, "reports": reports}
    return show(request, "board/statistics.html", context)


def table_shown(table: Table, state: State) -> dict[str, Any]:
    """Return what pages show of a table: its values in words, and a bar where its second column is a figure."""
    figures = [0 if table.columns[1] in TEXT_COLUMNS else int(row[1]) for row in table.rows]
    most = max(figures, default=0)
    return {
        "name": table.name,
        "title": table.title,
        "definition": table.definition,
        "columns": [{"title": _column(name), "text": name in TEXT_COLUMNS} for name in table.columns],
        "rows": [
            {
                "first": _told(state, table.columns[0], row[0]),
                "code": row[0] if table.columns[0] == "agency" else "",
                "figures": [
                    {"said": _told(state, name, value), "text": name in TEXT_COLUMNS}
                    for name, value in zip(table.columns[1:], row[1:], strict=True)
                ],
                "bar": round(BAR_UNITS * figure / most) if most else 0,
            }
            for row, figure in zip(table.rows, figures, strict=True)
        ],
    }


def _told(state: State, column: str, value: str | int) -> str | int:
    """Return a value of a table in words, where its column has some."""
    return _WORDS[column](state, str(value)) if column in _WORDS else value


def _entry(_: State, index: str) -> SafeString:
    return format_html('<a href="{}?from={}">{}</a>', reverse("record"), index, index)


def _day(moment: str) -> str:
    return str(day(int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())))


def _offence(state: State, code: str) -> str:
    policy = state.policy_in_force(public_record().now())
    return words.offence(public_record().bundle(policy.index) if policy is not None else None, code)


_WORDS: dict[str, Callable[[State, str], str]] = {
    "agency": agency_name,
    "offence": _offence,
    "outcome": lambda _, code: words.code(code),
    "recipient": lambda _, code: words.code(code),
    "act": lambda _, kind: words.what(kind),
    "standard": lambda _, code: words.code(code),
    "justification": lambda _, code: words.code(code),
    "code": lambda _, code: words.code(code),
    "action": lambda _, code: words.code(code),
    "since": lambda _, moment: _day(moment),
    "day": lambda _, moment: _day(moment),
    "entry": _entry,
}


def _column(name: str) -> str:
    known = {
        "agency": gettext("Agency"),
        "appeals": gettext("Appeals"),
        "open": gettext("open"),
        "suspended": gettext("suspended"),
        "closed": gettext("outcome due"),
        "overdue": gettext("overdue"),
        "with_outcome": gettext("with outcome"),
        "offence": gettext("Offence"),
        "outcome": gettext("Outcome"),
        "clause": gettext("Clause"),
        "drafts": gettext("Drafts"),
        "shared": gettext("shared"),
        "live": gettext("live"),
        "opened": gettext("opened"),
        "exported": gettext("exported"),
        "taken_back": gettext("taken back"),
        "preserved": gettext("preserved"),
        "key_destroyed": gettext("key destroyed"),
        "pseudonym": gettext("Pseudonym"),
        "openings": gettext("Openings"),
        "exports": gettext("Exports"),
        "recipient": gettext("Recipient"),
        "times": gettext("Times"),
        "act": gettext("Act"),
        "standard": gettext("Legal ground"),
        "justification": gettext("Why"),
        "hours": gettext("Hours"),
        "area": gettext("Part of town"),
        "code": gettext("What about"),
        "complaints": gettext("Complaints"),
        "with_finding": gettext("with a finding"),
        "clips": gettext("Clips"),
        "since": gettext("Since"),
        "signers": gettext("Signed by"),
        "action": gettext("What was done"),
        "day": gettext("Day"),
        "entry": gettext("Entry"),
    }
    return known[name]


@require_safe
def table(request: HttpRequest, name: str) -> HttpResponse:
    """`/statistics/<name>.csv`: one table, RFC 4180."""
    with public_record().reading() as state:
        found = {item.name: item for item in tables(Part(state, public_record().now()))}.get(name)
    if found is None:
        raise PAGE_ABSENT(where=request.path)
    return as_csv(found)


def as_csv(table: Table) -> HttpResponse:
    """Return a table as a file for everybody."""
    answer = HttpResponse(table.csv(), content_type="text/csv; charset=utf-8; header=present")
    answer["Cache-Control"] = "public, max-age=10"
    return answer


@require_safe
def data_package(request: HttpRequest) -> HttpResponse:
    """`/statistics/datapackage.json`: all tables as a Frictionless Data Package."""
    del request
    with public_record().reading() as state:
        shown, found = town(state), tables(Part(state, public_record().now()))
    package = {
        "name": "statistics",
        "title": shown["name"],
        "description": f"Computed from entries 0 to {shown['size'] - 1} of the public record.",
        "resources": [item.schema() for item in found],
    }
    answer = JsonResponse(package)
    answer["Cache-Control"] = "public, max-age=10"
    return answer


@require_safe
def who_runs_what(request: HttpRequest) -> HttpResponse:
    """`/who-runs-what/`: portal, key custodians, co-signers, overseers, as the record names them."""
    with public_record().reading() as state:
        policy = TrustPolicy.parse(state.trust_policy_text) if state.trust_policy_text else None
        live = [key for key in state.keys.values() if key.live and key.role in _RUNNING]
        context = {
            "town": town(state),
            "threshold": state.threshold,
            "council": sorted(state.community_keys),
            "keys": [_runs(key) for key in sorted(live, key=lambda key: (_RUNNING.index(key.role), key.name))],
            "witnesses": sorted(policy.witnesses) if policy is not None else [],
        }
    return show(request, "board/who.html", context)


def _runs(key: KeyState) -> dict[str, Any]:
    return {"name": key.name, "role": words.code(key.role), "url": key.url, "storage": key.storage}
