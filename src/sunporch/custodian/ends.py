# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which halves must be destroyed, and which shares the custodian owes an `expiry`. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sunporch.custodian.store import Row
from sunporch.docket.entries import MOST_EXPIRED
from sunporch.docket.fold import Fold
from sunporch.docket.state import DisclosureState

# A half whose share was never recorded is of no use to anybody (3.6).
UNCLAIMED_SECONDS = 86_400
# How long a withdrawal that came straight here waits for its place on record (docs/design/003-withdrawal-order.md).
UNRECORDED_SECONDS = 3_600


def share_of(row: Row, fold: Fold, custodian: int) -> DisclosureState | None:
    """Return the recorded share that the row belongs to in every field, if there is one."""
    clip = fold.disclosures.get(fold.clips.get(row.c, -1))
    if clip is None or clip.custodian != custodian:
        return None
    same = (str(clip.d), clip.agency, clip.expires) == (row.d, row.agency, row.expires)
    return clip if same else None


def must_die(row: Row, fold: Fold, custodian: int, recorded: int, now: int) -> bool:
    """Say whether the half must be destroyed now.

    `recorded` is the newest median witness time, `now` the custodian's own clock: whichever is past the end ends
    it. A freeze is judged by the record's time only, since what is destroyed by a wrong clock never comes back.
    A withdrawal ends it by its place on record, so that it has an order among the freezes; see `unheard`.
    """
    clip = share_of(row, fold, custodian)
    if clip is None:
        # By the record's time too: while the log is out of sight a share may be on it.
        return min(recorded, now) >= row.created + UNCLAIMED_SECONDS
    if clip.destroyed_at is not None:
        return True
    over = clip.ended(max(recorded, now)) or unheard(row, clip, recorded, now)
    return over and not clip.frozen(recorded)


def unheard(row: Row, clip: DisclosureState, recorded: int, now: int) -> bool:
    """Say whether a withdrawal came straight here, and the record still does not show it an hour later."""
    waiting = row.withdrawn > 0 and clip.withdrawn_at is None
    return waiting and max(recorded, now) >= row.withdrawn + UNRECORDED_SECONDS


def unheard_among(dead: Iterable[Row], fold: Fold, custodian: int, recorded: int, now: int) -> int:
    """Return how many of these halves end because the record did not take their withdrawal in time."""
    shares = [(row, share_of(row, fold, custodian)) for row in dead]
    return sum(clip is not None and unheard(row, clip, recorded, now) for row, clip in shares)


def owed(fold: Fold, custodian: int, kept: Iterable[str], recorded: int) -> tuple[int, ...]:
    """Return the shares (at most 400) whose half is gone and whose `expiry` is due by the record's time."""
    here = set(kept)
    found = [
        clip.index
        for clip in fold.disclosures.values()
        if clip.custodian == custodian and clip.destructible(recorded) and clip.c not in here
    ]
    return tuple(sorted(found)[:MOST_EXPIRED])
