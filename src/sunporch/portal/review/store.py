# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about what was reported to reviewers, and about who of them is on call."""

from __future__ import annotations

from sunporch.portal.review.models import Duty, JunkReport

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
