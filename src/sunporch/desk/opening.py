# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens one clip: everything that can fail in private comes first, then the entry on record, then the key.

What the portal says is believed nowhere. The desk tails the record itself; the clip's commitment, its custodian and
whether it may still be opened come from there, by the same rules that portal and custodian apply.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from sunporch.base.clock import Clock
from sunporch.base.digests import from_base64
from sunporch.base.errors import Error
from sunporch.client import CustodianClient, LogReader, PortalClient
from sunporch.client.errors import ANSWER_MALFORMED, ANSWER_REFUSED, SERVER_UNREACHABLE
from sunporch.client.server import printable
from sunporch.clip import halves, keys
from sunporch.clip import open as clip_open
from sunporch.clip.errors import ENCAPSULATION_REFUSED, RECIPIENT_UNKNOWN
from sunporch.desk.errors import (
    ALREADY_GIVEN,
    CLIP_ENDED,
    CLIP_FROZEN,
    CUSTODIAN_DOWN,
    OPENING_LATE,
    OPENING_VOID,
    QUORUM_MISSING,
    RECIPIENT_OTHER,
    RECORD_DIFFERS,
    SHARE_UNKNOWN,
)
from sunporch.desk.keyfile import OfficerKey
from sunporch.desk.output import Opened, Output
from sunporch.desk.pending import Opening, Openings
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.docket.state import DisclosureState, Record
from sunporch.docket.void import Void
from sunporch.tlog import notes
from sunporch.tlog.errors import QUORUM_MISSING as LOG_QUORUM_MISSING
from sunporch.tlog.hashing import leaf_hash
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail

VALID_SECONDS = 3_600  # an opening that waits longer for the log lapses
RECORD_SECONDS = 60
POLL_SECONDS = 0.2
MAX_REWRAPS = 64
DEFAULT_PURPOSE = "investigation"

# What the custodian's refusals mean to an officer; any other is shown in the custodian's own words.
_NO_QUORUM = {"custodian.record-stale"}
_DOWN = {
    "custodian.record-unreachable",
    "custodian.key-unenrolled",
    "custodian.table-unreadable",
    "custodian.rootkey-unreadable",
}
_ENDED = {"custodian.lease-ended", "custodian.half-unknown"}
_ANSWERED = {"custodian.access-repeated"}
_VOID = {"custodian.access-void"}


@dataclass(frozen=True)
class Addresses:
    """Whom the desk talks to: the portal's pages (signed in) and log, and a way to reach a custodian by its URL."""

    portal: PortalClient
    log: LogReader
    custodian: Callable[[str], CustodianClient]


