# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of pings. None says what waits: only that this person wanted to hear, and by which way."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import models

MAX_CODE = 32
MAX_TARGET = 2_000
MAX_NAME = 80


class When(models.TextChoices):
    """When a person hears."""

    SOON = "soon", "as it happens"
    DAILY = "daily", "once a day, if something is new"
    ALWAYS = "always", "every day, whether or not something is new"


class Kind(models.TextChoices):
    """The ways out."""

    MAIL = "mail", "email"
    PUSH = "push", "a browser"
    APPRISE = "apprise", "Apprise"


class Choice(models.Model):
    """What one person chose; no row: not answered yet. `topics` is empty for "no".

    `told` are the keys of what was so when it was last looked: what is in it is news no more. `hour` is in UTC.
    """

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    user_id: int
    topics: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    when: models.CharField[str, str] = models.CharField(max_length=8, choices=When)
    hour: models.IntegerField[int, int] = models.IntegerField(default=0)
    language: models.CharField[str, str] = models.CharField(max_length=5)
    told: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)


class Way(models.Model):
    """One way to one person: an address, a browser's subscription (JSON), or an Apprise address; and how it does."""

    id: int
    user: models.ForeignKey[User, User] = models.ForeignKey(User, on_delete=models.CASCADE)
    user_id: int
    kind: models.CharField[str, str] = models.CharField(max_length=8, choices=Kind)
    target: models.CharField[str, str] = models.CharField(max_length=MAX_TARGET)
    name: models.CharField[str, str] = models.CharField(max_length=MAX_NAME)
    trouble_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    trouble: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        """The same way twice is one."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "kind", "target"], name="one_way_once")
        ]


class Ping(models.Model):
    """A word on its way; `text` is the code of what it says. One that still waits says the next one's word too.

    `first_due_at` is when it was to go, `due_at` when it is tried next.
    """

    id: int
    way: models.ForeignKey[Way, Way] = models.ForeignKey(Way, on_delete=models.CASCADE)
    text: models.CharField[str, str] = models.CharField(max_length=MAX_CODE)
    first_due_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    due_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    tries: models.IntegerField[int, int] = models.IntegerField(default=0)

    class Meta:
        """At most one of each text waits: the queue is as long as there are ways."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["way", "text"], name="one_ping_a_text")
        ]
