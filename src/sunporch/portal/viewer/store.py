# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about sealed clips: which there are, and whose they are."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Sum

from sunporch.portal.agencies.permissions import Person
from sunporch.portal.errors import CLIP_ABSENT
from sunporch.portal.storage import Files, files_of, name_of
from sunporch.portal.viewer.models import Clip, Message, Remark, RemarkCode, Rewrap

MAX_LISTED = 500


def files() -> Files:
    """Return the store that the settings name."""
    return files_of(settings.SUNPORCH)


def clip(c: str) -> Clip | None:
    """Return the row of a clip."""
    return Clip.objects.filter(c=c).first()


def received(request: int) -> tuple[int, int]:
    """Return how many clips an appeal has received here, and their bytes."""
    rows = Clip.objects.filter(request=request)
    return rows.count(), int(rows.aggregate(total=Sum("sealed_size"))["total"] or 0)


def lost_files() -> int:
    """Return how many clips that are not over have no sealed file here any more (a backup holds none)."""
    there = set(files().names())
    kept = Clip.objects.filter(deleted_at=None, sealed_size__isnull=False).values_list("c", flat=True)
    return sum(1 for c in kept if name_of(c, "sealed") not in there)


def names_of(row: Clip) -> set[str]:
    """Return the pseudonyms for which the clip was sealed, at first or later."""
    return set(row.recipients) | set(Rewrap.objects.filter(clip=row).values_list("name", flat=True))


def clips_of(person: Person) -> list[Clip]:
    """Return the shared clips that the person's key may open, newest first."""
    rewrapped = Rewrap.objects.filter(name=person.name).values_list("clip_id", flat=True)
    rows = Clip.objects.filter(disclosure__isnull=False).order_by("-disclosure")
    return [row for row in rows if person.name in row.recipients or row.c in set(rewrapped)][:MAX_LISTED]


def clip_of(person: Person, disclosure: int) -> Clip:
    """Return the clip if it was sealed for the person, or raise `portal.clip-absent`."""
    row = Clip.objects.filter(disclosure=disclosure).first()
    if row is None or person.name not in names_of(row):
        raise CLIP_ABSENT(where=str(disclosure))
    return row


def rewraps(row: Clip) -> list[Rewrap]:
    """Return a clip's re-sealings in order."""
    return list(Rewrap.objects.filter(clip=row).order_by("pk"))


def messages(row: Clip) -> list[Message]:
    """Return a clip's messages in order."""
    return list(Message.objects.filter(clip=row).order_by("pk"))


def remarks(row: Clip, agency: str) -> list[Remark]:
    """Return what an agency wrote beside a clip, oldest first."""
    return list(Remark.objects.filter(clip=row, agency=agency).order_by("pk"))


def found(rows: list[Clip], agency: str) -> dict[str, Remark]:
    """Return what the agency last found about each clip that somebody of it looked at: c -> remark."""
    remarks = Remark.objects.filter(clip__in=rows, agency=agency).exclude(code=RemarkCode.MOMENT)
    return {remark.clip_id: remark for remark in remarks.order_by("pk")}  # type: ignore[attr-defined]  # django's
