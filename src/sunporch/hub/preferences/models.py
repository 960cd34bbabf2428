# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of what a resident prefers."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from sunporch.hub.guessing import Guessable


class Preference(Guessable):
    """One resident's language, `en` or `es` (empty: what the browser asks for), and the PIN before the inbox.

    `pin` is a salted slow hash, empty where there is none.
    """

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    user_id: int
    language: models.CharField[str, str] = models.CharField(max_length=5, default="", blank=True)
    pin: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
