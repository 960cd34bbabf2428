# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what at home: every adult of the home may do everything, nobody else anything. And how often."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest

from sunporch.web.limits import Limit
from sunporch.web.signin import signed_in

MINUTE = 60
READS_A_MINUTE = 600
WRITES_A_MINUTE = 60
# Each decodes and encodes a whole clip.
PREVIEWS_A_MINUTE = 10
# Each decodes a few frames; a page of people shows one of each.
PICTURES_A_MINUTE = 300


class Resident:
    """Lets a signed-in resident through, so many times a minute; raises `web.session-absent`, `web.rate-exceeded`."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit

    def __call__(self, request: HttpRequest) -> User:
        """Return the resident."""
        self._limit.spend(request)
        return signed_in(request)


reads = Resident(Limit(READS_A_MINUTE, MINUTE))
writes = Resident(Limit(WRITES_A_MINUTE, MINUTE))
previews = Resident(Limit(PREVIEWS_A_MINUTE, MINUTE))
pictures = Resident(Limit(PICTURES_A_MINUTE, MINUTE))


def resident(request: HttpRequest) -> User:
    """Return whom `Resident` let through."""
    user: User = request.auth  # type: ignore[attr-defined]  # ninja puts there what its auth returned
    return user
