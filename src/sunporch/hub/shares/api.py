# SPDX-License-Identifier: AGPL-3.0-or-later
"""`GET /shares`, `POST /shares/{id}/withdraw`, `GET /shares/{id}/receipt`, `GET|POST /shares/{id}/proof|messages`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from sunporch.hub import household
from sunporch.hub.cameras.api import Trouble
from sunporch.hub.permissions import reads, resident, writes
from sunporch.hub.shares import actions
from sunporch.hub.shares.models import Message, Share

router = Router()
MOST_LISTED = 500


class Opening(Schema):
    """Somebody opened the clip for the first time with one key: entry `index`, pseudonym, Unix seconds, purpose."""

    index: int
    at: int
    who: str
    purpose: str


class Copy(Schema):
    """A copy that left the viewer, as the public record says it."""

    index: int
    at: int
    who: str
    recipient: str


class Passed(Copy):
    """A passing-on to somebody outside the agency, and on what legal ground, as the public record says it."""

    standard: str


class ShareOut(Schema):
    """A clip that left; its id is the index of its disclosure. `time_left` is in seconds, 0 once it ended."""

    id: int
    release: str
    appeal: int
    camera: str
    from_: float = Field(alias="from")
    to: float
    released_by: str
    shared_at: int
    expires: int
    time_left: int
    state: str
    openings: list[Opening]
    exports: list[Copy]
    passed_on: list[Passed]
    withdraw_asked_at: int | None
    withdrawn_by: str
    withdrawn_at: int | None
    custodian_told_at: int | None
    outcome: dict[str, Any]
    trouble: Trouble


class MessageIn(Schema):
    """What a resident writes to the recipients of a clip."""

    text: str


class MessageOut(Schema):
    """One message of the thread; `sent_at` is null while ours still waits here."""

    ours: bool
    sender: str
    text: str
    at: int
    sent_at: int | None


def shown(share: Share, now: int) -> dict[str, Any]:
    """Return the share as the API shows it."""
    release = share.release
    return {
        "id": share.disclosure,
        "release": release.id,
        "appeal": release.appeal_id,
        "camera": release.camera_id,
        "from": release.from_s,
        "to": release.to_s,
        "released_by": release.released_by.get_username(),
        "shared_at": share.shared_at,
        "expires": share.expires,
        "time_left": actions.time_left(share, now) or 0,
        "state": share.state,
        "openings": share.accesses,
        "exports": share.exports,
        "passed_on": share.passed_on,
        "withdraw_asked_at": share.withdraw_asked_at,
        "withdrawn_by": share.withdrawn_by.get_username() if share.withdrawn_by else "",
        "withdrawn_at": share.withdrawn_at,
        "custodian_told_at": share.custodian_told_at,
        "outcome": release.appeal.outcome,
        "trouble": {"id": share.trouble_id, "what": share.trouble_what, "next": share.trouble_next},
    }


@router.get("/shares", response=list[ShareOut], auth=reads, by_alias=True)
def shares(request: HttpRequest) -> list[dict[str, Any]]:
    """List what left this house, newest first."""
    del request
    found = Share.objects.select_related("release", "release__appeal", "release__released_by", "withdrawn_by")
    now = household.clock().now()
    return [shown(share, now) for share in found.order_by("-disclosure")[:MOST_LISTED]]


@router.post("/shares/{int:disclosure}/withdraw", response=ShareOut, auth=writes, by_alias=True)
def withdraw(request: HttpRequest, disclosure: int) -> dict[str, Any]:
    """Stop sharing: the record and the key custodian are told at once, and the key is destroyed."""
    now = household.clock().now()
    return shown(actions.withdraw(disclosure, resident(request), now), now)


@router.get("/shares/{int:disclosure}/receipt", auth=reads)
def receipt(request: HttpRequest, disclosure: int) -> HttpResponse:
    """Hand out the receipt: `sunporch verify --receipt FILE` checks it offline; its withdrawal ends the share."""
    del request
    share = actions.find(disclosure)
    answer = HttpResponse(share.receipt, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="sunporch-clip-{disclosure}.receipt.json"'
    return answer


@router.get("/shares/{int:disclosure}/proof", auth=reads)
def proof(request: HttpRequest, disclosure: int) -> HttpResponse:
    """Hand out what proves the clip's original; the clip holds only a commitment to it. Nobody is told."""
    del request
    answer = HttpResponse(actions.proof(disclosure), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="sunporch-clip-{disclosure}.proof.json"'
    return answer


@router.post("/shares/{int:disclosure}/proof", response={HTTPStatus.CREATED: MessageOut}, auth=writes)
def hand_over(request: HttpRequest, disclosure: int) -> Status[Message]:
    """Send the proof to the recipients, sealed to their devices. Two proofs show that their clips share a home."""
    return Status(HTTPStatus.CREATED, actions.hand_over(disclosure, resident(request), household.clock().now()))


@router.get("/shares/{int:disclosure}/messages", response=list[MessageOut], auth=reads)
def messages(request: HttpRequest, disclosure: int) -> list[Message]:
    """List the messages about a clip, oldest first."""
    del request
    return list(Message.objects.filter(share=actions.find(disclosure)).order_by("at", "id")[:MOST_LISTED])


@router.post("/shares/{int:disclosure}/messages", response={HTTPStatus.CREATED: MessageOut}, auth=writes)
def write(request: HttpRequest, disclosure: int, message: MessageIn) -> Status[Message]:
    """Write to the recipients; the text is sealed to their devices before it leaves."""
    now = household.clock().now()
    return Status(HTTPStatus.CREATED, actions.write(disclosure, message.text, resident(request), now))
