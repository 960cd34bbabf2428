# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about drafts, and who may see which."""

from __future__ import annotations

from django.db.models import QuerySet

from sunporch.docket.visibility import Thing, may_see, reader_of
from sunporch.portal.agencies.permissions import AGENCY_ROLES, Person
from sunporch.portal.appeals.models import Draft, DraftState, RefusedCount, Sketch
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


def draft_of_entry(person: Person, entry_id: str) -> Draft | None:
    """Return the draft from which a recorded appeal came, with its private side, if it came through this portal."""
    return _seen_by(person).filter(id=entry_id).first()


def sketches_of(person: Person) -> list[Sketch]:
    """Return the appeals that the person is still writing, the one touched last first."""
    return list(Sketch.objects.filter(officer=person.name).order_by("-changed_at", "-pk"))


def sketch_of(person: Person, sketch_id: int) -> Sketch:
    """Return a sketch of the person's own, or raise `portal.draft-absent`: it is private to who writes it."""
    sketch = Sketch.objects.filter(officer=person.name, agency=person.agency, pk=sketch_id).first()
    if sketch is None:
        raise DRAFT_ABSENT(where=str(sketch_id))
    return sketch


def waiting_for(person: Person, now: int) -> list[Draft]:
    """Return the drafts that the person can sign next, oldest first."""
    wanted = {"supervisor": DraftState.COUNTERSIGN, "reviewer": DraftState.REVIEW}.get(person.role)
    if wanted is None:
        return []
    drafts = _seen_by(person).filter(state=wanted, not_after__gte=now).exclude(officer=person.name)
    return list(drafts.order_by("made_at", "id")[:MAX_LISTED])


def refusals_before(day: int) -> dict[int, dict[str, int]]:
    """Return the counts of refused drafts of every day before the given one: day -> clause -> count."""
    found: dict[int, dict[str, int]] = {}
    for row in RefusedCount.objects.filter(day__lt=day, count__gt=0).order_by("day", "clause"):
        found.setdefault(row.day, {})[row.clause] = row.count
    return found
