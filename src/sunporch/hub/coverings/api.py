# SPDX-License-Identifier: AGPL-3.0-or-later
"""`POST /coverings`, `GET|DELETE /coverings/{id}`, its tracks' pictures, its choices, its preview."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from sunporch.hub import household
from sunporch.hub.cameras.api import Moment, Trouble
from sunporch.hub.coverings import actions
from sunporch.hub.coverings.boxes import MOST_BOXES
from sunporch.hub.coverings.models import Covering, State
from sunporch.hub.permissions import pictures, previews, reads, resident, writes
from sunporch.redact.plan import MAX_TRACKS, TICKS, Track
from sunporch.redact.portrait import best

router = Router()
_KEPT_NOWHERE = {"Cache-Control": "private, no-store"}


class BoxIn(Schema):
    """A rectangle to cover, in pixels of the picture, and when, in seconds from the start of the clip."""

    x: int
    y: int
    width: int
    height: int
    from_: float = Field(0, alias="from")
    to: float | None = None


class WishIn(Schema):
    """Exact seconds [from, to) of one camera for one appeal: Unix seconds, fractions exact to 1/90,000 s."""

    appeal: int = Field(ge=0, le=2**53)
    camera: str
    from_: Moment = Field(alias="from")
    to: Moment
    boxes: list[BoxIn] = Field(default_factory=list, max_length=MOST_BOXES)
    sound: bool = False

    def wanted(self) -> actions.Wish:
        """Return the wish as the house spells it."""
        return actions.Wish(
            appeal=self.appeal,
            camera=self.camera,
            from_s=self.from_,
            to_s=self.to,
            boxes=[box.model_dump(by_alias=True) for box in self.boxes],
            sound=self.sound,
        )


class UncoveredIn(Schema):
    """Somebody to leave visible; `matches` answers whether this person matches the appeal: only `true` uncovers."""

    track: int
    matches: bool


class ChoicesIn(Schema):
    """All choices at once; they replace those before. Whoever is not named in `uncovered` is covered."""

    uncovered: list[UncoveredIn] = Field(default_factory=list, max_length=MAX_TRACKS)
    boxes: list[BoxIn] = Field(default_factory=list, max_length=MOST_BOXES)
    sound: bool = False


class Place(Schema):
    """A rectangle in pixels of the picture."""

    x: int
    y: int
    width: int
    height: int


class TrackOut(Schema):
    """Somebody who was found: when, in seconds from the start of the clip, and where they are in their picture."""

    track: int
    kind: str
    covered: bool
    from_s: float
    to_s: float
    box: Place


class BoxOut(Place):
    """A rectangle that a resident drew, and when, in seconds from the start of the clip."""

    from_: float = Field(alias="from")
    to: float


class CoveringOut(Schema):
    """A draft; `state` is finding, ready or failed; of `total_s` seconds `done_s` were searched for people.

    `width` and `height` are those of the picture, 0 until it is ready. A `released` one cannot be changed.
    """

    id: str
    appeal: int
    camera: str
    from_: float = Field(alias="from")
    to: float
    state: str
    done_s: float
    total_s: float
    trouble: Trouble
    width: int
    height: int
    tracks: list[TrackOut]
    boxes: list[BoxOut]
    sound: bool
    released: bool
    made_by: str


class DroppedOut(Schema):
    """The id of a draft that is no more."""

    erased: str


def shown(covering: Covering) -> dict[str, Any]:
    """Return the covering as the API shows it."""
    total = covering.to_s - covering.from_s
    return {
        "id": covering.id,
        "appeal": covering.appeal_id,
        "camera": covering.camera_id,
        "from": covering.from_s,
        "to": covering.to_s,
        "state": covering.state,
        "done_s": total if covering.state == State.READY.value else covering.done_90k / TICKS,
        "total_s": total,
        "trouble": {"id": covering.trouble_id, "what": covering.trouble_what, "next": covering.trouble_next},
        "width": covering.width,
        "height": covering.height,
        "tracks": [_track(track) for track in actions.found(covering)],
        "boxes": [_box(box) for box in covering.boxes],
        "sound": covering.sound,
        "released": covering.released,
        "made_by": covering.made_by.get_username(),
    }


def _track(track: Track) -> dict[str, Any]:
    box, _ = best(track)
    return {
        "track": track.id,
        "kind": track.kind.value,
        "covered": bool(track.covered),
        "from_s": track.boxes[0].from_90k / TICKS,
        "to_s": track.boxes[-1].to_90k / TICKS,
        "box": {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
    }


def _box(box: dict[str, int]) -> dict[str, Any]:
    times = {"from": box["from_90k"] / TICKS, "to": box["to_90k"] / TICKS}
    return {name: box[name] for name in ("x", "y", "width", "height")} | times


@router.post("/coverings", response={HTTPStatus.CREATED: CoveringOut}, auth=writes, by_alias=True)
def begin(request: HttpRequest, wish: WishIn) -> Status[dict[str, Any]]:
    """Choose exact seconds that may be shared; the hub looks for people in them."""
    made = actions.begin(household.vault(), resident(request), wish.wanted(), household.clock().now())
    return Status(HTTPStatus.CREATED, shown(made))


@router.get("/coverings/{covering_id}", response=CoveringOut, auth=reads, by_alias=True)
def one(request: HttpRequest, covering_id: str) -> dict[str, Any]:
    """Say how far the search came, who was found, and what was chosen."""
    del request
    return shown(actions.find(covering_id))


@router.get("/coverings/{covering_id}/tracks/{int:track}/picture", auth=pictures)
def picture(request: HttpRequest, covering_id: str, track: int) -> HttpResponse:
    """Show somebody who was found: cut out of the footage for this answer and kept nowhere."""
    del request
    image = actions.picture(household.vault(), covering_id, track)
    return HttpResponse(image, content_type="image/jpeg", headers=_KEPT_NOWHERE)


@router.put("/coverings/{covering_id}/choices", response=CoveringOut, auth=writes, by_alias=True)
def choose(request: HttpRequest, covering_id: str, chosen: ChoicesIn) -> dict[str, Any]:
    """Say who is left visible, what is covered besides, and whether the sound stays."""
    del request
    choices = actions.Choices(
        uncovered=[(one.track, one.matches) for one in chosen.uncovered],
        boxes=[box.model_dump(by_alias=True) for box in chosen.boxes],
        sound=chosen.sound,
    )
    return shown(actions.choose(covering_id, choices))


@router.get("/coverings/{covering_id}/preview", auth=previews)
def preview(request: HttpRequest, covering_id: str) -> HttpResponse:
    """Show the clip covered, exactly as it will leave: rendered for this answer and kept nowhere."""
    del request
    media = actions.preview(household.vault(), covering_id)
    return HttpResponse(media, content_type="video/mp4", headers=_KEPT_NOWHERE)


@router.delete("/coverings/{covering_id}", response=DroppedOut, auth=writes)
def drop(request: HttpRequest, covering_id: str) -> DroppedOut:
    """Erase a draft; nothing has left the house."""
    del request
    actions.drop(covering_id)
    return DroppedOut(erased=covering_id)