class Desk:
    """One officer's device at one community's record."""

    def __init__(self, key: OfficerKey, openings: Openings, pin: Pin, addresses: Addresses, clock: Clock) -> None:
        self._key = key
        self._openings = openings
        self._to = addresses
        self._clock = clock
        self._tail = Tail(pin)

    def open(self, index: int, output: Output, purpose: str = DEFAULT_PURPOSE) -> Opened:
        """Open the clip of disclosure `index` into `output` and return what is known of it.

        Raises the `desk.` errors; `clip.` errors where header or file were changed; `client.` errors where the
        portal does not answer; `verify.` and `tlog.` errors where the record does not hold. After any of them
        there is no plaintext. Nothing is put on record before header, file and commitment have been checked.
        """
        self._read_on()
        clip = self._tail.fold.disclosures.get(index)
        if clip is None:
            raise SHARE_UNKNOWN(where=f"entry {index}", index=index)
        opening = self._prepared(clip, purpose)
        header = self._to.portal.clip_header(index)
        with tempfile.TemporaryFile() as sealed:
            half = self._checked(clip, header, sealed)
            recorded = self._recorded(clip, opening)
            s_k = self._half(clip, opening, recorded)
            found, media = clip_open.open_clip(header, sealed, half, s_k, clip.c)
            opened = output.write(found, media, recorded)
        self._openings.drop(clip.c)
        return opened

    # Before anything is public ----------------------------------------------------------------------------------

    def _read_on(self) -> None:
        """Read the record on; raises `desk.quorum-missing`."""
        try:
            self._tail.advance(self._to.log.fetch)
        except Error as error:
            if error.kind is LOG_QUORUM_MISSING:
                raise QUORUM_MISSING(where=error.where, reason=error.what.rstrip(".")) from error
            raise

    def _prepared(self, clip: DisclosureState, purpose: str) -> Opening:
        """Return the unfinished opening, or sign a new one; raise if the record would not let it count."""
        opening = self._openings.find(clip.c)
        if opening is not None and self._record_of(opening) is not None:
            return opening
        if opening is None or self._lapsed(opening):
            opening = self._signed(clip, purpose)
        now = max(self._clock.now(), self._tail.fold.time)
        foretold = self._tail.fold.would_apply(now, _text(opening), (self._key.signer.verifier,))
        if not foretold.in_force:
            self._openings.drop(clip.c)
            raise self._refusal(clip, foretold, now)
        return opening

    def _signed(self, clip: DisclosureState, purpose: str) -> Opening:
        private = keys.generate()
        entry = e.Access(
            nonce=wire.new_nonce(),
            not_after=self._clock.now() + VALID_SECONDS,
            disclosure=clip.index,
            e=keys.public(private),
            purpose=purpose,
        )
        note = notes.sign(wire.encode(self._tail.fold.origin, entry), [self._key.signer])
        return Opening(note.encode().decode(), private)

    def _lapsed(self, opening: Opening) -> bool:
        entry = wire.decode(_text(opening))[1]
        return not isinstance(entry, e.Access) or entry.not_after <= self._clock.now()

    def _record_of(self, opening: Opening) -> Record | None:
        identity = wire.entry_id(_text(opening))
        return next((record for record in reversed(self._tail.fold.records) if record.id == identity), None)

    def _refusal(self, clip: DisclosureState, record: Record, now: int) -> Error:
        """Return why an opening would not count, in an officer's words."""
        where = f"entry {clip.index}"
        if record.reason is Void.HOLDER_SIGNATURE:
            return CLIP_FROZEN(where=where, until=_day(clip.frozen_until(now) or now))
        if record.reason in (Void.ENDED, Void.DESTROYED):
            return CLIP_ENDED(where=where, reason=_ending(clip))
        reason = record.reason.sentence if record.reason is not None else "it is not in force"
        return OPENING_VOID(where=where, reason=reason.rstrip("."))

    def _checked(self, clip: DisclosureState, header: bytes, sealed: BinaryIO) -> clip_open.RecipientHalf:
        """Fetch the sealed file and return this device's half, once both belong to the record's commitment."""
        half = self._own_half(clip, header)
        self._to.portal.download_sealed(clip.index, sealed)
        sealed.seek(0)
        clip_open.check(header, sealed, half.salt, clip.c)
        return half

    def _own_half(self, clip: DisclosureState, header: bytes) -> clip_open.RecipientHalf:
        """Open the encapsulation for this device, or a re-sealing for it; raises `desk.recipient-other`."""
        try:
            return clip_open.recipient_half(header, self._key.name, self._key.x25519_private)
        except Error as error:
            if error.kind is not RECIPIENT_UNKNOWN:
                raise
        untrusted = self._to.portal.rewraps(clip.index)
        if not isinstance(untrusted, list):
            raise ANSWER_MALFORMED(where="re-sealings", reason="it is no list")
        for item in untrusted[-MAX_REWRAPS:]:
            if _field(item, "name", str) != self._key.name:
                continue
            resealed = from_base64(_field(item, "sealed", str), "a re-sealing")
            try:
                return clip_open.recipient_half(header, self._key.name, self._key.x25519_private, resealed)
            except Error as error:
                if error.kind is not ENCAPSULATION_REFUSED:  # somebody's useless re-sealing must not hide a good one
                    raise
        raise RECIPIENT_OTHER(where=f"entry {clip.index}", name=self._key.name)

    # On record, then the key ------------------------------------------------------------------------------------

    def _recorded(self, clip: DisclosureState, opening: Opening) -> int:
        """Put the opening on record and return its index once enough co-signers saw it."""
        known = self._record_of(opening)
        if known is None:
            self._openings.keep(clip.c, opening)
            index = self._hand_in(opening)
            end = self._clock.monotonic() + RECORD_SECONDS
            while self._tail.size <= index:
                self._read_on()
                if self._tail.size <= index:
                    self._wait(end)
            known = self._record_of(opening)
            if known is None or known.index != index:
                raise RECORD_DIFFERS(where=f"entry {index}", index=index)
        if not known.in_force:
            self._openings.drop(clip.c)
            raise self._refusal(clip, known, known.time)
        return known.index

    def _hand_in(self, opening: Opening) -> int:
        """Hand the entry in and return the index that the portal gives it."""
        identity = wire.entry_id(_text(opening))
        self._to.portal.post_entry(opening.note)
        end = self._clock.monotonic() + RECORD_SECONDS
        while True:
            answer = self._to.portal.entry(identity, wait=RECORD_SECONDS // 4)
            match _field(answer, "state", str):
                case "recorded":
                    return _field(answer, "index", int)
                case "void":
                    raise OPENING_VOID(where=identity, reason=printable(_field(answer, "reason", str)).rstrip("."))
            if "error" in answer:
                what = _field(_field(answer, "error", dict), "what", str)
                raise QUORUM_MISSING(where=identity, reason=printable(what).rstrip("."))
            self._wait(end)

    def _wait(self, end: float) -> None:
        if self._clock.monotonic() > end:
            raise OPENING_LATE(seconds=RECORD_SECONDS)
        self._clock.sleep(POLL_SECONDS)

    def _half(self, clip: DisclosureState, opening: Opening, index: int) -> bytes:
        """Ask the custodian named in the record for its half and open it."""
        leaf, proof = self._tail.leaf(index), self._tail.proof(index).encode().decode()
        custodian = self._to.custodian(self._tail.fold.keys[clip.custodian].url)
        try:
            given = custodian.access(leaf, proof)
        except Error as error:
            raise self._custodians_refusal(clip, index, error) from error
        finally:
            custodian.close()
        return halves.open_half(given.sealed, opening.e_private, leaf_hash(leaf))

    def _custodians_refusal(self, clip: DisclosureState, index: int, error: Error) -> Error:
        """Return what the custodian's refusal means; an opening that can lead nowhere is forgotten."""
        if error.kind is SERVER_UNREACHABLE:
            reason = str(error.params["reason"]).rstrip(".")
            return CUSTODIAN_DOWN(where=error.where, index=index, reason=reason)
        if error.kind is not ANSWER_REFUSED:
            return error
        said = error.params["error"]
        identity, what = (str(said[name]).rstrip(".") for name in ("id", "what"))  # type: ignore[index]  # client's dict
        if identity in _NO_QUORUM:
            return QUORUM_MISSING(where=error.where, reason=what)
        if identity in _DOWN:
            return CUSTODIAN_DOWN(where=error.where, index=index, reason=what)
        if identity not in _ENDED | _ANSWERED | _VOID:
            return error
        self._openings.drop(clip.c)
        where = f"entry {clip.index}"
        if identity in _ENDED:
            return CLIP_ENDED(where=where, reason=what)
        return ALREADY_GIVEN(where=where) if identity in _ANSWERED else OPENING_VOID(where=where, reason=what)


def _text(opening: Opening) -> str:
    return notes.Note.parse(opening.note.encode()).text


def _field[T](untrusted_answer: Any, name: str, kind: type[T]) -> T:
    value = untrusted_answer.get(name) if isinstance(untrusted_answer, dict) else None
    if type(value) is not kind:
        raise ANSWER_MALFORMED(where=name, reason=f"{name} is missing or of another kind")
    return value


def _ending(clip: DisclosureState) -> str:
    """Say in words why a share is over."""
    if clip.withdrawn_at is not None:
        return f"the resident took it back on {_day(clip.withdrawn_at)}"
    if clip.cancelled_at is not None:
        return f"the community ended its agreement with the agency on {_day(clip.cancelled_at)}"
    return f"its time was over on {_day(clip.expires)}"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
