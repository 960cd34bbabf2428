# SPDX-License-Identifier: AGPL-3.0-or-later
"""Comments, as this portal keeps and shows them. The public record holds nothing of them, not even a hash."""

from __future__ import annotations

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM

MAX_NAME = 60
MAX_TEXT = 2_000


class Comment(models.Model):
    """What somebody said about an entry. Taken down, it has no name and no text, and says by whom and why."""

    about: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    name: models.CharField[str, str] = models.CharField(max_length=MAX_NAME, blank=True)
    text: models.TextField[str, str] = models.TextField(max_length=MAX_TEXT, blank=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    down_by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, blank=True)
    down_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    reason: models.CharField[str, str] = models.CharField(max_length=32, blank=True)

    class Meta:
        """Names."""

        verbose_name = "comment"

    def __str__(self) -> str:
        return f"comment {self.pk} on entry {self.about}"
