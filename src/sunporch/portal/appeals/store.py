# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about drafts, and who may see which."""

from __future__ import annotations

from django.db.models import QuerySet

from sunporch.docket.visibility import Thing, may_see, reader_of
from sunporch.portal.agencies.permissions import AGENCY_ROLES, Person
from sunporch.portal.appeals.models import Draft, RefusedCount
from sunporch.portal.errors import DRAFT_ABSENT

MAX_LISTED = 200


def _seen_by(person: Person) -> QuerySet[Draft]:
    """Return the drafts that the person may see: those of the own agency; all for reviewers; none for others."""
    if not may_see(reader_of(person.role), Thing.DRAFT):
        return Draft.objects.none()
    drafts = Draft.objects.order_by("-made_at", "id")
    return drafts.filter(agency=person.agency) if person.role in AGENCY_ROLES else drafts


def drafts_of(person: Person) -> list[Draft]:
    """Return the newest drafts that the person may see."""
    return list(_seen_by(person)[:MAX_LISTED])


def draft_of(person: Person, draft_id: str) -> Draft:
    """Return a draft that the person may see, or raise `portal.draft-absent`."""
    draft = _seen_by(person).filter(id=draft_id).first()
    if draft is None:
        raise DRAFT_ABSENT(where=draft_id[:64])
    return draft


def refusals_before(day: int) -> dict[int, dict[str, int]]:
    """Return the counts of refused drafts of every day before the given one: day -> clause -> count."""
    found: dict[int, dict[str, int]] = {}
    for row in RefusedCount.objects.filter(day__lt=day, count__gt=0).order_by("day", "clause"):
        found.setdefault(row.day, {})[row.clause] = row.count
    return found
