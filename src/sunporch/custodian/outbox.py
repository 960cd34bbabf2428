# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the custodian owes the record: signed, kept durably, and handed in again until it is there."""

from __future__ import annotations

from typing import Protocol

from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.custodian.store import Note, Store
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.docket.fold import Fold
from sunporch.tlog import notes

# How long a note stays valid; after it a new one is signed (never more than 24 h: 3.3).
VALID_SECONDS = 6 * 3_600
NEVER = 2**52
RESTORED = "custodian-restored"
UNRECORDED = "withdrawal-unrecorded"


class Portal(Protocol):
    """Where entries are handed in."""

    def post_entry(self, note: str) -> object:
        """Hand in a signed entry; raises the `client.` errors."""


def _note(signer: SignerKey, origin: str, entry: e.Expiry | e.Breach) -> Note:
    text = wire.encode(origin, entry)
    signed = notes.sign(text, [signer]).encode().decode()
    return Note(wire.entry_id(text), entry.TYPE, entry.not_after, signed)


def expiry(signer: SignerKey, origin: str, disclosures: tuple[int, ...], generation: int, now: int) -> Note:
    """Return the signed word that the halves of these shares are destroyed."""
    stamp = {"nonce": wire.new_nonce(), "not_after": now + VALID_SECONDS}
    return _note(signer, origin, e.Expiry(disclosures=disclosures, generation=generation, **stamp))  # type: ignore[arg-type]


def breach(signer: SignerKey, origin: str, code: str, clips: int, now: int) -> Note:
    """Return the signed word that an old copy of the table was in use, or a withdrawal kept off the record."""
    fields = {"nonce": wire.new_nonce(), "not_after": now + VALID_SECONDS}
    return _note(signer, origin, e.Breach(code=code, clips=clips, since=now, text="", **fields))  # type: ignore[arg-type]


class Waiting:
    """The notes that wait."""

    def __init__(self, store: Store, signer: SignerKey, origin: str) -> None:
        self._store, self._signer, self._origin = store, signer, origin

    def hand_in(self, fold: Fold, portal: Portal, now: int) -> None:
        """Forget what is on record, hand in the rest; raises the first `client.` error after trying all."""
        failure: Error | None = None
        for note in self._store.notes():
            if fold.holds(note.entry) or _done(note, fold):
                self._store.drop_note(note.entry)
            elif now > note.not_after:
                self._renew(note, now)
            else:
                try:
                    portal.post_entry(note.note)
                except Error as error:
                    failure = failure or error
        if failure is not None:
            raise failure

    def _renew(self, note: Note, now: int) -> None:
        """Sign a breach again; an `expiry` is computed anew from the record."""
        _, entry = wire.decode(notes.Note.parse(note.note.encode()).text)
        if isinstance(entry, e.Breach):
            self._store.add_note(breach(self._signer, self._origin, entry.code, entry.clips, now))
        self._store.drop_note(note.entry)


def withdraws(note: Note, disclosure: int) -> bool:
    """Say whether the note is a withdrawal of the share, which the record does not show yet."""
    if note.kind != e.Withdrawal.TYPE:
        return False
    _, entry = wire.decode(notes.Note.parse(note.note.encode()).text)
    return isinstance(entry, e.Withdrawal) and entry.disclosure == disclosure


def _done(note: Note, fold: Fold) -> bool:
    """Say whether somebody else's copy of the same withdrawal is on record already."""
    if note.kind != e.Withdrawal.TYPE:
        return False
    _, entry = wire.decode(notes.Note.parse(note.note.encode()).text)
    clip = fold.disclosures.get(entry.disclosure) if isinstance(entry, e.Withdrawal) else None
    return clip is None or clip.withdrawn_at is not None or clip.destroyed_at is not None
