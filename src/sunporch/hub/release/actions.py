# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a resident does with a clip that is to leave: choose it, take it back, send it now; and how it moves on.

Every change of state is one conditional UPDATE, so that a resident's undo and the worker's next step cannot both win.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sunporch.base.errors import Error
from sunporch.hub.cameras import actions as cameras
from sunporch.hub.config import Settings
from sunporch.hub.errors import (
    CAMERA_INDOOR,
    CLIP_LENGTH,
    RELEASE_ABSENT,
    RELEASE_LEFT,
    RELEASE_NOT_WAITING,
    RELEASES_FULL,
    WINDOW_OUTSIDE,
)
from sunporch.hub.inbox import actions as inbox
from sunporch.hub.release.boxes import check_boxes
from sunporch.hub.release.covering import cover
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import ENDED, RETURNABLE, Event, State, after
from sunporch.vault import TICKS, Vault
from sunporch.vault.errors import FOOTAGE_MISSING

LEAST_SECONDS = 1
MOST_SECONDS = 15 * 60
MOST_UNDERWAY = 20


@dataclass(frozen=True)
class Wish:
    """What a resident wants to share: [from_s, to_s) of a camera, Unix seconds exact to 1/90,000 s; what to cover."""

    appeal: int
    camera: str
    from_s: float
    to_s: float
    boxes: list[dict[str, Any]]
    sound: bool


def choose(hub: Settings, vault: Vault, user: User, wish: Wish, now: int) -> Release:
    """Check everything about the wish and let the clip wait in the hub.

    Raises `hub.appeal-absent`, `-ended`, `hub.camera-absent`, `-indoor`, `hub.window-outside`, `hub.clip-length`,
    `hub.box-refused`, `hub.releases-full`, `vault.footage-missing`.
    """
    appeal = inbox.open_appeal(wish.appeal)
    camera = cameras.find(wish.camera)
    if camera.indoor:
        raise CAMERA_INDOOR(where=camera.name)
    seconds = wish.to_s - wish.from_s
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise CLIP_LENGTH(where=camera.name, least=LEAST_SECONDS, most=MOST_SECONDS, seconds=seconds)
    begins, ends = appeal.fields["from"], appeal.fields["to"]
    if not begins <= wish.from_s < wish.to_s <= ends:
        raise WINDOW_OUTSIDE(where=f"appeal {appeal.index}", asked_from=begins, asked_to=ends)
    boxes = check_boxes(wish.boxes, seconds)
    if vault.timeline(camera.id, wish.from_s, wish.to_s).recorded_90k < LEAST_SECONDS * TICKS:
        raise FOOTAGE_MISSING(where=camera.name, because="")
    release_id = secrets.token_hex(16)
    # The unreleased original stays until a year after the outcome, whatever retention says.
    vault.hold(hold_of(release_id), camera.id, wish.from_s, wish.to_s)
    with transaction.atomic():
        if Release.objects.exclude(state__in=[state.value for state in ENDED]).count() >= MOST_UNDERWAY:
            raise RELEASES_FULL(most=MOST_UNDERWAY)
        return Release.objects.create(
            id=release_id,
            appeal=appeal,
            camera=camera,
            from_s=wish.from_s,
            to_s=wish.to_s,
            boxes=boxes,
            sound=wish.sound,
            released_by=user,
            made_at=now,
            # Drawn anew for each clip, so that when it appears on the record says little about when it was chosen.
            due_at=now + hub.undo_seconds + secrets.randbelow(hub.undo_random_seconds + 1),
            state_at=now,
        )


def find(release_id: str) -> Release:
    """Return the release, or raise `hub.release-absent`."""
    release = Release.objects.filter(id=release_id).select_related("camera", "appeal", "released_by").first()
    if release is None:
        raise RELEASE_ABSENT(where=release_id)
    return release


def hold_of(release_id: str) -> str:
    """Return the name under which the archive keeps the original of a release."""
    return f"release-{release_id}"


def preview(vault: Vault, release_id: str) -> bytes:
    """Return the clip covered, byte for byte as it will leave (MP4).

    Raises `hub.release-absent`, and what `vault` and `redact` say.
    """
    release = find(release_id)
    footage = vault.footage(release.camera_id, release.from_s, release.to_s)
    return cover(footage, release.boxes, sound=release.sound).media


def undo(vault: Vault, release_id: str, now: int) -> Release:
    """Take a clip back before anything left; raises `hub.release-absent`, `hub.release-left`."""
    release = find(release_id)
    for state in RETURNABLE:
        if move(release, state, Event.UNDO, now):
            vault.end_hold(hold_of(release_id))
            return find(release_id)
    raise RELEASE_LEFT(where=release_id, state=find(release_id).state)


def send_now(release_id: str, now: int) -> Release:
    """Let a waiting clip leave without waiting any longer; raises `hub.release-absent`, `hub.release-moving`."""
    find(release_id)
    if not Release.objects.filter(id=release_id, state=State.WAITING.value).update(due_at=now):
        raise RELEASE_NOT_WAITING(where=release_id, state=find(release_id).state)
    return find(release_id)


def move(release: Release, state: State, event: Event, now: int, **fields: Any) -> bool:
    """Move a release that is in `state` on by `event`, with other fields of its row; False if it is elsewhere."""
    next_state = after(state, event)
    if next_state is None:
        raise ValueError(f"{event} has no place in {state}")
    values: dict[str, Any] = {"state": next_state.value, "state_at": now, "tries": 0, "retry_at": 0}
    values |= {"trouble_id": "", "trouble_what": "", "trouble_next": ""} | fields
    done = Release.objects.filter(id=release.id, state=state.value).update(**values)
    if done:
        release.refresh_from_db()
    return bool(done)


def trouble(error: Error) -> dict[str, str]:
    """Return the fields of a row that say why it does not go on."""
    return {"trouble_id": error.id, "trouble_what": error.what, "trouble_next": error.next}
