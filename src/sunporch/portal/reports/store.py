# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about annual reports: of which years there are any, what is counted, what the agency still owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sunporch.docket.custody import DAY
from sunporch.docket.state import State
from sunporch.portal.board.statistics import Part
from sunporch.portal.reports.items import OWED
from sunporch.portal.reports.models import Explanation
from sunporch.web.errors import PAGE_ABSENT

# From the end of a year until its report is overdue without the agency's words.
EXPLAIN_DAYS = 60


@dataclass(frozen=True)
class Year:
    """A year of an agency (UTC), and where its report stands: the items without words, and by when they are owed."""

    agency: str
    year: int
    over: bool
    missing: tuple[str, ...]
    due: int
    overdue: bool


def begins(year: int) -> int:
    """Return the first second of a year, Unix seconds."""
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def years(state: State, agency: str, now: int) -> list[Year]:
    """Return the years since the agency was first approved, newest first; none where it never was."""
    partners = [one for one in state.partnerships.values() if one.agency == agency]
    if not partners:
        return []
    first, last = (datetime.fromtimestamp(at, UTC).year for at in (state.records[partners[0].index].time, now))
    # The newest wording of an item counts.
    told = {(row.year, row.item): row.text for row in Explanation.objects.filter(agency=agency).order_by("pk")}
    # Nothing is owed for a year in which the agency could not ask.
    spans = [(one.in_force_from, one.ends if one.cancelled_at is None else one.cancelled_at) for one in partners]
    found = []
    for year in range(last, first - 1, -1):
        end = begins(year + 1)
        asked = any(start < end and until > begins(year) for start, until in spans)
        missing = tuple(item for item in OWED if asked and not told.get((year, item)))
        due = end + EXPLAIN_DAYS * DAY
        found.append(Year(agency, year, now >= end, missing, due, bool(missing) and now >= due))
    return found


def year_of(state: State, agency: str, year: int, now: int) -> Year:
    """Return one of these years; raises `web.page-absent`."""
    for one in years(state, agency, now):
        if one.year == year:
            return one
    raise PAGE_ABSENT(where=f"{agency}/{year}")


def part(state: State, of: Year, now: int) -> Part:
    """Return the part of the record that a report counts."""
    return Part(state, now, of.agency, begins(of.year), begins(of.year + 1))


def wordings(of: Year) -> dict[str, list[Explanation]]:
    """Return all wordings of each item of a report, newest first."""
    found: dict[str, list[Explanation]] = {}
    for row in Explanation.objects.filter(agency=of.agency, year=of.year).order_by("-pk"):
        found.setdefault(row.item, []).append(row)
    return found
