# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about what was reported to reviewers, who of them is on call, and what was written for everybody."""

from __future__ import annotations

from collections.abc import Iterable

from sunporch.docket.entries import Finding
from sunporch.docket.state import State
from sunporch.portal.board import store as board_store
from sunporch.portal.board.models import Line, Removable
from sunporch.portal.board.statistics import agency_of
from sunporch.portal.errors import WORDS_ABSENT
from sunporch.portal.review.models import Answer, Duty, JunkReport

MOST_LISTED = 200


def junk_report(disclosure: int) -> JunkReport | None:
    """Return the report about a clip, if somebody reported it."""
    return JunkReport.objects.filter(disclosure=disclosure).first()


def junk_reports() -> list[JunkReport]:
    """Return what was reported, newest first."""
    return list(JunkReport.objects.order_by("-pk")[:MOST_LISTED])


def roster(now: int) -> list[Duty]:
    """Return the duties that are not over, in the order in which they begin."""
    return list(Duty.objects.filter(ends__gt=now).order_by("begins", "pk")[:MOST_LISTED])


def on_call(now: int) -> dict[str, int]:
    """Return who is on call now, each with the end of it (Unix seconds), the longest first."""
    found: dict[str, int] = {}
    for duty in Duty.objects.filter(begins__lte=now, ends__gt=now).order_by("-ends", "name"):
        found.setdefault(duty.name, duty.ends)
    return found


def agencies_of(state: State, finding: int) -> list[str]:
    """Return the agencies that a finding is about: that of the complaint, or all that a sample draws from."""
    record = state.records[finding] if finding < state.size else None
    if record is None or not record.in_force or not isinstance(record.entry, Finding):
        return []
    if record.entry.complaint >= 0:
        return [agency for agency in (agency_of(state, finding),) if agency]
    begun = (one.agency for one in state.partnerships.values() if one.in_force_from <= record.time)
    return sorted(set(begun))


def findings_about(state: State, agency: str) -> list[Line]:
    """Return the newest findings about an agency, newest first."""
    rows = board_store.lines(None, MOST_LISTED, (Finding.TYPE,))
    return [row for row in rows if agency in agencies_of(state, row.index)]


def answers(findings: Iterable[int]) -> dict[tuple[int, str], list[Answer]]:
    """Return all wordings of what agencies answered, by finding and agency, newest first."""
    found: dict[tuple[int, str], list[Answer]] = {}
    for row in Answer.objects.filter(finding__in=list(findings)).order_by("-pk"):
        found.setdefault((row.finding, row.agency), []).append(row)
    return found


def newest(model: type[Removable]) -> list[Removable]:
    """Return the newest rows of a kind that say something, for reviewers."""
    return list(model._default_manager.exclude(text="").order_by("-pk")[:MOST_LISTED])


def standing(model: type[Removable], number: int) -> Removable:
    """Return what somebody wrote and nobody took down, or raise `portal.words-absent`."""
    found = model._default_manager.filter(pk=number).exclude(text="").first()
    if found is None:
        raise WORDS_ABSENT(where=str(number))
    return found
