# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about what leaves an agency: asked for, signed by a supervisor, returned, forgotten.

A copy is an `export`, passing on is a `sharing`. The record asks for a supervisor's signature under both and for the
officer's under the first alone; here both carry both, so that the record names who wanted it. What two people signed
goes into the outbox in the same transaction. The rules judge it before the officer's page hands anything to a
supervisor, as if one had signed; and again, as it is, when one has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from sunporch.portal.exports.models import MAX_REASON, Handover, HandoverState
from sunporch.portal.record import public_record
from sunporch.portal.viewer import store as clips

# The only kind of file that the viewer makes (spec/export.md).
FORMAT = "sunporch-export-v1"
type Kind = type[entries.Export | entries.Sharing]
# What leaves an agency, by the type of its entry.
KINDS: dict[str, Kind] = {kind.TYPE: kind for kind in (entries.Export, entries.Sharing)}
MAX_WAITING = 20
# What nobody signed, or was returned, is forgotten after so long; so is a passing on, which the record then tells.
FORGET_DAYS = 14


@dataclass(frozen=True)
class Asked:
    """What an officer hands in: the signed entry, why, and the record's length that a copy's file tells of."""

    note: str
    why: str
    size: int = 0


def ask(person: Person, disclosure: int, kind: Kind, untrusted: Asked, now: int) -> Handover:
    """Keep a handover that the rules allow, signed by its officer, for a supervisor; the same one twice is one.

    Raises `portal.clip-absent`, `portal.signature-refused`, `portal.export-refused` or `portal.entry-void`.
    """
    clips.clip_of(person, disclosure)
    note = signing.signed_by(person.key.key, untrusted.note)
    entry = signing.entry_in(note, kind)
    if entry.disclosure != disclosure:
        raise SIGNATURE_REFUSED(where="disclosure", reason="it is of another clip")
    why = untrusted.why.strip()
    if not 0 < len(why) <= MAX_REASON:
        raise EXPORT_REFUSED(where="why", reason=f"say in 1 to {MAX_REASON} characters what it is for")
    if isinstance(entry, entries.Export) and entry.format != FORMAT:
        raise EXPORT_REFUSED(where="format", reason=f"the viewer makes {FORMAT} only")
    with public_record().reading() as state:
        if isinstance(entry, entries.Export) and not disclosure < untrusted.size <= state.size:
            raise EXPORT_REFUSED(where="size", reason="the public record has not this length")
        supervisor = signing.one_of(state, "supervisor", person.agency)
        signing.check_in_force(public_record().judged(note, now, as_if=supervisor), _refused)
    with transaction.atomic():
        if Handover.objects.filter(officer=person.name, state=HandoverState.WAITING).count() >= MAX_WAITING:
            raise EXPORT_REFUSED(where="exports", reason=f"{MAX_WAITING} of yours wait for a supervisor already")
        row, _ = Handover.objects.get_or_create(
            id=wire.entry_id(note.text),
            defaults={
                "type": entry.TYPE,
                "disclosure": disclosure,
                "agency": person.agency,
                "officer": person.name,
                "state": HandoverState.WAITING,
                "note": note.encode().decode(),
                "size": untrusted.size,
                "why": why,
                "made_at": now,
                "not_after": entry.not_after,
            },
        )
    return row


def countersign(person: Person, export_id: str, untrusted_note: str, now: int) -> Handover:
    """Add the supervisor's signature and hand the entry in.

    Raises `portal.export-absent`, `portal.export-decided`, `portal.signature-refused`, `portal.export-refused`.
    """
    with transaction.atomic():
        row = _waiting(person, export_id, now)
        note = signing.also_signed_by(person.key.key, row.note, untrusted_note)
        signing.check_in_force(public_record().judged(note, now), _refused)
        row.note, row.state = note.encode().decode(), HandoverState.SIGNED
        row.save(update_fields=["note", "state"])
        board_actions.hand_in(row.id, row.type, row.note, [], now)
    return row


def send_back(person: Person, export_id: str, reason: str, now: int) -> Handover:
    """A supervisor returns a handover with a reason; raises `portal.export-absent`, `portal.export-decided`."""
    with transaction.atomic():
        row = _waiting(person, export_id, now)
        row.state, row.reason = HandoverState.RETURNED, f"{person.name}: {reason}"[:MAX_REASON]
        row.save(update_fields=["state", "reason"])
    return row


def forget(state: State, now: int) -> None:
    """Forget what nobody signed in time or was returned, and copies of clips whose key is destroyed."""
    old = now - FORGET_DAYS * DAY
    Handover.objects.filter(state__in=(HandoverState.WAITING, HandoverState.RETURNED), not_after__lt=old).delete()
    Handover.objects.filter(type=entries.Sharing.TYPE, not_after__lt=old).delete()
    copies = Handover.objects.filter(type=entries.Export.TYPE)
    kept = set(copies.values_list("disclosure", flat=True))
    gone = [index for index in kept if state.disclosures[index].destroyed_at is not None]
    copies.filter(disclosure__in=gone).delete()


def against_copy(disclosure: int, recipient: str, now: int) -> tuple[Clause, ...]:
    """Return the clauses that forbid a copy of a clip for this class of recipient, none where it is allowed."""
    wanted = {"disclosure": disclosure, "file": "00" * 32, "format": FORMAT, "recipient": recipient}
    return _clauses(entries.Export, wanted, now)


def against_passing(disclosure: int, answers: Mapping[str, str], now: int) -> tuple[Clause, ...]:
    """Return the clauses that forbid to pass a clip on so: `answers` are recipient, standard and justification."""
    return _clauses(entries.Sharing, {"disclosure": disclosure, **answers}, now)


def _clauses(kind: type[entries.Dated], wanted: dict[str, Any], now: int) -> tuple[Clause, ...]:
    entry = entries.from_fields(kind, {"nonce": wire.new_nonce(), "not_after": now, **wanted})
    return public_record().verdict(entry, now).clauses


def _refused(clauses: tuple[Clause, ...]) -> Error:
    sentences = " ".join(clause["sentence"] for clause in shown(clauses))
    return EXPORT_REFUSED(where="rules", reason=sentences.rstrip("."))


def _waiting(person: Person, export_id: str, now: int) -> Handover:
    row = store.handover_of(person, export_id)
    if row.state != HandoverState.WAITING or now > row.not_after:
        raise EXPORT_DECIDED(where=row.id)
    return row
