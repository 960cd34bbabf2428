# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of what left the house."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import models

from sunporch.hub.release.models import Release


class Share(models.Model):
    """A clip on the record; `disclosure` is its index there.

    `accesses`, `exports`, `passed_on`: what that says, newest last.
    """

    disclosure: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    release: models.OneToOneField[Release, Release] = models.OneToOneField(Release, on_delete=models.PROTECT)
    release_id: str
    shared_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    expires: models.BigIntegerField[int, int] = models.BigIntegerField()
    state: models.CharField[str, str] = models.CharField(max_length=20)
    accesses: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    exports: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    passed_on: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    custodian_url: models.CharField[str, str] = models.CharField(max_length=200)
    withdrawal_note: models.TextField[str, str] = models.TextField()
    receipt: models.TextField[str, str] = models.TextField()
    withdraw_asked_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    withdrawn_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT
    )
    withdrawn_by_id: int | None
    portal_told_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    custodian_told_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    withdrawn_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    trouble_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    trouble_what: models.TextField[str, str] = models.TextField(blank=True)
    trouble_next: models.TextField[str, str] = models.TextField(blank=True)
    retry_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    tries: models.IntegerField[int, int] = models.IntegerField(default=0)


class Message(models.Model):
    """One message of the thread about a share; `number` is the portal's for what came, null for what waits here."""

    id: int
    share: models.ForeignKey[Share, Share] = models.ForeignKey(Share, on_delete=models.CASCADE)
    share_id: int
    number: models.CharField[str | None, str | None] = models.CharField(max_length=64, null=True)
    ours: models.BooleanField[bool, bool] = models.BooleanField()
    sender: models.CharField[str, str] = models.CharField(max_length=128)
    text: models.TextField[str, str] = models.TextField()
    at: models.BigIntegerField[int, int] = models.BigIntegerField()
    sent_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
