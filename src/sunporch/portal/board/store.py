# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions to the tables of entries."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Max

from sunporch.portal.board.models import Held, Line, Outgoing, OutgoingState, Shown


def version() -> int:
    """Return a number that changes when another process has written to the database (SQLite's `data_version`)."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])


def queued(most: int) -> list[Outgoing]:
    """Return the oldest waiting entries, in the order in which they were handed in."""
    return list(Outgoing.objects.filter(state=OutgoingState.QUEUED).order_by("sequence")[:most])


def outgoing(entry_id: str) -> Outgoing | None:
    """Return the entry of the outbox with this id."""
    return Outgoing.objects.filter(id=entry_id).first()


def recorded(entry_ids: Sequence[str]) -> set[str]:
    """Return which of the entries are recorded and co-signed."""
    found = Outgoing.objects.filter(id__in=list(entry_ids), state=OutgoingState.RECORDED)
    return set(found.values_list("id", flat=True))


def held() -> Held | None:
    """Return why the outbox is held, if it is."""
    return Held.objects.filter(id=1).first()


def shown() -> Shown | None:
    """Return up to where the public tables show the log."""
    return Shown.objects.filter(id=1).first()


def lines(first_below: int | None, most: int, types: Sequence[str] = ()) -> list[Line]:
    """Return the newest lines of the record below an index (of some types only), newest first."""
    found = Line.objects.order_by("-index")
    if first_below is not None:
        found = found.filter(index__lt=first_below)
    if types:
        found = found.filter(type__in=list(types))
    return list(found[:most])


def appeals(first_below: int | None, most: int) -> list[Line]:
    """Return the newest appeals in force below an index, newest first."""
    found = Line.objects.filter(type="request", status="in force").order_by("-index")
    if first_below is not None:
        found = found.filter(index__lt=first_below)
    return list(found[:most])


def lines_about(index: int) -> list[Line]:
    """Return the entry and everything that refers to it, in order."""
    return list((Line.objects.filter(index=index) | Line.objects.filter(about=index)).order_by("index"))


def newest_about(indices: Sequence[int]) -> dict[int, int]:
    """Return the time of the newest entry that refers to each of the entries: index -> Unix seconds."""
    found = Line.objects.filter(about__in=list(indices)).values_list("about").annotate(newest=Max("time"))
    return {about: newest for about, newest in found if about is not None}


def line(index: int) -> Line | None:
    """Return one line of the record."""
    return Line.objects.filter(index=index).first()
