# SPDX-License-Identifier: AGPL-3.0-or-later
"""`GET|PUT /preferences`: the language in which notices speak to the signed-in resident."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema

from sunporch.hub.permissions import reads, resident, writes
from sunporch.hub.preferences import actions

router = Router()


class Preferences(Schema):
    """What a resident prefers."""

    language: Literal["en", "es"]


@router.get("/preferences", response=Preferences, auth=reads)
def read(request: HttpRequest) -> dict[str, str]:
    """Say what the signed-in resident prefers."""
    return {"language": actions.language_of(resident(request))}


@router.put("/preferences", response=Preferences, auth=writes)
def choose(request: HttpRequest, wanted: Preferences) -> dict[str, str]:
    """Choose the language of notices."""
    return {"language": actions.choose_language(resident(request), wanted.language)}
