# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the people of the cast sign and hand in to the portal, exactly as their own software would."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sunporch.base.clock import SystemClock
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.client import PortalClient
from sunporch.client.errors import SERVER_UNREACHABLE
from sunporch.client.portal import MAX_WAIT_SECONDS
from sunporch.docket import wire
from sunporch.docket.blobs import Blob
from sunporch.docket.entries import Entry
from sunporch.tlog import notes
from sunporch.town.errors import ENTRY_VOID, SERVER_SILENT
from sunporch.town.layout import ORIGIN

# How long an entry may wait for the log: "within 24 hours after it was signed" is the most; an hour is enough.
VALID_SECONDS = 3_600
RECORD_SECONDS = 30
AGAIN_SECONDS = 2.0
ATTEMPTS = 10
# Waiting for a server is real waiting.
WALL = SystemClock()


@dataclasses.dataclass(frozen=True)
class Recorded:
    """Where an entry stands in the record: index, the log's time, id."""

    index: int
    time: int
    id: str


def common(now: int) -> dict[str, Any]:
    """Return the fields that every dated entry carries."""
    return {"nonce": wire.new_nonce(), "not_after": now + VALID_SECONDS}


def signed(entry: Entry, *signers: SignerKey) -> str:
    """Return the entry as a note signed by each of them."""
    return notes.sign(wire.encode(ORIGIN, entry), signers).encode().decode()


def also_signed(note: str, signer: SignerKey) -> str:
    """Return the note with one more signature (a countersignature)."""
    parsed = notes.Note.parse(note.encode())
    return parsed.with_signatures(notes.signature(parsed.text, signer)).encode().decode()


def hand_in(portal: PortalClient, entry: Entry, signers: Sequence[SignerKey], blobs: Sequence[Blob] = ()) -> Recorded:
    """Sign the entry, hand it in and wait until it is recorded and co-signed.

    When the portal falls silent nobody knows whether the entry arrived; the same note is then handed in again, as
    often as is sensible: its id lets it count once.
    """
    shown = [{"salt": blob.salt.hex(), "text": blob.text} for blob in blobs]
    note = signed(entry, *signers)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await_record(portal, portal.post_entry(note, shown)["id"])
        except Error as error:
            if error.kind is not SERVER_UNREACHABLE or attempt == ATTEMPTS:
                raise
        WALL.sleep(AGAIN_SECONDS)
    raise AssertionError("the last attempt returns or raises")


def await_record(portal: PortalClient, entry_id: str) -> Recorded:
    """Wait until the entry is on the record; raises `town.entry-void` or `town.server-silent` with the reason."""
    end = WALL.monotonic() + RECORD_SECONDS
    while True:
        answer = portal.entry(entry_id, wait=MAX_WAIT_SECONDS)
        if answer["state"] == "recorded":
            return Recorded(answer["index"], answer["time"], entry_id)
        if answer["state"] == "void":
            raise ENTRY_VOID(where=entry_id, reason=answer.get("reason", "no reason was given"))
        if WALL.monotonic() > end:
            last = str(answer)[:400]
            raise SERVER_SILENT(where=entry_id, what="recording an entry", seconds=RECORD_SECONDS, last=last)
