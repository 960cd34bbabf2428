# SPDX-License-Identifier: AGPL-3.0-or-later
"""The life of a release as one table. Every state, who moves it on, and what a crash in it means.

Nothing has left the house before `UPLOADING`; until then a resident can take the clip back. From `SIGNED` on there
is one signed disclosure, which is posted again, byte for byte, until the record shows it: never two for one release.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a release stands."""

    WAITING = "waiting"
    SEALING = "sealing"
    UPLOADING = "uploading"
    SIGNED = "signed"
    POSTED = "posted"
    SHARED = "shared"
    UNDONE = "undone"
    REFUSED = "refused"


class Event(StrEnum):
    """What moves a release on."""

    DUE = "due"
    UNDO = "undo"
    SEALED = "sealed"
    RECEIPT_CHECKED = "receipt_checked"
    ACCEPTED = "accepted"
    RECORDED = "recorded"
    LOST = "lost"
    CANNOT = "cannot"


# Who acts next; nobody once a life has ended.
OWNERS: dict[State, str] = {
    State.WAITING: "resident",
    State.SEALING: "worker",
    State.UPLOADING: "worker",
    State.SIGNED: "worker",
    State.POSTED: "record",
    State.SHARED: "",
    State.UNDONE: "",
    State.REFUSED: "",
}

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.WAITING, Event.DUE): State.SEALING,
    (State.WAITING, Event.UNDO): State.UNDONE,
    (State.WAITING, Event.CANNOT): State.REFUSED,
    # While it is covered and sealed in memory it can still be taken back.
    (State.SEALING, Event.UNDO): State.UNDONE,
    (State.SEALING, Event.SEALED): State.UPLOADING,
    (State.SEALING, Event.CANNOT): State.REFUSED,
    # A crash: the half keys were only in memory, so it is covered and sealed anew under another c.
    (State.SEALING, Event.LOST): State.SEALING,
    (State.UPLOADING, Event.LOST): State.SEALING,
    (State.UPLOADING, Event.RECEIPT_CHECKED): State.SIGNED,
    (State.UPLOADING, Event.CANNOT): State.REFUSED,
    (State.SIGNED, Event.ACCEPTED): State.POSTED,
    (State.SIGNED, Event.RECORDED): State.SHARED,
    # The disclosure is past its `not_after`, or void on the record: it can never come into force any more.
    (State.SIGNED, Event.LOST): State.SEALING,
    (State.SIGNED, Event.CANNOT): State.REFUSED,
    (State.POSTED, Event.RECORDED): State.SHARED,
    (State.POSTED, Event.LOST): State.SEALING,
    (State.POSTED, Event.CANNOT): State.REFUSED,
    # A portal that refused the disclosure and recorded it all the same: the resident sees it, and can withdraw it.
    (State.REFUSED, Event.RECORDED): State.SHARED,
}

# The states in which nothing has left the house and a resident may take the clip back.
RETURNABLE = frozenset(state for state, event in TRANSITIONS if event is Event.UNDO)
ENDED = frozenset(state for state, owner in OWNERS.items() if not owner)


def after(state: State, event: Event) -> State | None:
    """Return the state that the event leads to, or None where it has no place."""
    return TRANSITIONS.get((state, event))
