# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about copies and passing on that officers asked for, and who may see which."""

from __future__ import annotations

from django.db.models import QuerySet

from sunporch.portal.agencies.permissions import Person
from sunporch.portal.errors import EXPORT_ABSENT
from sunporch.portal.exports.models import Handover, HandoverState

MAX_LISTED = 200


def _of_agency(person: Person) -> QuerySet[Handover]:
    return Handover.objects.filter(agency=person.agency)


def handover_of(person: Person, export_id: str) -> Handover:
    """Return a handover of the person's agency, or raise `portal.export-absent`."""
    found = _of_agency(person).filter(id=export_id).first()
    if found is None:
        raise EXPORT_ABSENT(where=export_id[:64])
    return found


def of_clip(person: Person, disclosure: int, kind: str) -> list[Handover]:
    """Return what of a kind the person asked for of a clip, oldest first."""
    rows = _of_agency(person).filter(disclosure=disclosure, officer=person.name, type=kind)
    return list(rows.order_by("made_at", "id")[:MAX_LISTED])


def waiting_for(person: Person, now: int) -> list[Handover]:
    """Return what a supervisor can sign, oldest first; none for others."""
    if person.role != "supervisor":
        return []
    rows = _of_agency(person).filter(state=HandoverState.WAITING, not_after__gte=now)
    return list(rows.order_by("made_at", "id")[:MAX_LISTED])
