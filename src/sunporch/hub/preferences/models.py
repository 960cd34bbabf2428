# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of what a resident prefers."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models


class Preference(models.Model):
    """One resident's language, `en` or `es`."""

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    user_id: int
    language: models.CharField[str, str] = models.CharField(max_length=5, default="en")
