# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/entries`: handing in a signed entry, and asking what became of it."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from sunporch.base.clock import SystemClock
from sunporch.docket.blobs import MOST_BYTES
from sunporch.docket.wire import MOST_LEAF
from sunporch.portal.agencies.permissions import OpenGate
from sunporch.portal.board import entries, store
from sunporch.portal.board.models import Outgoing, OutgoingState
from sunporch.portal.errors import ENTRY_ABSENT, QUORUM_MISSING
from sunporch.portal.record import public_record
from sunporch.web.limits import Limit

router = Router(tags=["entries"])

POSTS = Limit(most=240, seconds=60)
READS = Limit(most=2400, seconds=60)
MAX_WAIT_SECONDS = 30
# So many callers may wait at once; others are answered at once, so that waiting never holds all threads.
MAX_WAITERS = 12
_POLL_SECONDS = 0.05
_WAITERS = threading.BoundedSemaphore(MAX_WAITERS)
_WALL = SystemClock()


class BlobIn(Schema):
    """A text that the entry commits to, with its 16-byte salt (hex)."""

    salt: str = Field(pattern="^[0-9a-f]{32}$")
    text: str = Field(max_length=MOST_BYTES)


class EntryIn(Schema):
    """A signed entry (C2SP signed note) and the texts that it commits to."""

    note: str = Field(max_length=MOST_LEAF)
    blobs: list[BlobIn] = Field(default_factory=list, max_length=4)


class Queued(Schema):
    """An entry that was taken in."""

    id: str
    state: str


class Fate(Queued):
    """What became of an entry: where it stands in the record, or why it counts for nothing, or what holds it up."""

    index: int | None = None
    time: int | None = None
    reason: str = ""
    error: dict[str, Any] | None = None


@router.post("/entries", auth=OpenGate(POSTS), response={202: Queued})
def hand_in(request: HttpRequest, body: EntryIn) -> Any:
    """Hand in a signed entry. The signature is the authorisation; what would be void is refused with its reason."""
    del request
    blobs = [{"salt": blob.salt, "text": blob.text} for blob in body.blobs]
    row = entries.take(body.note, blobs, public_record().now())
    return Status(HTTPStatus.ACCEPTED, Queued(id=row.id, state=row.state))


@router.get("/entries/{entry_id}", auth=OpenGate(READS), response=Fate, exclude_unset=True)
def get_entry(request: HttpRequest, entry_id: str, wait: int = 0) -> Any:
    """Say what became of an entry, waiting up to `wait` seconds (at most 30) for it to be recorded.

    While too few co-signers answer, the answer carries `error` with `portal.quorum-missing`.
    """
    row = _waited(entry_id, min(max(wait, 0), MAX_WAIT_SECONDS))
    if row is None:
        raise ENTRY_ABSENT(where=request.path)
    answer: dict[str, Any] = {"id": row.id, "state": row.state}
    if row.state == OutgoingState.QUEUED:
        held = store.held()
        if held is not None:
            error = QUORUM_MISSING(where=row.id, got=held.got, needed=held.needed)
            answer["error"] = error.as_json()
    else:
        answer |= {"index": row.index, "time": row.time, "reason": row.reason}
    return answer


def _waited(entry_id: str, seconds: int) -> Outgoing | None:
    row = store.outgoing(entry_id)
    if row is None or row.state != OutgoingState.QUEUED or not seconds or not _WAITERS.acquire(blocking=False):
        return row
    try:
        end = _WALL.monotonic() + seconds
        while row is not None and row.state == OutgoingState.QUEUED and _WALL.monotonic() < end:
            _WALL.sleep(_POLL_SECONDS)
            row = store.outgoing(entry_id)
    finally:
        _WAITERS.release()
    return row
