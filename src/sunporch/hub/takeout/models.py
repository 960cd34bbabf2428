# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of links. They hold no film, no token and nobody's address."""

from __future__ import annotations

from enum import StrEnum

from django.contrib.auth.models import User
from django.db import models

from sunporch.hub.cameras.models import Camera

MAX_TITLE = 80


class State(StrEnum):
    """How far the film of a link came."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class Link(models.Model):
    """A link to [from_s, to_s) of one camera, for whoever has its token, until `ends_at` or `most` openings.

    The film lies sealed in the archive under `id`; `proof` is its signed note. `cleared`: the link has ended, its
    film is destroyed and the footage is not held for it any more.
    """

    id: models.CharField[str, str] = models.CharField(primary_key=True, max_length=32)
    token_sha256: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    camera: models.ForeignKey[Camera, Camera] = models.ForeignKey(Camera, on_delete=models.PROTECT)
    camera_id: str
    from_s: models.FloatField[float, float] = models.FloatField()
    to_s: models.FloatField[float, float] = models.FloatField()
    covered: models.BooleanField[bool, bool] = models.BooleanField()
    sound: models.BooleanField[bool, bool] = models.BooleanField()
    title: models.CharField[str, str] = models.CharField(max_length=MAX_TITLE, blank=True)
    made_by: models.ForeignKey[User, User] = models.ForeignKey(User, on_delete=models.PROTECT)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    ends_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    # How often it may be opened (None: until it ends) and was; when last.
    most: models.IntegerField[int | None, int | None] = models.IntegerField(null=True)
    opened: models.IntegerField[int, int] = models.IntegerField(default=0)
    opened_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    state: models.CharField[str, str] = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in State], default=State.MAKING.value
    )
    attempts: models.IntegerField[int, int] = models.IntegerField(default=0)
    proof: models.TextField[str, str] = models.TextField(blank=True)
    ended_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    cleared: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    trouble_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    trouble_what: models.TextField[str, str] = models.TextField(blank=True)
    trouble_next: models.TextField[str, str] = models.TextField(blank=True)
