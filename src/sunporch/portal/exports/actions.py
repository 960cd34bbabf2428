# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about exports: asked for, signed by a supervisor, returned, forgotten.

An export that two people signed goes into the outbox in the same transaction. The rules judge it before the officer's
page hands anything to a supervisor, as if one had signed; and again, as it is, when one has.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from sunporch.base.errors import Error
from sunporch.docket import entries, wire
from sunporch.docket.custody import DAY
from sunporch.docket.state import State
from sunporch.docket.verdict import Clause
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.appeals.judging import shown
from sunporch.portal.board import actions as board_actions
from sunporch.portal.board import signing
from sunporch.portal.errors import EXPORT_DECIDED, EXPORT_REFUSED, SIGNATURE_REFUSED
from sunporch.portal.exports import store
from sunporch.portal.exports.models import MAX_REASON, Export, ExportState
from sunporch.portal.record import public_record
from sunporch.portal.viewer import store as clips

# The only kind of file that the viewer makes (spec/export.md).
FORMAT = "sunporch-export-v1"
MAX_WAITING = 20
# What nobody signed, or was returned, is forgotten after so long.
FORGET_DAYS = 14


@dataclass(frozen=True)
class Asked:
    """What an officer hands in: the signed entry, the record's length that the file tells of, and why."""

    note: str
    size: int
    why: str


def ask(person: Person, disclosure: int, untrusted: Asked, now: int) -> Export:
    """Keep an export that the rules allow, signed by its officer, for a supervisor; the same one twice is one.

    Raises `portal.clip-absent`, `portal.signature-refused`, `portal.export-refused` or `portal.entry-void`.
    """
    clips.clip_of(person, disclosure)
    note = signing.signed_by(person.key.key, untrusted.note)
    entry = signing.entry_in(note, entries.Export)
    if entry.disclosure != disclosure:
        raise SIGNATURE_REFUSED(where="disclosure", reason="it is of another clip")
    why = untrusted.why.strip()
    if not 0 < len(why) <= MAX_REASON:
        raise EXPORT_REFUSED(where="why", reason=f"say in 1 to {MAX_REASON} characters what it is for")
    if entry.format != FORMAT:
        raise EXPORT_REFUSED(where="format", reason=f"the viewer makes {FORMAT} only")
    with public_record().reading() as state:
        if not disclosure < untrusted.size <= state.size:
            raise EXPORT_REFUSED(where="size", reason="the public record has not this length")
        supervisor = signing.one_of(state, "supervisor", person.agency)
        signing.check_in_force(public_record().judged(note, now, as_if=supervisor), _refused)
    with transaction.atomic():
        if Export.objects.filter(officer=person.name, state=ExportState.WAITING).count() >= MAX_WAITING:
            raise EXPORT_REFUSED(where="exports", reason=f"{MAX_WAITING} of yours wait for a supervisor already")
        row, _ = Export.objects.get_or_create(
            id=wire.entry_id(note.text),
            defaults={
                "disclosure": disclosure,
                "agency": person.agency,
                "officer": person.name,
                "state": ExportState.WAITING,
                "note": note.encode().decode(),
                "size": untrusted.size,
                "why": why,
                "made_at": now,
                "not_after": entry.not_after,
            },
        )
    return row


def countersign(person: Person, export_id: str, untrusted_note: str, now: int) -> Export:
    """Add the supervisor's signature and hand the entry in.

    Raises `portal.export-absent`, `portal.export-decided`, `portal.signature-refused`, `portal.export-refused`.
    """
    with transaction.atomic():
        row = _waiting(person, export_id, now)
        note = signing.also_signed_by(person.key.key, row.note, untrusted_note)
        signing.check_in_force(public_record().judged(note, now), _refused)
        row.note, row.state = note.encode().decode(), ExportState.SIGNED
        row.save(update_fields=["note", "state"])
        board_actions.hand_in(row.id, entries.Export.TYPE, row.note, [], now)
    return row


def send_back(person: Person, export_id: str, reason: str, now: int) -> Export:
    """A supervisor returns an export with a reason; raises `portal.export-absent`, `portal.export-decided`."""
    with transaction.atomic():
        row = _waiting(person, export_id, now)
        row.state, row.reason = ExportState.RETURNED, f"{person.name}: {reason}"[:MAX_REASON]
        row.save(update_fields=["state", "reason"])
    return row


def forget(state: State, now: int) -> None:
    """Forget what nobody signed in time or was returned, and what was asked of clips whose key is destroyed."""
    old = now - FORGET_DAYS * DAY
    Export.objects.filter(state__in=(ExportState.WAITING, ExportState.RETURNED), not_after__lt=old).delete()
    kept = set(Export.objects.values_list("disclosure", flat=True))
    gone = [index for index in kept if state.disclosures[index].destroyed_at is not None]
    Export.objects.filter(disclosure__in=gone).delete()


def clauses_against(disclosure: int, recipient: str, now: int) -> tuple[Clause, ...]:
    """Return the clauses that forbid a copy of a clip for this class of recipient, none where it is allowed."""
    wanted = {"disclosure": disclosure, "file": "00" * 32, "format": FORMAT, "recipient": recipient}
    entry = entries.from_fields(entries.Export, {"nonce": wire.new_nonce(), "not_after": now, **wanted})
    return public_record().verdict(entry, now).clauses


def _refused(clauses: tuple[Clause, ...]) -> Error:
    sentences = " ".join(clause["sentence"] for clause in shown(clauses))
    return EXPORT_REFUSED(where="rules", reason=sentences.rstrip("."))


def _waiting(person: Person, export_id: str, now: int) -> Export:
    row = store.export_of(person, export_id)
    if row.state != ExportState.WAITING or now > row.not_after:
        raise EXPORT_DECIDED(where=row.id)
    return row
