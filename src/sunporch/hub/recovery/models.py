# SPDX-License-Identifier: AGPL-3.0-or-later
"""For which key recovery files are made. The key itself is on paper alone."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models


class Recovery(models.Model):
    """One row once there is a recovery key: `recipient` is its public half (`age1...`); `file_at` is 0 before a file.

    Times are Unix seconds.
    """

    recipient: models.CharField[str, str] = models.CharField(max_length=100)
    key_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    file_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    file_by: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT
    )
    file_by_id: int | None
