# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking in a signed entry from anybody: the signature is the authorisation, a dry run of the fold the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from sunporch.base.digests import from_hex
from sunporch.base.errors import Error
from sunporch.docket import wire
from sunporch.docket.blobs import SALT_SIZE, Blob, commitments
from sunporch.docket.entries import Community, Disclosure, Policy, Request, Review, Takedown, UnknownEntry
from sunporch.docket.state import Record
from sunporch.portal import founding
from sunporch.portal.appeals import actions as appeal_actions
from sunporch.portal.board import actions, store
from sunporch.portal.board.models import Outgoing, OutgoingState
from sunporch.portal.errors import BLOBS_REFUSED, ENTRY_MISPLACED, ENTRY_VOID, FOUNDING_REFUSED
from sunporch.portal.record import public_record
from sunporch.portal.viewer import actions as viewer_actions
from sunporch.tlog.notes import Note
from sunporch.tlog.policies import TrustPolicy


@dataclass(frozen=True)
class Taken:
    """An entry that would be in force now: its note, and the texts that it commits to."""

    note: Note
    record: Record
    blobs: tuple[Blob, ...]

    def row(self) -> tuple[str, str, str, list[dict[str, str]]]:
        """Return what the outbox keeps: id, type, note, texts."""
        entry = self.record.entry
        if entry is None or isinstance(entry, UnknownEntry):
            raise ENTRY_VOID(where=self.record.id, reason=actions.sentence_of(self.record))
        texts = [{"salt": blob.salt.hex(), "text": blob.text} for blob in self.blobs]
        return self.record.id, entry.TYPE, self.note.encode().decode(), texts


def judge(untrusted_note: str, untrusted_blobs: Sequence[dict[str, str]], now: int) -> Taken:
    """Return the entry if it would be in force as the next; raise `portal.entry-void` with the reason otherwise.

    Also raises `tlog.note-malformed`, `tlog.signature-wrong`, `portal.blobs-refused`.
    """
    note = Note.parse(untrusted_note.encode())
    blobs = parsed(untrusted_blobs)
    record = public_record().judged(note, now, blobs)
    check(record, blobs)
    return Taken(note, record, tuple(blobs))


def check(record: Record, blobs: Sequence[Blob]) -> None:
    """Raise `portal.entry-void` for what would not count, `portal.blobs-refused` for other texts than its own."""
    if not record.in_force or record.entry is None or isinstance(record.entry, UnknownEntry):
        raise ENTRY_VOID(where=record.id, reason=actions.sentence_of(record).rstrip("."))
    wanted = set(commitments(record.entry))
    if isinstance(record.entry, Takedown):
        wanted = set()
    found = {blob.commitment for blob in blobs}
    if found - wanted:
        raise BLOBS_REFUSED(where=record.id, reason="one is not named in it")
    with public_record().reading() as state:
        missing = {commitment for commitment in wanted - found if commitment not in state.texts}
    if missing:
        raise BLOBS_REFUSED(where=record.id, reason=f"the text of {min(missing)} is missing")
    if isinstance(record.entry, Policy) and record.verdict is not None and not record.verdict.permitted:
        # They would come into force, and after that nobody with this software could judge a single appeal.
        reason = " ".join(clause.sentence() for clause in record.verdict.clauses)
        raise BLOBS_REFUSED(where=record.id, reason=reason.rstrip("."))


def parsed(untrusted_blobs: Sequence[dict[str, str]]) -> list[Blob]:
    """Return the texts that came with an entry; raise `portal.blobs-refused` or `docket.blob-malformed`."""
    return [_blob(item) for item in untrusted_blobs]


def blob_of(untrusted_salt: str, text: str) -> Blob:
    """Return a text that a page or program sent with the salt under which an entry commits to it."""
    return Blob(from_hex(untrusted_salt, SALT_SIZE, "the text's salt"), text)


def _blob(untrusted: dict[str, str]) -> Blob:
    try:
        blob = Blob(bytes.fromhex(untrusted["salt"]), untrusted["text"])
        return Blob.parse(blob.to_json())
    except ValueError as error:
        raise BLOBS_REFUSED(where="blobs", reason="a salt is not hexadecimal") from error


def take(untrusted_note: str, untrusted_blobs: Sequence[dict[str, str]], now: int) -> Outgoing:
    """Put an entry into the outbox; the same entry twice is one.

    Raises what `judge` raises, `portal.entry-misplaced`, `portal.founding-refused` or `portal.upload-missing`.
    """
    known = _known(untrusted_note)
    if known is not None:
        return known
    _check_place(untrusted_note)
    taken = judge(untrusted_note, untrusted_blobs, now)
    match taken.record.entry:
        case Community():
            _check_founding(taken.record.entry)
        case Disclosure():
            viewer_actions.check_uploaded(taken.record.entry.c)
    with transaction.atomic():
        row = actions.hand_in(*taken.row(), now)
        if isinstance(taken.record.entry, Review) and taken.record.entry.action == "returned":
            reviewer = taken.record.signers[0]
            appeal_actions.returned_by_review(taken.record.entry.draft, reviewer, taken.record.entry.reason)
    return row


def _known(untrusted_note: str) -> Outgoing | None:
    """Return the row of an entry that was handed in before and waits or is recorded."""
    row = store.outgoing(wire.entry_id(Note.parse(untrusted_note.encode()).text))
    return row if row is not None and row.state != OutgoingState.VOID else None


def _check_place(untrusted_note: str) -> None:
    try:
        entry = wire.decode(Note.parse(untrusted_note.encode()).text)[1]
    except Error as error:
        raise ENTRY_VOID(where="note", reason=f"{error.what.rstrip('.')} [{error.id}]") from error
    if isinstance(entry, Request):
        raise ENTRY_MISPLACED(where="note")


def _check_founding(entry: Community) -> None:
    """Only somebody whom the operator told the log's key can found the community here."""
    ours = founding.read_key(settings.SUNPORCH.keys_dir / founding.LOG_KEY).verifier
    try:
        policy = TrustPolicy.parse(entry.tlog_policy)
    except Error as error:
        raise FOUNDING_REFUSED(where="tlog_policy", reason=error.what.rstrip(".")) from error
    if ours not in policy.logs:
        raise FOUNDING_REFUSED(where="tlog_policy", reason="its log policy names another log's key")
