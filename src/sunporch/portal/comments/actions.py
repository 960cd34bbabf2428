# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about comments: one is kept while the time for comments lasts, one is taken down with a reason."""

from __future__ import annotations

from django.db import transaction

from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.comments import store
from sunporch.portal.comments.models import Comment
from sunporch.portal.errors import COMMENTS_CLOSED, COMMENTS_FULL

# On one entry. More than a council can read is a flood, and the town has other doors.
MAX_COMMENTS = 2_000


def say(about: int, name: str, text: str, now: int) -> Comment:
    """Keep a comment for everybody to read. Raises `portal.comments-closed`, `portal.comments-full`."""
    if now >= store.proposed(about, now).until:
        raise COMMENTS_CLOSED(where=str(about))
    with transaction.atomic():
        if Comment.objects.filter(about=about).count() >= MAX_COMMENTS:
            raise COMMENTS_FULL(where=str(about), most=MAX_COMMENTS)
        return Comment.objects.create(about=about, name=name, text=text, made_at=now)


def take_down(person: Person, number: int, reason: str, now: int) -> Comment:
    """Erase what a comment says; its place stays, with who did it and why. Raises `portal.comment-absent`."""
    with transaction.atomic():
        row = store.comment(number)
        row.name, row.text = "", ""
        row.down_by, row.down_at, row.reason = person.name, now, reason
        row.save()
        agency_actions.write_down(person.name, now, "comment taken down", f"{row.about}/{row.pk} {reason}")
    return row
