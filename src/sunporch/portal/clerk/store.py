# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about what clerks are writing, and about entries that wait for another key of the community."""

from __future__ import annotations

from sunporch.docket import wire
from sunporch.docket.entries import Partnership
from sunporch.portal.clerk.models import Motion, Proposal
from sunporch.portal.errors import MOTION_ABSENT, PROPOSAL_ABSENT
from sunporch.tlog.notes import Note

MAX_LISTED = 100


def open_motions(now: int) -> list[Motion]:
    """Return the entries that can still be signed, oldest first."""
    return list(Motion.objects.filter(not_after__gte=now).order_by("made_at", "id")[:MAX_LISTED])


def motion(motion_id: str, now: int) -> Motion:
    """Return an entry that can still be signed, or raise `portal.motion-absent`."""
    found = Motion.objects.filter(id=motion_id, not_after__gte=now).first()
    if found is None:
        raise MOTION_ABSENT(where=motion_id[:64])
    return found


def waits(row: Proposal) -> bool:
    """Say whether the entry that was begun from it waits for another key now."""
    return Motion.objects.filter(id=row.entry).exists()


def approval(motion_id: str, now: int) -> tuple[Motion, Partnership]:
    """Return a partnership that waits for signatures, or raise `portal.motion-absent`."""
    row = motion(motion_id, now)
    entry = wire.decode(Note.parse(row.note.encode()).text)[1]
    if not isinstance(entry, Partnership):
        raise MOTION_ABSENT(where=motion_id[:64])
    return row, entry


def proposals(kind: str) -> list[Proposal]:
    """Return what clerks are writing of the kind, the one touched last first."""
    return list(Proposal.objects.filter(kind=kind).order_by("-changed_at", "-pk")[:MAX_LISTED])


def proposal(number: int, *kinds: str) -> Proposal:
    """Return what clerks are writing: any of them may write on. Raises `portal.proposal-absent`."""
    found = Proposal.objects.filter(pk=number, kind__in=kinds).first()
    if found is None:
        raise PROPOSAL_ABSENT(where=str(number))
    return found
