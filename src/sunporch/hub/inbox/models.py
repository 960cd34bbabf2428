# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of the inbox.

`Appeal`, `Following` and `Alarm` are what this hub read in the public record; `Match` and `Notice` say what of it
concerns this home, and never leave it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from sunporch.hub.cameras.models import Camera


class Following(models.Model):
    """How following the record goes: one row. Times are Unix seconds; `quorum_time` is what the co-signers say."""

    size: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    root: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    quorum_time: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    read_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    # The archive's newest segment when this hub's clock last agreed with the co-signers'; 0 if it never did.
    agreed_segment: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    # Since the worker began; 0 until it has tried.
    tried_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    error_id: models.CharField[str, str] = models.CharField(max_length=80, blank=True)
    error_what: models.TextField[str, str] = models.TextField(blank=True)
    error_next: models.TextField[str, str] = models.TextField(blank=True)


class Appeal(models.Model):
    """An appeal of the record as this hub understands it; `index` is its place there."""

    index: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    entry_id: models.CharField[str, str] = models.CharField(max_length=64)
    recorded_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    fields: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    narrative: models.TextField[str, str] = models.TextField(blank=True)
    agency_name: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
    offence: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    state: models.CharField[str, str] = models.CharField(max_length=20)
    is_open: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    outcome: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    # How long a clip for it can be opened, as the rules that it cites say.
    retention_days: models.IntegerField[int, int] = models.IntegerField(default=0)
    # When what is kept because of this appeal may go: a year after its outcome, or after that was due.
    kept_until: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)


class Notice(models.Model):
    """An appeal that concerns this home."""

    appeal: models.OneToOneField[Appeal, Appeal] = models.OneToOneField(
        Appeal, on_delete=models.CASCADE, primary_key=True
    )
    appeal_id: int
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()


class Match(models.Model):
    """Footage of one camera that an appeal is about: [start_s, end_s), held under `hold`; empty once it ended."""

    appeal: models.ForeignKey[Appeal, Appeal] = models.ForeignKey(Appeal, on_delete=models.CASCADE)
    appeal_id: int
    camera: models.ForeignKey[Camera, Camera] = models.ForeignKey(Camera, on_delete=models.CASCADE)
    camera_id: str
    start_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    end_s: models.BigIntegerField[int, int] = models.BigIntegerField()
    hold: models.CharField[str, str] = models.CharField(max_length=80, blank=True)

    @property
    def length(self) -> int:
        """Seconds from its first to its last."""
        return self.end_s - self.start_s

    class Meta:
        """One row for each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["appeal", "camera", "start_s"], name="one_match_a_stretch")
        ]


class Alarm(models.Model):
    """Something that must not happen and did: a lie of the record, or an appeal that the rules forbid."""

    kind: models.CharField[str, str] = models.CharField(max_length=80)
    subject: models.CharField[str, str] = models.CharField(max_length=200)
    what: models.TextField[str, str] = models.TextField()
    next: models.TextField[str, str] = models.TextField()
    params: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    clauses: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    first_seen: models.BigIntegerField[int, int] = models.BigIntegerField()
    last_seen: models.BigIntegerField[int, int] = models.BigIntegerField()
    ended_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)

    class Meta:
        """One row for each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "subject"], name="one_alarm_a_subject")
        ]
