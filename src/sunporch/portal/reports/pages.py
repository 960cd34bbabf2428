# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/agencies/<ORI>/reports/<year>/` for everybody, and the page of supervisors that adds to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.docket.lifecycle import RequestPhase
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import PAGES, Refused, page
from sunporch.portal.board import open_data
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board.statistics import tables
from sunporch.portal.record import public_record
from sunporch.portal.reports import actions, store
from sunporch.portal.reports.forms import Explaining
from sunporch.portal.reports.items import GENERAL, ITEMS
from sunporch.portal.reports.models import Explanation
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT


@require_safe
def report(request: HttpRequest, agency: str, year: int) -> HttpResponse:
    """`/agencies/<ORI>/reports/<year>/`: the items A to K, each with its figures and what the agency says of it."""
    now = public_record().now()
    with public_record().reading() as state:
        of = store.year_of(state, agency, year, now)
        part, wordings = store.part(state, of, now), store.wordings(of)
        counted = {table.name: table for table in tables(part)}
        asked = [one for one in state.requests.values() if part.holds(one.index)]
        context = {
            "town": board_pages.town(state),
            "of": of,
            "agency_name": board_pages.agency_name(state, agency),
            "years": store.years(state, agency, now),
            "late": [one.index for one in asked if one.phase(now) is RequestPhase.OVERDUE],
            "items": [
                {
                    "item": item,
                    "tables": [open_data.table_shown(counted[name], state) for name in item.tables],
                    "wordings": wordings.get(item.letter, []),
                }
                for item in ITEMS
            ],
            "general": wordings.get(GENERAL, []),
        }
    return board_pages.show(request, "reports/report.html", context)


@require_safe
def table(request: HttpRequest, agency: str, year: int, name: str) -> HttpResponse:
    """`/agencies/<ORI>/reports/<year>/<name>.csv`: one table of a report, RFC 4180."""
    now = public_record().now()
    with public_record().reading() as state:
        part = store.part(state, store.year_of(state, agency, year, now), now)
        found = {item.name: item for item in tables(part)}.get(name)
    if found is None:
        raise PAGE_ABSENT(where=request.path)
    return open_data.as_csv(found)


@require_safe
def for_programs(request: HttpRequest, agency: str, year: int) -> HttpResponse:
    """`/agencies/<ORI>/reports/<year>/report.json`: the same report, figures and words."""
    del request
    now = public_record().now()
    with public_record().reading() as state:
        of = store.year_of(state, agency, year, now)
        counted, wordings = {one.name: one for one in tables(store.part(state, of, now))}, store.wordings(of)
        said: dict[str, Any] = {
            "agency": agency,
            "name": board_pages.agency_name(state, agency),
            "year": year,
            "over": of.over,
            "explanation_overdue": of.overdue,
            "description": f"Computed from entries 0 to {board_pages.town(state)['size'] - 1} of the public record.",
        }
    said["items"] = [
        {
            "item": item.letter,
            "title": str(item.title),
            "told": str(item.told),
            "tables": [counted[name].schema() | {"rows": counted[name].rows} for name in item.tables],
            "not_on_record": str(item.missing),
            "agency_says": _said(wordings.get(item.letter, [])),
        }
        for item in ITEMS
    ]
    said["agency_says"] = _said(wordings.get(GENERAL, []))
    answer = JsonResponse(said)
    answer["Cache-Control"] = "public, max-age=10"
    return answer


def _said(wordings: list[Explanation]) -> list[dict[str, Any]]:
    return [
        {"text": row.text, "by": row.by, "at": row.at}
        | ({"taken_down": {"by": row.down_by, "at": row.down_at, "reason": row.reason}} if row.down_at else {})
        for row in wordings
    ]


@signin.page(Gate(PAGES, "supervisor"))
@require_http_methods(["GET", "POST"])
def explain(request: HttpRequest, year: int) -> HttpResponse:
    """`/work/reports/<year>/`: a supervisor tells what the record cannot, about their own agency alone."""
    person, now, refused = who(request), public_record().now(), None
    with public_record().reading() as state:
        of = store.year_of(state, person.agency, year, now)
    newest = {item: rows[0] for item, rows in store.wordings(of).items()}
    form = Explaining(request.POST or None, initial={item: row.text for item, row in newest.items()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.explain(person, of, {item: form.cleaned_data[item] for item in form.changed_data}, now)
            return redirect(request.path)
        except Error as error:  # what was written stays in the form
            refused = Refused(error)
    last = max(newest.values(), key=lambda row: row.pk, default=None)
    return page(request, "reports/explain.html", {"of": of, "form": form, "last": last}, refused)
