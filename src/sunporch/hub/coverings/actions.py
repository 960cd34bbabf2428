# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a resident does with a draft: choose seconds, look at who was found, leave somebody visible, look again.

Everybody who was found is covered unless a resident says of that person that they match the appeal. Pictures are made
from the footage for one answer and kept nowhere.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sunporch.hub.cameras import actions as cameras
from sunporch.hub.coverings.boxes import check_boxes, tracks
from sunporch.hub.coverings.models import Covering, State
from sunporch.hub.coverings.rendering import Covered, cover
from sunporch.hub.errors import (
    CAMERA_INDOOR,
    CLIP_LENGTH,
    COVERING_ABSENT,
    COVERING_FAILED,
    COVERING_RELEASED,
    COVERING_UNREADY,
    COVERINGS_FULL,
    TRACK_ABSENT,
    UNCOVERING_REFUSED,
    WINDOW_OUTSIDE,
)
from sunporch.hub.inbox import actions as inbox
from sunporch.redact.plan import TICKS, Track, load
from sunporch.redact.portrait import portrait
from sunporch.vault import Footage, Vault
from sunporch.vault.errors import FOOTAGE_MISSING

LEAST_SECONDS = 1
MOST_SECONDS = 15 * 60
MOST_DRAFTS = 20
DRAFT_SECONDS = 86_400  # how long a draft that no release names is kept


@dataclass(frozen=True)
class Wish:
    """What a resident may want to share: [from_s, to_s) of a camera, Unix seconds exact to 1/90,000 s."""

    appeal: int
    camera: str
    from_s: float
    to_s: float
    boxes: list[dict[str, Any]]
    sound: bool


@dataclass(frozen=True)
class Choices:
    """Who is left visible - track number, and whether they match the appeal -, what is drawn besides, and sound."""

    uncovered: list[tuple[int, bool]]
    boxes: list[dict[str, Any]]
    sound: bool


def begin(vault: Vault, user: User, wish: Wish, now: int) -> Covering:
    """Check everything about the wish and make a draft, in which the worker looks for people.

    Raises `hub.coverings-full`, `hub.box-refused` and what `check` raises.
    """
    check(vault, wish.appeal, wish.camera, wish.from_s, wish.to_s)
    boxes = check_boxes(wish.boxes, wish.to_s - wish.from_s)
    with transaction.atomic():
        if Covering.objects.filter(released=False).count() >= MOST_DRAFTS:
            raise COVERINGS_FULL(most=MOST_DRAFTS)
        return Covering.objects.create(
            id=secrets.token_hex(16),
            appeal_id=wish.appeal,
            camera_id=wish.camera,
            from_s=wish.from_s,
            to_s=wish.to_s,
            made_by=user,
            made_at=now,
            boxes=boxes,
            masks=cameras.find(wish.camera).masks,
            sound=wish.sound,
        )


def check(vault: Vault, appeal_index: int, camera_id: str, from_s: float, to_s: float) -> None:
    """Raise unless these seconds of the camera may be shared for the appeal.

    Raises `hub.appeal-absent`, `-ended`, `hub.camera-absent`, `-indoor`, `hub.clip-length`, `hub.window-outside`,
    `vault.footage-missing`.
    """
    appeal = inbox.open_appeal(appeal_index)
    camera = cameras.find(camera_id)
    if camera.indoor:
        raise CAMERA_INDOOR(where=camera.name)
    seconds = to_s - from_s
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise CLIP_LENGTH(where=camera.name, least=LEAST_SECONDS, most=MOST_SECONDS, seconds=seconds)
    begins, ends = appeal.fields["from"], appeal.fields["to"]
    if not begins <= from_s < to_s <= ends:
        raise WINDOW_OUTSIDE(where=f"appeal {appeal.index}", asked_from=begins, asked_to=ends)
    if vault.timeline(camera.id, from_s, to_s).recorded_90k < LEAST_SECONDS * TICKS:
        raise FOOTAGE_MISSING(where=camera.name, because="")


