# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about entries: on their way into the log (`Outgoing`), and what the log says (all others, a projection).

The projection holds nothing that is not in the log; `sunporch portal rebuild` makes it anew.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy

from sunporch.portal.agencies.models import MAX_PSEUDONYM

HEX = 64


# Why a reviewer takes down what somebody wrote. Never for what somebody thinks, or for being against it.
TAKEN_DOWN_FOR = {
    "names-a-person": gettext_lazy("It says who somebody is, where they live or how to reach them"),
    "threat": gettext_lazy("It threatens or insults somebody"),
    "flood": gettext_lazy("A machine sent it, or the same came many times"),
    "asked": gettext_lazy("Who wrote it asked for that"),
}


class Removable(models.Model):
    """What somebody wrote for everybody. Taken down, it has no words, and says by whom and why."""

    down_by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, blank=True)
    down_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    reason: models.CharField[str, str] = models.CharField(max_length=32, blank=True, choices=TAKEN_DOWN_FOR)

    # Everything of it that somebody wrote.
    WRITTEN: ClassVar[tuple[str, ...]] = ("text",)

    class Meta:
        """A part of other rows."""

        abstract = True


class OutgoingState(models.TextChoices):
    """What became of an entry that was handed in."""

    QUEUED = "queued", "waiting to be recorded"
    RECORDED = "recorded", "recorded and co-signed"
    VOID = "void", "counts for nothing"


class Outgoing(models.Model):
    """One entry of the outbox; the order of `sequence` is the order of the log."""

    sequence: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    id: models.CharField[str, str] = models.CharField(max_length=HEX, unique=True)
    type: models.CharField[str, str] = models.CharField(max_length=32)
    note: models.TextField[str, str] = models.TextField()
    blobs: models.JSONField[Any, Any] = models.JSONField()
    state: models.CharField[str, str] = models.CharField(max_length=10, choices=OutgoingState, db_index=True)
    index: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    time: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    reason: models.CharField[str, str] = models.CharField(max_length=500, blank=True)
    handed_in_at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "entry in the outbox"

    def __str__(self) -> str:
        return f"{self.id[:12]} {self.type} ({self.state})"

    def get_absolute_url(self) -> str:
        """Return where whoever signed it reads what becomes of it."""
        return reverse("work-signed", args=[self.id])


class Held(models.Model):
    """Why the outbox is held, if it is: at most one row. `beyond`: entries a co-signer signed, if more than ours."""

    id: models.IntegerField[int, int] = models.IntegerField(primary_key=True, default=1)
    since: models.BigIntegerField[int, int] = models.BigIntegerField()
    got: models.IntegerField[int, int] = models.IntegerField()
    needed: models.IntegerField[int, int] = models.IntegerField()
    beyond: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """One row at most."""

        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="held_is_one_row")]

    def __str__(self) -> str:
        return f"held since {self.since}: {self.got} of {self.needed}"


class Shown(models.Model):
    """Up to which size the public tables show the log: one row, moved in the transaction that fills them."""

    id: models.IntegerField[int, int] = models.IntegerField(primary_key=True, default=1)
    size: models.BigIntegerField[int, int] = models.BigIntegerField()
    root: models.CharField[str, str] = models.CharField(max_length=HEX)
    cosigned_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    cosigners: models.IntegerField[int, int] = models.IntegerField()
    witnesses: models.IntegerField[int, int] = models.IntegerField()

    class Meta:
        """One row at most."""

        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="shown_is_one_row")]

    def __str__(self) -> str:
        return f"size {self.size}"


class Line(models.Model):
    """One entry of the log as the fold judged it."""

    index: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    id: models.CharField[str, str] = models.CharField(max_length=HEX, db_index=True)
    time: models.BigIntegerField[int, int] = models.BigIntegerField()
    type: models.CharField[str, str] = models.CharField(max_length=32, db_index=True)
    status: models.CharField[str, str] = models.CharField(max_length=10)
    reason: models.CharField[str, str] = models.CharField(max_length=500, blank=True)
    signers: models.JSONField[Any, Any] = models.JSONField()
    fields: models.JSONField[Any, Any] = models.JSONField()
    about: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True, db_index=True)
    agency: models.CharField[str, str] = models.CharField(max_length=9, blank=True, db_index=True)

    class Meta:
        """Names."""

        verbose_name = "line of the record"

    def __str__(self) -> str:
        return f"{self.index} {self.type}"
