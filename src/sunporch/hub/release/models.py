# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of releases. What they hold never opens the clip: the half keys live in the worker's memory only."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from sunporch.hub.cameras.models import Camera
from sunporch.hub.coverings.models import Covering
from sunporch.hub.inbox.models import Appeal
from sunporch.hub.release.states import State


class Release(models.Model):
    """One clip that a resident chose to share, [from_s, to_s) of one camera, and how far it came."""

    id: models.CharField[str, str] = models.CharField(primary_key=True, max_length=32)
    appeal: models.ForeignKey[Appeal, Appeal] = models.ForeignKey(Appeal, on_delete=models.PROTECT)
    appeal_id: int
    camera: models.ForeignKey[Camera, Camera] = models.ForeignKey(Camera, on_delete=models.PROTECT)
    camera_id: str
    from_s: models.FloatField[float, float] = models.FloatField()
    to_s: models.FloatField[float, float] = models.FloatField()
    covering: models.OneToOneField[Covering, Covering] = models.OneToOneField(Covering, on_delete=models.PROTECT)
    covering_id: str
    released_by: models.ForeignKey[User, User] = models.ForeignKey(User, on_delete=models.PROTECT)
    released_by_id: int
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    due_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    state: models.CharField[str, str] = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in State], default=State.WAITING.value
    )
    state_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    attempts: models.IntegerField[int, int] = models.IntegerField(default=0)
    # Why it does not go on right now (it will be tried again at `retry_at`), or why it was refused.
    trouble_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    trouble_what: models.TextField[str, str] = models.TextField(blank=True)
    trouble_next: models.TextField[str, str] = models.TextField(blank=True)
    tries: models.IntegerField[int, int] = models.IntegerField(default=0)
    retry_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    # The attempt in hand. `d` is the one-time key (note key text and X25519, hex); stored before anything leaves.
    c: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    d_secret: models.TextField[str, str] = models.TextField(blank=True)
    d_x25519_secret: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    custodian: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    expires: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    # How much of the sealed file has left, for whoever watches; 0 where none is on its way.
    sent_bytes: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    sealed_bytes: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    visible: models.IntegerField[int, int] = models.IntegerField(default=0)
    released_sha256: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    # Salt and text behind `original` in the clip's index: what proves the original, for the resident to hand over.
    proof: models.TextField[str, str] = models.TextField(blank=True)
    # The one signed disclosure of this release, fixed before it is first posted.
    disclosure_note: models.TextField[str, str] = models.TextField(blank=True)
    disclosure_id: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    not_after: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    disclosure: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True, unique=True)
