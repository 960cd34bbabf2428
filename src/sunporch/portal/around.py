# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands around each page of the portal: the town's name, and how far its record is co-signed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sunporch.portal.board.pages import town
from sunporch.portal.record import public_record


def around(request: HttpRequest) -> dict[str, Any]:
    """Django's context processor; a page that reads the record itself gives its own `town`, of the same moment."""
    del request
    return {"town": SimpleLazyObject(_town)}


def _town() -> dict[str, Any]:
    with public_record().reading() as state:
        return town(state)
