# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far the first run came."""

from __future__ import annotations

from django.db import models

from sunporch.hub.guessing import Guessable


class FirstRun(Guessable):
    """One row while a home is being set up, none afterwards: `step` is the question that is answered next.

    `code` is a salted slow hash of the set-up code, empty once an adult lives here.
    """

    step: models.CharField[str, str] = models.CharField(max_length=20)
    code: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
