# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fold: from the log's entries, in order, to what is in force. Pure: no clock, no network, no signatures checked.

The verifier unwraps each note, checks signatures and times, and hands in the text, the keys whose signatures are
good, and any flaw it found. Every condition of spec/entries.md is checked at the entry's own index; what fails stays
in the record as void, with its reason, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.docket import entries as e
from sunporch.docket import rules_asking, rules_clips, rules_town, wire
from sunporch.docket.blobs import commitments
from sunporch.docket.custody import DAY
from sunporch.docket.errors import INDEX_SKIPPED
from sunporch.docket.permissions import Act
from sunporch.docket.rules_town import Effect
from sunporch.docket.state import Record, State, Status
from sunporch.docket.verdict import Judge
from sunporch.docket.void import Stopped, Unsettled, Void, require

FLAWS = {"form": Void.FORM, "time": Void.TIME, "signature": Void.SIGNATURE}

_STATUS = {type(None): Status.IN_FORCE, Void: Status.VOID, Unsettled: Status.UNKNOWN}

_RULES: dict[str, Callable[[State, Act, Any], Effect]] = {
    "community": rules_town.community,
    "event": rules_town.event,
    "partnership_cancel": rules_town.partnership_cancel,
    "key": rules_town.key,
    "key_end": rules_town.key_end,
    "review": rules_asking.review,
    "takedown": rules_asking.takedown,
    "refusals": rules_asking.refusals,
    "access": rules_clips.access,
    "freeze": rules_clips.freeze,
    "unfreeze": rules_clips.unfreeze,
    "withdrawal": rules_clips.withdrawal,
    "expiry": rules_clips.expiry,
    "outcome": rules_asking.outcome,
    "sealed_request": rules_asking.sealed_request,
    "unseal": rules_asking.unseal,
    "emergency_review": rules_asking.emergency_review,
    "deletion_attest": rules_clips.deletion_attest,
    "complaint": rules_asking.complaint,
    "finding": rules_asking.finding,
    "breach": rules_asking.breach,
    "letter": rules_asking.letter,
    "letter_answer": rules_asking.letter_answer,
}
_JUDGED: dict[str, Callable[[State, Act, Any, Judge], Effect]] = {
    "trust": rules_town.trust,
    "policy": rules_town.policy,
    "partnership": rules_town.partnership,
    "request": rules_asking.request,
    "disclosure": rules_clips.disclosure,
    "warrant_return": rules_clips.disclosure,
    "export": rules_clips.export,
    "sharing": rules_clips.sharing,
}


