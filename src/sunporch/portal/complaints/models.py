# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody wrote in a complaint. It is for the reviewers; the record says only that it came, and what about."""

from __future__ import annotations

from django.db import models

from sunporch.portal.board.models import HEX

MAX_TEXT = 4_000
MAX_CONTACT = 200


class Complaint(models.Model):
    """One complaint. `token` is the secret address under which its author follows it; `entry` its entry's id."""

    token: models.CharField[str, str] = models.CharField(max_length=HEX, unique=True)
    entry: models.CharField[str, str] = models.CharField(max_length=HEX, unique=True)
    code: models.CharField[str, str] = models.CharField(max_length=32)
    text: models.TextField[str, str] = models.TextField(max_length=MAX_TEXT)
    contact: models.CharField[str, str] = models.CharField(max_length=MAX_CONTACT, blank=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    class Meta:
        """Names."""

        verbose_name = "complaint"

    def __str__(self) -> str:
        return f"{self.entry[:12]} {self.code}"
