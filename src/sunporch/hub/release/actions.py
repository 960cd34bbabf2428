# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a resident does with a clip that is to leave: choose it, take it back, send it now; and how it moves on.

Every change of state is one conditional UPDATE, so that a resident's undo and the worker's next step cannot both win.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sunporch.base.errors import Error
from sunporch.hub.config import Settings
from sunporch.hub.coverings import actions as coverings
from sunporch.hub.coverings.actions import Wish
from sunporch.hub.coverings.models import Covering
from sunporch.hub.coverings.models import State as Search
from sunporch.hub.errors import RELEASE_ABSENT, RELEASE_LEFT, RELEASE_NOT_WAITING, RELEASES_FULL
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import ENDED, RETURNABLE, Event, State, after
from sunporch.vault import Vault

MOST_UNDERWAY = 20
# The ends in which no original is needed.
_LET_GO = ENDED - {State.SHARED}


def choose(hub: Settings, vault: Vault, user: User, wish: Wish, now: int) -> Release:
    """Let seconds wait in the hub whose people nobody has looked at: everybody found will be covered.

    Raises what `coverings.actions.begin` and `release` raise; then there is no draft either.
    """
    with transaction.atomic():
        made = _entered(hub, vault, user, coverings.begin(vault, user, wish, now), now)
    return _held(vault, made, now)


def release(hub: Settings, vault: Vault, user: User, covering_id: str, now: int) -> Release:
    """Let a clip wait in the hub, covered as its draft says; from now on the draft cannot be changed.

    The search for people may still go on; nothing leaves before its end. Raises `hub.covering-absent`, `-failed`,
    `-released`, `hub.releases-full`, and what `coverings.actions.check` raises.
    """
    return _held(vault, _entered(hub, vault, user, coverings.find(covering_id), now), now)


def _entered(hub: Settings, vault: Vault, user: User, covering: Covering, now: int) -> Release:
    """Check everything and write the release down. The hold comes after it: a row can be found again, a hold not."""
    if covering.state != Search.FINDING.value:
        coverings.ready(covering)
    coverings.check(vault, covering.appeal_id, covering.camera_id, covering.from_s, covering.to_s)
    with transaction.atomic():
        coverings.freeze(covering)
        if Release.objects.exclude(state__in=[state.value for state in ENDED]).count() >= MOST_UNDERWAY:
            raise RELEASES_FULL(most=MOST_UNDERWAY)
        return Release.objects.create(
            id=secrets.token_hex(16),
            covering=covering,
            appeal_id=covering.appeal_id,
            camera_id=covering.camera_id,
            from_s=covering.from_s,
            to_s=covering.to_s,
            released_by=user,
            made_at=now,
            # Drawn anew for each clip: when it appears on the record says little about when it was chosen.
            due_at=now + hub.undo_seconds + secrets.randbelow(hub.undo_random_seconds + 1),
            state_at=now,
        )


def _held(vault: Vault, made: Release, now: int) -> Release:
    """Keep the original of a clip that was just chosen; where the archive refuses, it does not leave either."""
    try:
        settle_hold(vault, made)
    except Error:
        _take_back(made, now)
        raise
    return made


def settle_hold(vault: Vault, release: Release) -> None:
    """Keep the original of a clip that leaves, and no longer that of one that does not; again is nothing.

    Once it left, it stays until a year after the outcome (`shares.actions.let_go`), whatever retention says.
    """
    if State(release.state) in _LET_GO:
        vault.end_hold(hold_of(release.id))
    else:
        vault.hold(hold_of(release.id), release.camera_id, release.from_s, release.to_s)


def settle_holds(vault: Vault) -> None:
    """Let the archive keep what the rows say: for whoever was killed between a row and its hold.

    Raises what `vault.hold` and `vault.end_hold` do.
    """
    held = {hold.id for hold in vault.holds()}
    for release in Release.objects.exclude(state=State.SHARED.value):
        if (hold_of(release.id) in held) == (State(release.state) in _LET_GO):
            settle_hold(vault, release)


def find(release_id: str) -> Release:
    """Return the release, or raise `hub.release-absent`."""
    release = (
        Release.objects.filter(id=release_id).select_related("camera", "covering", "appeal", "released_by").first()
    )
    if release is None:
        raise RELEASE_ABSENT(where=release_id)
    return release


def hold_of(release_id: str) -> str:
    """Return the name under which the archive keeps the original of a release."""
    return f"release-{release_id}"


def preview(vault: Vault, release_id: str) -> bytes:
    """Return the clip covered, byte for byte as it will leave (MP4).

    Raises `hub.release-absent`, `hub.covering-unready`, `-failed`, and what `vault` and `redact` say.
    """
    return coverings.preview(vault, find(release_id).covering_id)


def undo(vault: Vault, release_id: str, now: int) -> Release:
    """Take a clip back before anything left; raises `hub.release-absent`, `hub.release-left`."""
    release = find(release_id)
    if not _take_back(release, now):
        raise RELEASE_LEFT(where=release_id, state=find(release_id).state)
    settle_hold(vault, release)
    return release


def _take_back(release: Release, now: int) -> bool:
    return any(move(release, state, Event.UNDO, now) for state in RETURNABLE)


def send_now(release_id: str, now: int) -> Release:
    """Let a waiting clip leave without waiting any longer; raises `hub.release-absent`, `hub.release-moving`."""
    find(release_id)
    if not Release.objects.filter(id=release_id, state=State.WAITING.value).update(due_at=now):
        raise RELEASE_NOT_WAITING(where=release_id, state=find(release_id).state)
    return find(release_id)


def note_sent(release_id: str, sent_bytes: int, sealed_bytes: int) -> None:
    """Write down how much of a sealed clip has left; it decides nothing."""
    Release.objects.filter(id=release_id).update(sent_bytes=sent_bytes, sealed_bytes=sealed_bytes)


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
