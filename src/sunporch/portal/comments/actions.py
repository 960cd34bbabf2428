# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only write about comments: one is kept while the time for comments lasts. `review` takes them down."""

from __future__ import annotations

from django.db import transaction

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
