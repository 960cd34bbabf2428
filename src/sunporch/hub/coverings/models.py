# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of coverings. They hold where somebody was in the picture, and never a picture."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from sunporch.hub.cameras.masks import Mask
from sunporch.hub.cameras.models import Camera
from sunporch.hub.inbox.models import Appeal


class State(StrEnum):
    """How far the search for people came."""

    FINDING = "finding"
    READY = "ready"
    FAILED = "failed"


class Covering(models.Model):
    """[from_s, to_s) of one camera for one appeal: who was found there, and what the resident chose.

    `tracks` is a track file (`redact.plan`) with everybody covered, `uncovered` the numbers of the tracks that are
    left visible by choice, `boxes` what the resident drew besides. A release that names it freezes it: `released`.
    """

    id: models.CharField[str, str] = models.CharField(primary_key=True, max_length=32)
    appeal: models.ForeignKey[Appeal, Appeal] = models.ForeignKey(Appeal, on_delete=models.PROTECT)
    appeal_id: int
    camera: models.ForeignKey[Camera, Camera] = models.ForeignKey(Camera, on_delete=models.PROTECT)
    camera_id: str
    from_s: models.FloatField[float, float] = models.FloatField()
    to_s: models.FloatField[float, float] = models.FloatField()
    made_by: models.ForeignKey[User, User] = models.ForeignKey(User, on_delete=models.PROTECT)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    state: models.CharField[str, str] = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in State], default=State.FINDING.value
    )
    # How often the search was begun, and how far it came, in 90 kHz ticks from the start of the clip.
    attempts: models.IntegerField[int, int] = models.IntegerField(default=0)
    done_90k: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    # What was found: by which detector, in a picture of which size.
    tracks: models.TextField[str, str] = models.TextField(blank=True)
    detector: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    width: models.IntegerField[int, int] = models.IntegerField(default=0)
    height: models.IntegerField[int, int] = models.IntegerField(default=0)
    # The camera's masks as they were: one that is taken away later still covers what was drafted before.
    masks: models.JSONField[list[Mask], list[Mask]] = models.JSONField(default=list)
    # What the resident chose.
    uncovered: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    boxes: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    sound: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    released: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    trouble_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    trouble_what: models.TextField[str, str] = models.TextField(blank=True)
    trouble_next: models.TextField[str, str] = models.TextField(blank=True)
