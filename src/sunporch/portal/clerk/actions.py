# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes of clerks: what they are writing; entries begun by one key, signed by others, then handed in.

An entry is judged at its beginning as if all of the community's keys had signed it, so that nobody is asked to sign
what would count for nothing; and judged again, as it is, each time somebody signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from sunporch.base.notekeys import VerifierKey
from sunporch.docket import wire
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Dated, Partnership
from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import signing
from sunporch.portal.board.models import Outgoing
from sunporch.portal.clerk import store
from sunporch.portal.clerk.models import Motion, Proposal
from sunporch.portal.errors import PROPOSALS_EXCEEDED, QUEUE_FULL
from sunporch.portal.record import public_record
from sunporch.tlog.notes import Note

MAX_MOTIONS = 100
MAX_PROPOSALS = 50
# What nobody wrote on for so long is forgotten.
PROPOSAL_DAYS = 120


def propose(person: Person, kind: str, base: str, answers: dict[str, Any], now: int) -> Proposal:
    """Begin to write rules or a partnership. Raises `portal.proposals-exceeded`."""
    with transaction.atomic():
        if Proposal.objects.count() >= MAX_PROPOSALS:
            raise PROPOSALS_EXCEEDED(where=kind, most=MAX_PROPOSALS)
        return Proposal.objects.create(kind=kind, base=base, answers=answers, by=person.name, changed_at=now)


def write_on(row: Proposal, answers: dict[str, Any], now: int) -> None:
    """Keep the answers of one page as they stand; what somebody threw away meanwhile stays away."""
    with transaction.atomic():
        for kept in Proposal.objects.filter(pk=row.pk):
            kept.answers, kept.changed_at = kept.answers | answers, now
            kept.save(update_fields=["answers", "changed_at"])


def throw_away(person: Person, row: Proposal, now: int) -> None:
    """Forget what was being written, and write down who did it."""
    with transaction.atomic():
        agency_actions.write_down(person.name, now, "proposal thrown away", f"{row.kind} {row.pk}")
        row.delete()


def forget_proposals(now: int) -> None:
    """Forget what nobody wrote on for `PROPOSAL_DAYS`."""
    Proposal.objects.filter(changed_at__lt=now - PROPOSAL_DAYS * DAY).delete()


def begin_from(
    row: Proposal, person: Person, untrusted_note: str, untrusted_blobs: Sequence[dict[str, str]], now: int
) -> Motion | Outgoing:
    """Begin the entry of what was written. It can be written on until the entry is complete, should that be dropped.

    Raises what `begin` raises.
    """
    with transaction.atomic():
        entry = wire.entry_id(Note.parse(untrusted_note.encode()).text)
        Proposal.objects.filter(pk=row.pk).update(entry=entry)
        return begin(person, untrusted_note, untrusted_blobs, now)


def begin(
    person: Person, untrusted_note: str, untrusted_blobs: Sequence[dict[str, str]], now: int
) -> Motion | Outgoing:
    """Take an entry that one key of the community signed; where one is enough, it is handed in at once.

    Raises `portal.signature-refused`, `portal.entry-void` with the reason, `portal.blobs-refused`,
    `portal.queue-full`, and what `board.entries.take` raises.
    """
    note = signing.signed_by(person.key.key, untrusted_note)
    entry = signing.entry_in(note, Dated)
    _check_would_count(note, untrusted_blobs, now)
    with transaction.atomic():
        if Motion.objects.count() >= MAX_MOTIONS:
            raise QUEUE_FULL(most=MAX_MOTIONS)
        row, _ = Motion.objects.get_or_create(
            id=wire.entry_id(note.text),
            defaults={
                "type": entry.TYPE,
                "note": note.encode().decode(),
                "blobs": list(untrusted_blobs),
                "by": person.name,
                "made_at": now,
                "not_after": entry.not_after,
            },
        )
        return _handed_in(row, now) or row


def sign(person: Person, motion_id: str, untrusted_note: str, now: int) -> Motion | Outgoing:
    """Add this person's signature; hand the entry in if enough of the community's keys are on it now."""
    with transaction.atomic():
        row = store.motion(motion_id, now)
        _add(row, untrusted_note, person.key.key)
        return _handed_in(row, now) or row


def sign_as_registrar(motion_id: str, untrusted_note: str, now: int) -> Motion | Outgoing:
    """Add the signature of the registrar whom a partnership names; the key is the permission, no account is needed.

    Raises `portal.motion-absent`, `portal.signature-refused`, `tlog.note-malformed`, and what `take` raises.
    """
    with transaction.atomic():
        row, entry = store.approval(motion_id, now)
        _add(row, untrusted_note, VerifierKey.parse(entry.registrar))
        return _handed_in(row, now) or row


def _add(row: Motion, untrusted_note: str, key: VerifierKey) -> None:
    row.note = signing.also_signed_by(key, row.note, untrusted_note).encode().decode()
    row.save(update_fields=["note"])


def drop(person: Person, motion_id: str, now: int) -> None:
    """Forget an entry that waits, and write down who did it: nothing of it was public.

    Raises `portal.motion-absent`.
    """
    with transaction.atomic():
        store.motion(motion_id, now).delete()
        agency_actions.write_down(person.name, now, "signing dropped", motion_id)


def forget_late(now: int) -> None:
    """Forget the entries that nobody signed in time."""
    Motion.objects.filter(not_after__lt=now).delete()


def _handed_in(row: Motion, now: int) -> Outgoing | None:
    """Hand the entry in if enough have signed it, and forget that it waited."""
    note = Note.parse(row.note.encode())
    with public_record().reading() as state:
        signed = note.verified(state.community_keys.values())
        registrars = _registrar_of(note)
        if len(signed) < state.threshold or len(note.verified(registrars)) < len(registrars):
            return None
    taken = board_entries.take(row.note, row.blobs, now)
    Proposal.objects.filter(entry=row.id).delete()
    row.delete()
    return taken


def _registrar_of(note: Note) -> list[VerifierKey]:
    """Return the key that signs beside those of the community: a partnership's registrar."""
    entry = signing.entry_in(note, Dated)
    return [VerifierKey.parse(entry.registrar)] if isinstance(entry, Partnership) else []


def _check_would_count(note: Note, untrusted_blobs: Sequence[dict[str, str]], now: int) -> None:
    """Tell now what would make the entry void, whoever of the community signs it besides, and which text is wrong."""
    with public_record().reading() as fold:
        blobs = board_entries.parsed(untrusted_blobs)
        others = (*fold.community_keys.values(), *_registrar_of(note))
        record = public_record().judged(note, now, blobs, others)
    board_entries.check(record, blobs)
