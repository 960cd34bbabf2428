# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about entries of the community that wait for another of its keys."""

from __future__ import annotations

from typing import Any

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM
from sunporch.portal.board.models import HEX


class Motion(models.Model):
    """An entry that some of the community's keys have signed, and too few yet. It goes once it is complete."""

    id: models.CharField[str, str] = models.CharField(max_length=HEX, primary_key=True)
    type: models.CharField[str, str] = models.CharField(max_length=32)
    note: models.TextField[str, str] = models.TextField()
    blobs: models.JSONField[Any, Any] = models.JSONField()
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    not_after: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    class Meta:
        """Names."""

        verbose_name = "entry that waits for another signature"

    def __str__(self) -> str:
        return f"{self.id[:12]} {self.type}"
