# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/signed/<id>/`: what became of an entry that somebody signed: recorded and co-signed, or why not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sunporch.portal.agencies.permissions import Gate
from sunporch.portal.agencies.work import EVERYBODY, PAGES, page
from sunporch.portal.board import store, words
from sunporch.portal.board.models import OutgoingState
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

SIGNED = Gate(PAGES, *EVERYBODY)


@signin.page(SIGNED)
@require_safe
def signed(request: HttpRequest, entry_id: str) -> HttpResponse:
    """Say where the entry stands; the page asks again by itself while it waits."""
    row = store.outgoing(entry_id)
    if row is None:
        raise PAGE_ABSENT(where=request.path)
    with public_record().reading() as state:
        in_force = row.index is not None and row.index < state.size
    context: dict[str, Any] = {
        "row": row,
        "what": words.what(row.type),
        "reason": words.reason(row.reason),
        "waits": row.state == OutgoingState.QUEUED or (row.state == OutgoingState.RECORDED and not in_force),
        "held": store.held(),
        "shown": store.shown(),
        "is_appeal": row.type == "request",
    }
    return page(request, "board/signed.html", context)
