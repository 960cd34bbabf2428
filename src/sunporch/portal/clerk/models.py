# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about what the elected body is writing, and about its entries that wait for another of its keys."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse

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

    def get_absolute_url(self) -> str:
        """Return where it waits."""
        return reverse("work-motion", args=[self.id])


class Proposal(models.Model):
    """Rules or a partnership that clerks of the town are still writing: nothing of it is signed or public.

    `base` is what it began from: a preset, or the index of earlier rules or of an earlier partnership. `answers` are
    the values of its form as they were sent. `entry` is the entry that was begun from it, if one was.
    """

    kind: models.CharField[str, str] = models.CharField(max_length=16)
    base: models.CharField[str, str] = models.CharField(max_length=32, blank=True)
    answers: models.JSONField[Any, Any] = models.JSONField(default=dict)
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    changed_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    entry: models.CharField[str, str] = models.CharField(max_length=HEX, blank=True)

    class Meta:
        """Names."""

        verbose_name = "what the elected body is writing"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of {self.by}"
