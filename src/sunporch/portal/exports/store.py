# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about exports that were asked for, and who may see which."""

from __future__ import annotations

from django.db.models import QuerySet

from sunporch.portal.agencies.permissions import Person
from sunporch.portal.errors import EXPORT_ABSENT
from sunporch.portal.exports.models import Export, ExportState

MAX_LISTED = 200


def _of_agency(person: Person) -> QuerySet[Export]:
    return Export.objects.filter(agency=person.agency)


def export_of(person: Person, export_id: str) -> Export:
    """Return an export of the person's agency, or raise `portal.export-absent`."""
    found = _of_agency(person).filter(id=export_id).first()
    if found is None:
        raise EXPORT_ABSENT(where=export_id[:64])
    return found


def of_clip(person: Person, disclosure: int) -> list[Export]:
    """Return what the person asked for of a clip, oldest first."""
    rows = _of_agency(person).filter(disclosure=disclosure, officer=person.name)
    return list(rows.order_by("made_at", "id")[:MAX_LISTED])


def waiting_for(person: Person, now: int) -> list[Export]:
    """Return the exports that a supervisor can sign, oldest first; none for others."""
    if person.role != "supervisor":
        return []
    rows = _of_agency(person).filter(state=ExportState.WAITING, not_after__gte=now)
    return list(rows.order_by("made_at", "id")[:MAX_LISTED])
