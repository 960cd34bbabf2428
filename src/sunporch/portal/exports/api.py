# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/clips/<index>/exports`: what an officer's viewer asks, and asks for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from sunporch.docket import entries
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.appeals.judging import shown
from sunporch.portal.board import words
from sunporch.portal.exports import actions, pages, store
from sunporch.portal.exports.models import MAX_REASON, Handover
from sunporch.portal.record import public_record
from sunporch.portal.viewer import store as clips
from sunporch.tlog.notes import MAX_NOTE
from sunporch.web.limits import Limit

router = Router(tags=["exports"])
READS = Limit(most=600, seconds=60)
WRITES = Limit(most=60, seconds=60)


class Recipient(Schema):
    """A class of recipients, and the sentences of the rules that forbid a copy for it."""

    code: str
    words: str
    refused: list[str]


class ExportSeen(Schema):
    """An export as its officer sees it; `index` once it is on record."""

    id: str
    recipient: str
    file: str
    size: int
    state: str
    state_words: str
    reason: str
    index: int | None


class Exports(Schema):
    """To whom a copy may go, and what was asked for."""

    format: str
    recipients: list[Recipient]
    asked: list[ExportSeen]


class ExportIn(Schema):
    """A signed `export`, the length of the record that its file tells of, and why (for the supervisor alone)."""

    note: str = Field(max_length=MAX_NOTE)
    size: int
    why: str = Field(max_length=MAX_REASON)


@router.get("/clips/{index}/exports", auth=Gate(READS, "officer"), response=Exports)
def list_exports(request: HttpRequest, index: int) -> Any:
    """Say to whom a copy of the clip may go under the rules, and where your exports stand."""
    person, now = who(request), public_record().now()
    clips.clip_of(person, index)
    recipients = [
        Recipient(
            code=code,
            words=str(words.code(code)),
            refused=[clause["sentence"] for clause in shown(actions.against_copy(index, code, now))],
        )
        for code in entries.RECIPIENT_CLASSES
    ]
    asked = [_seen(row) for row in store.of_clip(person, index, entries.Export.TYPE)]
    return Exports(format=actions.FORMAT, recipients=recipients, asked=asked)


@router.post("/clips/{index}/exports", auth=Gate(WRITES, "officer"), response={201: ExportSeen})
def ask_export(request: HttpRequest, index: int, body: ExportIn) -> Any:
    """Ask a supervisor to sign for a copy too."""
    asked = actions.Asked(body.note, body.why, body.size)
    made = actions.ask(who(request), index, entries.Export, asked, public_record().now())
    return Status(HTTPStatus.CREATED, _seen(made))


def _seen(row: Handover) -> ExportSeen:
    entry, told = pages.entry_of(row), pages.line(row)
    return ExportSeen(
        id=row.id,
        recipient=str(words.code(entry.recipient)),
        file=entry.file if isinstance(entry, entries.Export) else "",
        size=row.size,
        state=told["code"],
        state_words=str(told["state"]),
        reason=str(told["reason"]),
        index=told["index"],
    )
