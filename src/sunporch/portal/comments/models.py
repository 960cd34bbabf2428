# SPDX-License-Identifier: AGPL-3.0-or-later
"""Comments, as this portal keeps and shows them. The public record holds nothing of them, not even a hash."""

from __future__ import annotations

from django.db import models

from sunporch.portal.board.models import Removable

MAX_NAME = 60
MAX_TEXT = 2_000


class Comment(Removable):
    """What somebody said about an entry."""

    about: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    name: models.CharField[str, str] = models.CharField(max_length=MAX_NAME, blank=True)
    text: models.TextField[str, str] = models.TextField(max_length=MAX_TEXT, blank=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()

    WRITTEN = ("name", "text")

    class Meta:
        """Names."""

        verbose_name = "comment"

    def __str__(self) -> str:
        return f"comment {self.pk} on entry {self.about}"
