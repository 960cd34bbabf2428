# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about appeals that are not public yet, and the count of those that the rules refused."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM

HEX = 64
MAX_CASE_NUMBER = 64
MAX_NOTE = 8192
MAX_NARRATIVE = 2_000
MAX_PRIVATE_NOTE = 4000
MAX_REASON = 500


class DraftState(models.TextChoices):
    """Where a draft stands. What happens to a complete one is told by its row in the outbox."""

    COUNTERSIGN = "waiting-countersign", "waiting for a supervisor"
    REVIEW = "waiting-review", "waiting for a reviewer"
    RETURNED = "returned", "returned with a reason"
    EXPIRED = "expired", "not signed in time"
    COMPLETE = "complete", "signed by everyone who must"


# The life of a draft: from a state, the states that may follow.
TRANSITIONS: dict[DraftState, frozenset[DraftState]] = {
    DraftState.COUNTERSIGN: frozenset(
        {DraftState.REVIEW, DraftState.COMPLETE, DraftState.RETURNED, DraftState.EXPIRED}
    ),
    DraftState.REVIEW: frozenset({DraftState.COMPLETE, DraftState.RETURNED, DraftState.EXPIRED}),
    DraftState.RETURNED: frozenset(),
    DraftState.EXPIRED: frozenset(),
    DraftState.COMPLETE: frozenset(),
}


class Draft(models.Model):
    """One appeal on its way to the record; its id is the id that its entry will have."""

    id: models.CharField[str, str] = models.CharField(max_length=HEX, primary_key=True)
    agency: models.CharField[str, str] = models.CharField(max_length=9, db_index=True)
    officer: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    supervisor: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, blank=True)
    state: models.CharField[str, str] = models.CharField(max_length=24, choices=DraftState, db_index=True)
    note: models.TextField[str, str] = models.TextField()
    narrative: models.JSONField[Any, Any] = models.JSONField()
    case_number: models.CharField[str, str] = models.CharField(max_length=MAX_CASE_NUMBER)
    private_note: models.TextField[str, str] = models.TextField(blank=True)
    flags: models.JSONField[Any, Any] = models.JSONField()
    reason: models.CharField[str, str] = models.CharField(max_length=MAX_REASON, blank=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    not_after: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    class Meta:
        """Names."""

        verbose_name = "draft of an appeal"

    def __str__(self) -> str:
        return f"{self.id[:12]} ({self.state})"


class Sketch(models.Model):
    """An appeal that an officer is still writing: nobody else sees it, nothing of it is signed."""

    officer: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, db_index=True)
    agency: models.CharField[str, str] = models.CharField(max_length=9)
    answers: models.JSONField[Any, Any] = models.JSONField(default=dict)
    changed_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)

    class Meta:
        """Names."""

        verbose_name = "appeal that is being written"

    def __str__(self) -> str:
        return f"sketch {self.pk} of {self.officer}"


class RefusedCount(models.Model):
    """How many submitted drafts one clause refused on one UTC day; posted as `refusals` and kept."""

    day: models.IntegerField[int, int] = models.IntegerField()
    clause: models.CharField[str, str] = models.CharField(max_length=100)
    count: models.IntegerField[int, int] = models.IntegerField(default=0)

    class Meta:
        """One row a day and clause."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "clause"], name="one_count_a_day_and_clause")]

    def __str__(self) -> str:
        return f"day {self.day}, {self.clause}: {self.count}"
