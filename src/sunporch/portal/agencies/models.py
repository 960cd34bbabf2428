# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about people and about what operators did. Roles and agencies are not here: the record says them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

MAX_PSEUDONYM = 128


class Account(models.Model):
    """A named person and the pseudonym under which that person's key stands in the record."""

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE)
    user_id: int
    pseudonym: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, unique=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "account"

    def __str__(self) -> str:
        return self.pseudonym


class AdminAct(models.Model):
    """Something that an operator did at the command line (R45). Never changed, never removed."""

    at: models.BigIntegerField[int, int] = models.BigIntegerField()
    operator: models.CharField[str, str] = models.CharField(max_length=64)
    act: models.CharField[str, str] = models.CharField(max_length=32)
    about: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)

    class Meta:
        """Names."""

        verbose_name = "act of an operator"

    def __str__(self) -> str:
        return f"{self.operator}: {self.act} {self.about}"
