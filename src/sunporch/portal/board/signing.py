# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody signed and handed in: that it is their own signature, what it says, and that it would count."""

from __future__ import annotations

from collections.abc import Callable

from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.docket import wire
from sunporch.docket.state import Record, State
from sunporch.docket.verdict import Clause
from sunporch.docket.void import Void
from sunporch.portal.board.actions import sentence_of
from sunporch.portal.errors import ENTRY_VOID, SIGNATURE_REFUSED
from sunporch.tlog.notes import Note


def signed_by(key: VerifierKey, untrusted_note: str) -> Note:
    """Return what was handed in with this key's signature and no other.

    Raises `portal.signature-refused`, `tlog.note-malformed` or `tlog.signature-wrong`.
    """
    note = Note.parse(untrusted_note.encode())
    if not note.verified([key]):
        raise SIGNATURE_REFUSED(where="note", reason=f"your own signature, by {key.name}, is not on it")
    return Note(note.text, tuple(one for one in note.signatures if one.is_of(key))[:1])


def also_signed_by(key: VerifierKey, kept: str, untrusted_note: str) -> Note:
    """Return the note that waits here with this key's signature added, once; raises as `signed_by` does."""
    waiting, given = Note.parse(kept.encode()), signed_by(key, untrusted_note)
    if given.text != waiting.text:
        raise SIGNATURE_REFUSED(where="note", reason="the signed text is not the one that waits here")
    # Some browsers sign the same text each time with other bytes.
    known = any(one.is_of(key) for one in waiting.signatures)
    return waiting if known else waiting.with_signatures(*given.signatures)


def entry_in[E](note: Note, wanted: type[E]) -> E:
    """Return the entry of the type that is signed here; raises `portal.signature-refused`."""
    try:
        entry = wire.decode(note.text)[1]
    except Error as error:
        raise SIGNATURE_REFUSED(where="note", reason=f"{error.what.rstrip('.')} [{error.id}]") from error
    if not isinstance(entry, wanted):
        raise SIGNATURE_REFUSED(where="note", reason="it is not what is signed here")
    return entry


def one_of(state: State, role: str, agency: str) -> tuple[VerifierKey, ...]:
    """Return a live key of the role: what it has still to sign is judged as if it had. Without one, nothing."""
    keys = (key.key for key in state.keys.values() if key.live and (key.role, key.agency) == (role, agency))
    return tuple(keys)[:1]


def check_in_force(record: Record, forbidden: Callable[[tuple[Clause, ...]], Error]) -> None:
    """Raise what stops an entry: what `forbidden` makes of the rules' clauses, or `portal.entry-void`."""
    if record.in_force:
        return
    if record.reason is Void.RULES and record.verdict is not None:
        raise forbidden(record.verdict.clauses)
    raise ENTRY_VOID(where=record.id, reason=sentence_of(record).rstrip("."))
