# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about entries: handing one in, holding the outbox, showing what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries as docket_entries
from sunporch.docket import wire
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Complaint, Disclosure, Refusals, UnknownEntry
from sunporch.docket.state import Record, State
from sunporch.portal.board.models import Held, Line, Outgoing, OutgoingState, Shown
from sunporch.portal.errors import QUEUE_FULL
from sunporch.portal.record import Sighting
from sunporch.portal.viewer import actions as viewer_actions
from sunporch.tlog.notes import sign

MAX_QUEUED = 5_000
# How long what the portal itself says may wait for its place on record: nearly the day that entries may.
OWN_SECONDS = DAY - 600

# The field of each type that says which earlier entry it is about.
ABOUT = {
    "trust": "predecessor",
    "partnership_cancel": "partnership",
    "key_end": "key",
    "review": "target",
    "outcome": "request",
    "emergency_review": "request",
    "access": "disclosure",
    "export": "disclosure",
    "sharing": "disclosure",
    "freeze": "disclosure",
    "withdrawal": "disclosure",
    "deletion_attest": "disclosure",
    "unfreeze": "freeze",
    "unseal": "sealed",
    "complaint": "about",
    "finding": "complaint",
    "letter_answer": "letter",
}


def say(key: SignerKey, origin: str, entry: Complaint | Refusals, now: int) -> Outgoing:
    """Sign an entry of the portal's own, which has no texts, and hand it in. Raises `portal.queue-full`."""
    text = wire.encode(origin, entry)
    return hand_in(wire.entry_id(text), entry.TYPE, sign(text, [key]).encode().decode(), [], now)


def hand_in(entry_id: str, entry_type: str, note: str, blobs: Sequence[dict[str, str]], now: int) -> Outgoing:
    """Put a signed entry behind all others of the outbox; the same entry twice is one row.

    Called inside the transaction of whatever state goes with the entry. Raises `portal.queue-full`.
    """
    with transaction.atomic():
        row = Outgoing.objects.filter(id=entry_id).first()
        if row is not None and row.state == OutgoingState.VOID:
            # It counted for nothing then (a withdrawal before its share, say) and was judged anew: it waits again.
            row.state, row.reason, row.index, row.time, row.blobs = OutgoingState.QUEUED, "", None, None, list(blobs)
            row.save(update_fields=["state", "reason", "index", "time", "blobs"])
        if row is not None:
            return row
        if Outgoing.objects.filter(state=OutgoingState.QUEUED).count() >= MAX_QUEUED:
            raise QUEUE_FULL(most=MAX_QUEUED)
        return Outgoing.objects.create(
            id=entry_id,
            type=entry_type,
            note=note,
            blobs=list(blobs),
            state=OutgoingState.QUEUED,
            handed_in_at=now,
        )


def refuse(entry_id: str, reason: str) -> None:
    """Say that an entry would count for nothing now, so it was not recorded."""
    Outgoing.objects.filter(id=entry_id, state=OutgoingState.QUEUED).update(
        state=OutgoingState.VOID, reason=reason, blobs=[]
    )


def hold(now: int, got: int, needed: int, beyond: int) -> None:
    """Say that the outbox is held because too few co-signers sign; `beyond`: how many entries one says it signed."""
    told = {"got": got, "needed": needed, "beyond": beyond}
    with transaction.atomic():
        _, made = Held.objects.get_or_create(id=1, defaults={"since": now} | told)
        if not made:
            Held.objects.filter(id=1).exclude(**told).update(**told)


def show(records: Sequence[Record], state: State, seen: Sighting) -> None:
    """Put recorded entries into the public tables and tell their authors, in one transaction.

    Showing the same entries again changes nothing, so a kill between log and database is repaired by the next call.
    """
    with transaction.atomic():
        Held.objects.all().delete()
        lines = [line_of(record, state) for record in records]
        Line.objects.bulk_create(lines, ignore_conflicts=True)
        for record in records:
            Outgoing.objects.filter(id=record.id, state=OutgoingState.QUEUED).update(
                state=OutgoingState.RECORDED if record.in_force else OutgoingState.VOID,
                index=record.index,
                time=record.time,
                reason=sentence_of(record),
                blobs=[],
            )
        viewer_actions.tie(
            {
                record.entry.c: record.index
                for record in records
                if record.in_force and isinstance(record.entry, Disclosure)
            }
        )
        Shown.objects.update_or_create(
            id=1,
            defaults={
                "size": seen.size,
                "root": seen.root,
                "cosigned_at": seen.cosigned_at,
                "cosigners": seen.cosigners,
                "witnesses": seen.witnesses,
            },
        )


def forget() -> None:
    """Empty the public tables; `rebuild` fills them again in the same transaction."""
    Line.objects.all().delete()
    Shown.objects.all().delete()


def sentence_of(record: Record) -> str:
    """Return why an entry is not in force, as a sentence; empty if it is."""
    return record.reason.sentence if record.reason is not None else ""


def line_of(record: Record, state: State) -> Line:
    """Return the public row of an entry."""
    fields: dict[str, Any] = {}
    entry = record.entry
    if entry is None:
        type_ = "unreadable"
    elif isinstance(entry, UnknownEntry):
        type_ = entry.type
    else:
        type_ = entry.TYPE
        fields = docket_entries.to_fields(entry)
    about = fields.get(ABOUT.get(type_, ""))
    about = about if isinstance(about, int) and about >= 0 else None
    return Line(
        index=record.index,
        id=record.id,
        time=record.time,
        type=type_,
        status=record.status.value,
        reason=sentence_of(record),
        signers=list(record.signers),
        fields=fields,
        about=about,
        agency=_agency(fields, about, state),
    )


def _agency(fields: dict[str, Any], about: int | None, state: State) -> str:
    """Return the agency that an entry is about, by its own field or by what it refers to."""
    own = fields.get("agency", "")
    if own or about is None:
        return str(own)
    for states in (state.requests, state.disclosures, state.partnerships, state.keys):
        found = states.get(about)
        if found is not None:
            return str(getattr(found, "agency", "") or getattr(getattr(found, "entry", None), "agency", ""))
    return ""
