# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of cameras. Places are degrees times 10^7 (whole numbers); they never leave the hub."""

from __future__ import annotations

from django.db import models

from sunporch.hub.cameras.masks import Mask

DEFAULT_RANGE_M = 30
ALL_ROUND = 360
MAX_ADDRESS = 500
MAX_LOGIN = 200


class Camera(models.Model):
    """A camera, its place and how its recording goes (`state` is the recorder's word, written by the worker)."""

    id: models.CharField[str, str] = models.CharField(primary_key=True, max_length=16)
    name: models.CharField[str, str] = models.CharField(max_length=80)
    address: models.CharField[str, str] = models.CharField(max_length=MAX_ADDRESS)
    username: models.CharField[str, str] = models.CharField(max_length=MAX_LOGIN, blank=True)
    password: models.CharField[str, str] = models.CharField(max_length=MAX_LOGIN, blank=True)
    indoor: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    sound: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    # A resident's word: nothing is recorded until one of them says otherwise.
    paused: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    # Unix seconds: it is recorded no more (`paused` stays true), its address and login are forgotten.
    removed_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    # A resident's word at its removal: what it recorded is erased, what is held as soon as it is held no more.
    erasing: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    lat_e7: models.BigIntegerField[int, int] = models.BigIntegerField()
    lon_e7: models.BigIntegerField[int, int] = models.BigIntegerField()
    bearing: models.IntegerField[int, int] = models.IntegerField(default=0)
    field_of_view: models.IntegerField[int, int] = models.IntegerField(default=ALL_ROUND)
    range_m: models.IntegerField[int, int] = models.IntegerField(default=DEFAULT_RANGE_M)
    # What is covered in everything that leaves the house (`hub.cameras.masks`).
    masks: models.JSONField[list[Mask], list[Mask]] = models.JSONField(default=list)
    # A video file is taken in once; when this is set, it was.
    taken_in: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    start_s: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    state: models.CharField[str, str] = models.CharField(max_length=20, default="stopped")
    error_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    error_what: models.TextField[str, str] = models.TextField(blank=True)
    error_next: models.TextField[str, str] = models.TextField(blank=True)
    recorded_until: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)

    class Meta:
        """The name of a removed camera is free for another one."""

        constraints = (
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(removed_at=None), name="one_camera_of_a_name"
            ),
        )
