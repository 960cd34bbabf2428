# SPDX-License-Identifier: AGPL-3.0-or-later
"""What agencies write in their annual reports, as this portal keeps it. The public record holds none of it."""

from __future__ import annotations

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM
from sunporch.portal.board.models import Removable

MAX_ORI = 9
MAX_ITEM = 8
MAX_TEXT = 4_000


class Explanation(Removable):
    """One wording of what an agency tells about an item of a year. The newest row counts; none is changed."""

    agency: models.CharField[str, str] = models.CharField(max_length=MAX_ORI)
    year: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    item: models.CharField[str, str] = models.CharField(max_length=MAX_ITEM)
    text: models.TextField[str, str] = models.TextField(max_length=MAX_TEXT, blank=True)
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names, and how rows are found."""

        verbose_name = "explanation"
        indexes = (models.Index(fields=["agency", "year"], name="explanation_of_report"),)

    def __str__(self) -> str:
        return f"{self.agency}, {self.year}, {self.item}"