def find(covering_id: str) -> Covering:
    """Return the covering, or raise `hub.covering-absent`."""
    covering = Covering.objects.filter(id=covering_id).select_related("made_by").first()
    if covering is None:
        raise COVERING_ABSENT(where=covering_id)
    return covering


def ready(covering: Covering) -> Covering:
    """Return the covering if its people were found, or raise `hub.covering-unready`, `hub.covering-failed`."""
    if covering.state == State.FINDING.value:
        raise COVERING_UNREADY(where=covering.id)
    if covering.state == State.FAILED.value:
        raise COVERING_FAILED(where=covering.id, said=covering.trouble_what)
    return covering


def found(covering: Covering) -> tuple[Track, ...]:
    """Return who was found, each covered or left visible as chosen; nobody as long as the search goes on."""
    if not covering.tracks:
        return ()
    return tuple(replace(track, covered=int(track.id not in covering.uncovered)) for track in load(covering.tracks))


def choose(covering_id: str, choices: Choices) -> Covering:
    """Replace what was chosen before.

    Raises `hub.covering-absent`, `-unready`, `-failed`, `-released`, `hub.track-absent`, `hub.box-refused`, and
    `hub.uncovering-refused` where nobody says that the person matches the appeal.
    """
    covering = ready(find(covering_id))
    known = {track.id for track in found(covering)}
    for track, matches in choices.uncovered:
        if track not in known:
            raise TRACK_ABSENT(where=covering.id, track=track)
        if not matches:
            raise UNCOVERING_REFUSED(where=covering.id, track=track)
    chosen = {
        "uncovered": sorted({track for track, _ in choices.uncovered}),
        "boxes": check_boxes(choices.boxes, covering.to_s - covering.from_s),
        "sound": choices.sound,
    }
    if not Covering.objects.filter(id=covering.id, released=False).update(**chosen):
        raise COVERING_RELEASED(where=covering.id)
    return find(covering.id)


def freeze(covering: Covering) -> None:
    """Let a release have the covering, once; raises `hub.covering-released`."""
    if not Covering.objects.filter(id=covering.id, released=False).update(released=True):
        raise COVERING_RELEASED(where=covering.id)


def drop(covering_id: str) -> None:
    """Erase a draft; raises `hub.covering-absent`, `hub.covering-released`."""
    if not Covering.objects.filter(id=find(covering_id).id, released=False).delete()[0]:
        raise COVERING_RELEASED(where=covering_id)


def picture(vault: Vault, covering_id: str, track: int) -> bytes:
    """Return a JPEG of somebody who was found, by which to know them.

    Raises `hub.covering-absent`, `hub.track-absent`, and what `vault` and `redact` say.
    """
    covering = find(covering_id)
    somebody = next((one for one in found(covering) if one.id == track), None)
    if somebody is None:
        raise TRACK_ABSENT(where=covering.id, track=track)
    footage = vault.footage(covering.camera_id, covering.from_s, covering.to_s)
    return portrait(footage.parts, footage.start_90k, somebody)


def preview(vault: Vault, covering_id: str) -> bytes:
    """Return the clip covered, byte for byte as it will leave (MP4).

    Raises `hub.covering-absent`, `-unready`, `-failed`, and what `vault` and `redact` say.
    """
    covering = find(covering_id)
    return rendered(vault.footage(covering.camera_id, covering.from_s, covering.to_s), covering).media


def rendered(footage: Footage, covering: Covering) -> Covered:
    """Return the clip of a covering; raises `hub.covering-unready`, `-failed`, and what `vault` and `redact` say."""
    people = found(ready(covering))
    drawn = tracks(covering.boxes, max((track.id for track in people), default=0))
    return cover(footage, (*people, *drawn), sound=covering.sound, detector=covering.detector, masks=covering.masks)
