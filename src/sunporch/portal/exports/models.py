# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about what officers want to let out of their agency. Nothing of a copy is here: their browser makes it."""

from __future__ import annotations

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM
from sunporch.portal.board.models import HEX

MAX_REASON = 500


class HandoverState(models.TextChoices):
    """Where a handover stands. What happens to a signed one is told by its row in the outbox."""

    WAITING = "waiting", "waiting for a supervisor"
    RETURNED = "returned", "returned with a reason"
    SIGNED = "signed", "signed by two people"


class Handover(models.Model):
    """What an officer wants to hand over; its id is the id that its entry will have, `type` that of the entry.

    An `export` is a copy: `size` is the length of the record up to which it tells the clip's custody; with it,
    whoever opens the clip again makes the very same file. A `sharing` passes the clip on without a file: `size` is 0.
    """

    id: models.CharField[str, str] = models.CharField(max_length=HEX, primary_key=True)
    type: models.CharField[str, str] = models.CharField(max_length=24)
    disclosure: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    agency: models.CharField[str, str] = models.CharField(max_length=9, db_index=True)
    officer: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    state: models.CharField[str, str] = models.CharField(max_length=24, choices=HandoverState, db_index=True)
    note: models.TextField[str, str] = models.TextField()
    size: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    why: models.CharField[str, str] = models.CharField(max_length=MAX_REASON)
    reason: models.CharField[str, str] = models.CharField(max_length=MAX_REASON, blank=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    not_after: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    class Meta:
        """Names."""

        verbose_name = "handover that was asked for"

    def __str__(self) -> str:
        return f"{self.id[:12]} of clip {self.disclosure} ({self.state})"
