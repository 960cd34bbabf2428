# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about people and about what operators did. Roles and agencies are not here: the record says them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

MAX_PSEUDONYM = 128
MAX_NAME = 150
MAX_KEY = 256
HEX = 64


class Account(models.Model):
    """A named person and the pseudonym under which that person's key stands in the record."""

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE)
    user_id: int
    pseudonym: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, unique=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    # When the person said that the device with the key is lost; the registrar then ends the key.
    lost_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)

    class Meta:
        """Names."""

        verbose_name = "account"

    def __str__(self) -> str:
        return self.pseudonym


class Operator(models.Model):
    """Somebody who looks after this machine: made at its command line, named nowhere in the record."""

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "operator"

    def __str__(self) -> str:
        return self.user.get_username()


class Invitation(models.Model):
    """Somebody whom a registrar invited, until the record names their key. Of the link only a hash is kept."""

    token_sha256: models.CharField[str, str] = models.CharField(max_length=HEX, unique=True)
    # Sealed under the site's secret; empty once the account is made.
    totp: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, blank=True)
    pseudonym: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM, unique=True)
    full_name: models.CharField[str, str] = models.CharField(max_length=MAX_NAME)
    role: models.CharField[str, str] = models.CharField(max_length=16)
    agency: models.CharField[str, str] = models.CharField(max_length=9, db_index=True)
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    until: models.BigIntegerField[int, int] = models.BigIntegerField()
    user: models.OneToOneField[User | None, User | None] = models.OneToOneField(
        User, null=True, on_delete=models.CASCADE, related_name="invitation"
    )
    # The public halves of the keys that the person's browser made.
    key: models.CharField[str, str] = models.CharField(max_length=MAX_KEY, blank=True)
    x25519: models.CharField[str, str] = models.CharField(max_length=HEX, blank=True)
    # The id of the `key` entry that the registrar signed.
    entry: models.CharField[str, str] = models.CharField(max_length=HEX, blank=True)

    class Meta:
        """Names."""

        verbose_name = "invitation"

    def __str__(self) -> str:
        return self.pseudonym


class AdminAct(models.Model):
    """Something that an operator or a registrar did about people (R45). Never changed, never removed."""

    at: models.BigIntegerField[int, int] = models.BigIntegerField()
    operator: models.CharField[str, str] = models.CharField(max_length=64)
    act: models.CharField[str, str] = models.CharField(max_length=32)
    about: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)

    class Meta:
        """Names."""

        verbose_name = "act of an operator"

    def __str__(self) -> str:
        return f"{self.operator}: {self.act} {self.about}"
