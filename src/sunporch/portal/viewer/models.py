# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows about sealed clips: what was uploaded, who may fetch it, messages and re-sealings. Nothing here opens one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from sunporch.portal.agencies.models import MAX_PSEUDONYM

HEX = 64
MAX_SEALING = 256
MAX_MESSAGE = 64 * 1024
MAX_REMARK = 300


class Clip(models.Model):
    """One uploaded clip. Without a disclosure in force it dies after 24 hours, files too."""

    c: models.CharField[str, str] = models.CharField(max_length=HEX, primary_key=True)
    request: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    recipients: models.JSONField[Any, Any] = models.JSONField()
    header_size: models.IntegerField[int, int] = models.IntegerField()
    header_sha256: models.CharField[str, str] = models.CharField(max_length=HEX)
    sealed_size: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    sealed_sha256: models.CharField[str, str] = models.CharField(max_length=HEX, blank=True)
    disclosure: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True, unique=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    deleted_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)

    class Meta:
        """Names."""

        verbose_name = "sealed clip"

    def __str__(self) -> str:
        return self.c[:12]


class Rewrap(models.Model):
    """A clip's half key re-sealed by one of its recipients for another device."""

    clip: models.ForeignKey[Clip, Clip] = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="rewraps")
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    name: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    sealed: models.CharField[str, str] = models.CharField(max_length=MAX_SEALING)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """One re-sealing a device by each person: a useless one keeps nobody from a good one."""

        verbose_name = "re-sealing"
        constraints: ClassVar = [models.UniqueConstraint(fields=["clip", "by", "name"], name="one_resealing_each")]

    def __str__(self) -> str:
        return f"by {self.by} for {self.name}"


class Message(models.Model):
    """A sealed message of a clip's thread."""

    clip: models.ForeignKey[Clip, Clip] = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="messages")
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    to: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    sealed: models.TextField[str, str] = models.TextField()
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "sealed message"

    def __str__(self) -> str:
        return f"by {self.by}"


class RemarkCode(models.TextChoices):
    """What an agency found about a clip, or a moment of it worth finding again."""

    USEFUL = "useful", "useful"
    NOT_USEFUL = "not-useful", "not useful"
    AGAIN = "again", "to look at again"
    MOMENT = "moment", "a moment"


class Remark(models.Model):
    """What somebody of an agency wrote beside a clip, for that agency alone; none is changed, the newest counts."""

    clip: models.ForeignKey[Clip, Clip] = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="remarks")
    agency: models.CharField[str, str] = models.CharField(max_length=9)
    by: models.CharField[str, str] = models.CharField(max_length=MAX_PSEUDONYM)
    code: models.CharField[str, str] = models.CharField(max_length=16, choices=RemarkCode)
    text: models.CharField[str, str] = models.CharField(max_length=MAX_REMARK, blank=True)
    moment_ms: models.IntegerField[int | None, int | None] = models.IntegerField(null=True)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        """Names."""

        verbose_name = "remark about a clip"

    def __str__(self) -> str:
        return f"{self.code} by {self.by}"