class Fold(State):
    """The state, and the two ways to give it an entry: `apply` and the dry run `would_apply`."""

    def __init__(self, origin: str, judge: Judge) -> None:
        super().__init__(origin)
        self._judge = judge
        self._ids: set[str] = set()
        self._candidates: tuple[int, tuple[VerifierKey, ...]] = (-1, ())
        self._newest: tuple[str, tuple[str, e.Entry | e.UnknownEntry] | None] = ("", None)

    def candidate_keys(self, text: str) -> tuple[VerifierKey, ...]:
        """Return every key that might have signed the text: those known, and those that the entry itself names.

        A text that is not in form has none. The caller checks the note's signatures against these; a signature by
        any other key proves nothing.
        """
        try:
            entry = self._read(text)[1]
        except Error:
            return ()
        return self._known_keys() + self._own_keys(entry)

    def _read(self, text: str) -> tuple[str, e.Entry | e.UnknownEntry]:
        """Decode a text once, though its signers are asked for first and it is tried dry before it is applied."""
        newest, value = self._newest
        if value is None or newest != text:
            value = wire.decode(text)
            self._newest = (text, value)
        return value

    def _known_keys(self) -> tuple[VerifierKey, ...]:
        if self._candidates[0] != len(self.claims):
            known = tuple(VerifierKey(name, public) for name, (public, _) in self.claims.items())
            self._candidates = (len(self.claims), known)
        return self._candidates[1]

    def _own_keys(self, entry: e.Entry | e.UnknownEntry) -> tuple[VerifierKey, ...]:
        match entry:
            case e.Community():
                return tuple(VerifierKey.parse(key) for key in entry.keys)
            case e.Partnership():
                return (VerifierKey.parse(entry.registrar),)
            case e.Disclosure():
                return (VerifierKey.parse(entry.d),)
            case e.Withdrawal():
                clip = self.disclosures.get(entry.disclosure)
                return (clip.d,) if clip else ()
            case _:
                return ()

    def apply(self, index: int, time: int, text: str, signers: tuple[VerifierKey, ...], flaw: str = "") -> Record:
        """Take the next entry of the log; return its record, and change the state if it is in force.

        `flaw` is what the verifier found wrong outside the text: `form` (of the leaf or note), `time` or
        `signature`. Raises `docket.index-skipped` unless the entry is the next.
        """
        if index != self.size:
            raise INDEX_SKIPPED(where=str(index), expected=self.size, given=index)
        record, effect = self._judged(time, text, signers, flaw)
        self.records.append(record)
        if flaw not in ("time", "form"):  # a time that nobody saw must not hold up what comes after it
            self.time = max(self.time, time)
        # A withdrawal is signed once, in advance: a void copy of it must not burn the only one there is.
        if record.in_force or not isinstance(record.entry, e.Withdrawal):
            self._ids.add(record.id)
        if effect is not None and not isinstance(record.entry, e.UnknownEntry | None):
            effect(record)
            for commitment in commitments(record.entry):
                self.texts.setdefault(commitment, index)
        return record

    def holds(self, identity: str) -> bool:
        """Say whether an entry of this id is on record for good, so that the same text again would be void."""
        return identity in self._ids

    def would_apply(
        self, time: int, text: str, signers: tuple[VerifierKey, ...], judge: Judge | None = None
    ) -> Record:
        """Return the record that the text would have as the next entry; change nothing.

        `judge` stands in for the fold's own, for instance one that also sees texts that are not published yet.
        """
        return self._judged(time, text, signers, "", judge)[0]

    def _judged(
        self, time: int, text: str, signers: tuple[VerifierKey, ...], flaw: str, judge: Judge | None = None
    ) -> tuple[Record, Effect | None]:
        entry: e.Entry | e.UnknownEntry | None = None
        act = Act.of(self, time, signers)
        reason: Void | Unsettled | None = None
        effect: Effect | None = None
        identity = wire.entry_id(text)
        try:
            origin, entry = self._decoded(text, flaw)
            require(not flaw, FLAWS.get(flaw, Void.FORM))
            effect = self._ruled(act, identity, origin, entry, judge or self._judge)
        except Stopped as stopped:
            reason = stopped.reason
        status = _STATUS[type(reason)]
        names = tuple(signer.name for signer in signers)
        return Record(self.size, time, identity, entry, status, reason, act.verdict, names), effect

    def _decoded(self, text: str, flaw: str) -> tuple[str, e.Entry | e.UnknownEntry]:
        try:
            return self._read(text)
        except Error as error:
            raise Stopped(FLAWS.get(flaw, Void.FORM)) from error

    def _ruled(self, act: Act, identity: str, origin: str, entry: e.Entry | e.UnknownEntry, judge: Judge) -> Effect:
        require(origin == self.origin, Void.ORIGIN)
        require(act.time >= self.time, Void.TIME_BACKWARDS)
        require(not self.holds(identity), Void.DUPLICATE)
        require(self.size > 0 or isinstance(entry, e.Community), Void.FIRST)
        if isinstance(entry, e.UnknownEntry):
            raise Stopped(Unsettled.TYPE)
        if isinstance(entry, e.Dated):
            require(act.time <= entry.not_after, Void.TOO_LATE)
            require(entry.not_after <= act.time + DAY, Void.NOT_AFTER_FAR)
        if entry.TYPE in _JUDGED:
            return _JUDGED[entry.TYPE](self, act, entry, judge)
        return _RULES[entry.TYPE](self, act, entry)
