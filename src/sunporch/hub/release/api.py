# SPDX-License-Identifier: AGPL-3.0-or-later
"""`POST /releases`, `GET|DELETE /releases/{id}`, `POST /releases/{id}/send-now`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from sunporch.hub import household
from sunporch.hub.cameras.api import Trouble
from sunporch.hub.coverings.api import WishIn
from sunporch.hub.permissions import previews, reads, resident, writes
from sunporch.hub.release import actions
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import RETURNABLE, State

router = Router()


class CoveringIn(Schema):
    """A draft whose people a resident looked at, by its id."""

    covering: str


class ReleaseOut(Schema):
    """A clip on its way; `due_at` is when it leaves at the earliest, `disclosure` its index on the record.

    While it is `uploading`, `sent_bytes` of its `sealed_bytes` have left.
    """

    id: str
    appeal: int
    camera: str
    from_: float = Field(alias="from")
    to: float
    covering: str
    sound: bool
    state: str
    can_be_taken_back: bool
    released_by: str
    made_at: int
    due_at: int
    sent_bytes: int
    sealed_bytes: int
    trouble: Trouble
    disclosure: int | None
    released_sha256: str


def shown(release: Release) -> dict[str, Any]:
    """Return the release as the API shows it."""
    return {
        "id": release.id,
        "appeal": release.appeal_id,
        "camera": release.camera_id,
        "from": release.from_s,
        "to": release.to_s,
        "covering": release.covering_id,
        "sound": release.covering.sound,
        "state": release.state,
        "sent_bytes": release.sent_bytes,
        "sealed_bytes": release.sealed_bytes,
        "can_be_taken_back": State(release.state) in RETURNABLE,
        "released_by": release.released_by.get_username(),
        "made_at": release.made_at,
        "due_at": release.due_at,
        "trouble": {"id": release.trouble_id, "what": release.trouble_what, "next": release.trouble_next},
        "disclosure": release.disclosure,
        "released_sha256": release.released_sha256,
    }


@router.post("/releases", response={HTTPStatus.CREATED: ReleaseOut}, auth=writes, by_alias=True)
def choose(request: HttpRequest, wish: CoveringIn | WishIn) -> Status[dict[str, Any]]:
    """Share a draft, or seconds in which all are covered; they wait in the hub, and nothing leaves meanwhile."""
    hub, vault, user, now = household.hub(), household.vault(), resident(request), household.clock().now()
    if isinstance(wish, CoveringIn):
        made = actions.release(hub, vault, user, wish.covering, now)
    else:
        made = actions.choose(hub, vault, user, wish.wanted(), now)
    return Status(HTTPStatus.CREATED, shown(made))


@router.get("/releases/{release_id}", response=ReleaseOut, auth=reads, by_alias=True)
def one(request: HttpRequest, release_id: str) -> dict[str, Any]:
    """Say how far a clip came."""
    del request
    return shown(actions.find(release_id))


@router.get("/releases/{release_id}/preview", auth=previews)
def preview(request: HttpRequest, release_id: str) -> HttpResponse:
    """Show the clip covered, exactly as it will leave: rendered for this answer and kept nowhere."""
    del request
    media = actions.preview(household.vault(), release_id)
    return HttpResponse(media, content_type="video/mp4", headers={"Cache-Control": "private, no-store"})


@router.post("/releases/{release_id}/send-now", response=ReleaseOut, auth=writes, by_alias=True)
def send_now(request: HttpRequest, release_id: str) -> dict[str, Any]:
    """Skip the rest of the wait."""
    del request
    return shown(actions.send_now(release_id, household.clock().now()))


@router.delete("/releases/{release_id}", response=ReleaseOut, auth=writes, by_alias=True)
def undo(request: HttpRequest, release_id: str) -> dict[str, Any]:
    """Take the clip back; nothing has left the house."""
    del request
    return shown(actions.undo(household.vault(), release_id, household.clock().now()))
