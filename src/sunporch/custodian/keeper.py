# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian itself: takes halves, gives one out per recorded opening, destroys them at their end.

Everything is decided by the record as this custodian reads it. Whatever is missing, late or contradictory, nothing
is given out. All methods take one lock: there is one table and one view of the log.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sunporch.base.clock import Clock
from sunporch.base.digests import from_hex
from sunporch.base.errors import Error
from sunporch.base.notekeys import ED25519, SignerKey, VerifierKey
from sunporch.client import LogFolder
from sunporch.clip import header as clip_header
from sunporch.clip.halves import HALF_SIZE, seal_half
from sunporch.custodian import ends, outbox
from sunporch.custodian import errors as refused
from sunporch.custodian.mirror import LateMirror
from sunporch.custodian.store import Note, Row, Seen, Store
from sunporch.docket import custody, wire
from sunporch.docket import entries as e
from sunporch.docket.fold import Fold
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.permissions import AGENCY_ROLES, OUTSIDE_ROLES
from sunporch.docket.state import DisclosureState, KeyState, Record, RequestState
from sunporch.tlog.hashing import leaf_hash
from sunporch.tlog.notes import Note as SignedNote
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.receipts import Receipt
from sunporch.tlog.tiles import Fetch
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail

# How old the newest co-signed state may be when something is opened (3.6), seconds.
MOST_STALE = 120
# How long the same opening gets the same answer (3.6), seconds.
REPEAT_SECONDS = 600
SALT_SIZE = clip_header.SALT_SIZE


@dataclass(frozen=True)
class Deposit:
    """What a hub hands over, still unchecked: hex, base64 decoded, header as text."""

    c: str
    header: str
    salt: str
    sealed_sha256: str
    s_k: bytes
    d: str


@dataclass(frozen=True)
class Kept:
    """The answer to a deposit: end of the lease and the signed custody receipt (base64)."""

    expires: int
    receipt: str


@dataclass(frozen=True)
class Opened:
    """The answer to an opening: the half sealed to its ephemeral key, and the end of the lease."""

    half: bytes
    expires: int


class Keeper:
    """One custodian at work."""

    def __init__(
        self,
        signer: SignerKey,
        pin: Pin,
        store: Store,
        mirror: LogFolder,
        clock: Clock,
        fetch: Fetch,
        portal: outbox.Portal,
    ) -> None:
        self._signer, self._pin, self._store = signer, pin, store
        self._mirror = LateMirror(mirror)
        self._clock, self._fetch, self._portal = clock, fetch, portal
        self._lock = threading.RLock()
        self._tail = Tail(pin)
        self._trouble: Error | None = None
        self._seen = store.seen()
        self._replay(mirror)

    # Reading the record -----------------------------------------------------------------------------------------

    def _replay(self, mirror: LogFolder) -> None:
        """Begin with what was verified before; an empty or damaged mirror is read again from the log.

        The mirror may be older than what was trusted: the log is held to that all the same.
        """
        try:
            self._tail.advance(mirror.fetch)
        except Error as error:
            self._trouble = error
            if self._tail.newest is None:
                self._tail = Tail(self._pin)
        if self._seen is None:
            return
        try:
            self._tail.hold_to(self._seen.size, self._seen.root)
        except Error as error:  # the mirror is not of the record that was trusted
            self._trouble = error
            self._tail = Tail(self._pin)
            self._tail.hold_to(self._seen.size, self._seen.root)

    def _read_on(self) -> Fold:
        """Read the log on and return what is in force, or raise `custodian.record-unreachable`."""
        try:
            self._tail.advance(self._fetch, self._mirror.keep)
        except Error as error:
            self._trouble = error
            raise refused.RECORD_UNREACHABLE(where=error.where, reason=f"{error.what} [{error.id}]") from error
        finally:
            self._see()
        self._trouble = None
        self._catch_up()
        return self._tail.fold

    def _see(self) -> None:
        """Make durable what is trusted now, before anything rests on it (docs/design/002-before-the-answer.md)."""
        old = self._seen
        if old is not None and (self._tail.size, self._tail.quorum_time) <= (old.size, old.time):
            return
        if self._tail.newest is not None:
            time = max(self._tail.quorum_time, old.time if old is not None else 0)
            seen = Seen(self._tail.size, self._tail.root, time)
            self._store.see(seen)
            self._seen = seen

    def _now(self) -> int:
        """Return the own clock's time, or the newest co-signed one ever trusted where the clock was set back."""
        return max(self._clock.now(), self._seen.time if self._seen is not None else 0)

    def _own_key(self) -> KeyState:
        key = self._tail.fold.live_key(self._signer.name)
        if key is None or key.key != self._signer.verifier or key.role != "custodian":
            raise refused.KEY_UNENROLLED(where=self._signer.name)
        return key

    # Taking a half ----------------------------------------------------------------------------------------------

    def take(self, untrusted: Deposit) -> Kept:
        """Keep a half and return the custody receipt; the same call again gets the same answer.

        Raises `custodian.call-malformed`, `-clip-mismatched`, `-appeal-closed`, `-expiry-mismatched`,
        `-half-exists`, `-lease-ended`, `-halves-exhausted`, `-key-unenrolled`, `-record-unreachable`.
        """
        head = _checked_header(untrusted)
        with self._lock:
            fold = self._read_on()
            self._own_key()
            now = self._clock.now()
            request = self._open_request(fold, head, now)
            days = request.terms.retention_days
            # A clip sealed shortly before midnight arrives after it; the town's rules take both days too.
            allowed = {custody.expiry(now - late, days) for late in (0, custody.DAY)}
            if head.expires not in allowed:
                raise refused.EXPIRY_MISMATCHED(where=untrusted.c, given=head.expires, wanted=max(allowed))
            known = self._store.row(untrusted.c)
            if known is None:
                if untrusted.c in fold.clips:
                    raise refused.LEASE_ENDED(where=untrusted.c, reason="its key was destroyed")
                row = Row(untrusted.c, untrusted.d, request.entry.agency, head.expires, now)
                self._store.put(row, untrusted.s_k)
            elif (known.d, known.expires) != (untrusted.d, head.expires) or self._store.half(known) != untrusted.s_k:
                raise refused.HALF_EXISTS(where=untrusted.c)
            receipt = custody.sign(self._signer, self._pin.origin, untrusted.c, untrusted.d, head.expires)
            return Kept(head.expires, receipt)

    def _open_request(self, fold: Fold, head: clip_header.Header, now: int) -> RequestState:
        if head.origin != self._pin.origin or head.custodian != self._signer.name:
            raise refused.CALL_MALFORMED(where="header", reason="it is for another town or another custodian")
        request = fold.requests.get(head.request)
        if request is None:
            raise refused.APPEAL_CLOSED(where=f"appeal {head.request}", reason="no such appeal is in force")
        phase = request.phase(now)
        if phase is not RequestPhase.OPEN:
            raise refused.APPEAL_CLOSED(where=f"appeal {head.request}", reason=f"it is {phase.value}")
        return request

    # Giving one out ---------------------------------------------------------------------------------------------

    def give(self, untrusted_leaf: bytes, untrusted_proof: str) -> Opened:
        """Return the half key for an opening on record, sealed to the opening's ephemeral key.

        Raises `custodian.proof-refused`, `-record-unreachable`, `-record-stale`, `-access-void`, `-lease-ended`,
        `-access-repeated`, `-half-unknown`; then nothing was given out.
        """
        with self._lock:
            fold = self._read_on()
            record, entry = self._proven(untrusted_leaf, untrusted_proof)
            now = self._now()
            age = now - self._tail.quorum_time
            if age > MOST_STALE:
                raise refused.RECORD_STALE(age=age, most=MOST_STALE)
            clip = fold.disclosures[entry.disclosure]
            self._check_opener(fold, record, clip)
            row = self._store.row(clip.c)
            self._check_lease(record, clip, row, now)
            if row is None or ends.share_of(row, fold, self._own_key().index) is None:
                raise refused.HALF_UNKNOWN(where=f"share {clip.index}")
            answered = self._store.answer(record.id)
            if answered is None:
                sealed = seal_half(self._store.half(row), entry.e, leaf_hash(untrusted_leaf))
                self._store.remember_answer(record.id, clip.c, now, sealed)
                return Opened(sealed, clip.expires)
            first, sealed = answered
            if not first <= now <= first + REPEAT_SECONDS:
                raise refused.ACCESS_REPEATED(where=f"entry {record.index}")
            return Opened(sealed, clip.expires)

    def _proven(self, leaf: bytes, untrusted_proof: str) -> tuple[Record, e.Access]:
        """Return record and entry of an opening that a quorum co-signed, in this custodian's own view as well."""
        fold = self._tail.fold
        try:
            proof = Receipt.parse(untrusted_proof.encode())
            cosigned = proof.verify(leaf, TrustPolicy.parse(fold.trust_policy_text))
        except Error as error:
            raise refused.PROOF_REFUSED(where=error.where, reason=error.what.rstrip(".")) from error
        if cosigned.checkpoint.origin != self._pin.origin:
            raise refused.PROOF_REFUSED(reason="it belongs to another record")
        if cosigned.checkpoint.size > self._tail.size:
            raise refused.PROOF_REFUSED(reason="the custodian cannot see this part of the record yet")
        if self._tail.leaf(proof.index) != leaf:
            raise refused.PROOF_REFUSED(reason="the record that the custodian sees has another entry there")
        record = fold.records[proof.index]
        if not isinstance(record.entry, e.Access):
            raise refused.PROOF_REFUSED(reason="the entry is not an opening")
        if not record.in_force or record.reason is not None:
            sentence = record.reason.sentence if record.reason is not None else ""
            raise refused.ACCESS_VOID(where=f"entry {record.index}", reason=sentence)
        return record, record.entry

    def _check_opener(self, fold: Fold, record: Record, clip: DisclosureState) -> None:
        """The opening was in force when recorded; who signed it must still be allowed to open now."""
        now = self._tail.quorum_time
        for name in record.signers:
            key = fold.live_key(name)
            if key is None:
                continue
            ours = key.role in AGENCY_ROLES and key.agency == clip.agency
            if key.role in OUTSIDE_ROLES or (ours and fold.partnership_of(clip.agency, now) is not None):
                return
        reason = "the key that signed it has ended, or its agency has no partnership any more."
        raise refused.ACCESS_VOID(where=f"entry {record.index}", reason=reason)

    def _check_lease(self, record: Record, clip: DisclosureState, row: Row | None, now: int) -> None:
        """Raise `custodian.lease-ended` unless the lease is live, or ended, frozen and signed for by the holder."""
        where = f"share {clip.index}"
        if clip.destroyed_at is not None:
            raise refused.LEASE_ENDED(where=where, reason="its key was destroyed")
        waiting = any(outbox.withdraws(note, clip.index) for note in self._store.notes())
        if clip.withdrawn_at is None and (waiting or (row is not None and row.withdrawn)):
            raise refused.LEASE_ENDED(where=where, reason="the resident withdrew it")
        if not clip.ended(now):
            return
        if not self._holder_signed(record, clip):
            raise refused.LEASE_ENDED(where=where, reason=_why_ended(clip))

    def _holder_signed(self, record: Record, clip: DisclosureState) -> bool:
        """Say whether who froze the clip, or a court, signed this opening too, and the freeze still holds."""
        fold, at = self._tail.fold, self._tail.quorum_time
        signers = [key for name in record.signers if (key := fold.live_key(name)) is not None]
        holders = {freeze.holder for freeze in clip.freezes.values() if freeze.active(at)}
        return bool(holders) and any(key.index in holders or key.role == "court" for key in signers)

    # Withdrawing ------------------------------------------------------------------------------------------------

    def withdraw(self, untrusted_note: str) -> None:
        """Stop a share: give its half to nobody from now on, and see to it that the record says so.

        The half is destroyed when the record shows the withdrawal, or an hour later (`ends.unheard`).

        Raises `custodian.withdrawal-refused`.
        """
        with self._lock:
            try:
                fold = self._read_on()
            except Error:
                fold = self._tail.fold  # a withdrawal does not wait for a log that is out of sight
            clip, entry_id = self._withdrawn(fold, untrusted_note)
            if self._store.row(clip.c) is not None:
                self._store.mark_withdrawn(clip.c, self._now())
            if clip.withdrawn_at is None:
                self._store.add_note(Note(entry_id, e.Withdrawal.TYPE, outbox.NEVER, untrusted_note))
            self._sweep()

    def _withdrawn(self, fold: Fold, untrusted_note: str) -> tuple[DisclosureState, str]:
        try:
            note = SignedNote.parse(untrusted_note.encode())
            origin, entry = wire.decode(note.text)
            clip = fold.disclosures.get(entry.disclosure) if isinstance(entry, e.Withdrawal) else None
            if clip is None or origin != self._pin.origin or clip.custodian != self._own_key().index:
                raise refused.WITHDRAWAL_REFUSED(reason="it names no share on record that this custodian keeps")
            if note.verified([clip.d]) != (clip.d,):
                raise refused.WITHDRAWAL_REFUSED(reason="it is not signed by the share's one-time key")
        except Error as error:
            if error.kind is refused.WITHDRAWAL_REFUSED:
                raise
            raise refused.WITHDRAWAL_REFUSED(where=error.where, reason=error.what.rstrip(".")) from error
        return clip, wire.entry_id(note.text)

    # Destroying -------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Read on, destroy what ended, hand in what is owed. Called every few seconds, whatever happens."""
        with self._lock:
            self._work()
        self._mirror.flush()  # without the lock: nobody who asks for a half waits for it

    def _work(self) -> None:
        try:
            self._read_on()
        except Error as error:  # without the log the own clock still ends what it ends
            if error.kind is not refused.RECORD_UNREACHABLE:  # that one was put down with its cause
                self._trouble = error
        if self._tail.newest is None:
            return
        try:
            self._sweep()
            waiting = outbox.Waiting(self._store, self._signer, self._pin.origin)
            waiting.hand_in(self._tail.fold, self._portal, self._clock.now())
        except Error as error:
            self._trouble = error

    def _catch_up(self) -> None:
        """A table older than the last `expiry` on record was restored from a copy: destroy again, and say so."""
        key = self._tail.fold.names.get(self._signer.name)
        last = self._tail.fold.generations.get(key.index, 0) if key is not None else 0
        if last <= self._store.generation:
            return
        dead, _ = self._dead()
        self._store.purge(dead, self._breach(outbox.RESTORED, len(dead)), least_generation=last + 1)

    def _dead(self) -> tuple[list[str], int]:
        """Return the clips whose halves must go, and how many of them for a withdrawal that is not on record."""
        key = self._tail.fold.names.get(self._signer.name)
        view = (self._tail.fold, key.index if key is not None else -1, self._tail.quorum_time, self._clock.now())
        dead = [row for row in self._store.rows() if ends.must_die(row, *view)]
        return [row.c for row in dead], ends.unheard_among(dead, *view)

    def _breach(self, code: str, clips: int) -> Note:
        return outbox.breach(self._signer, self._pin.origin, code, clips, self._clock.now())

    def _sweep(self) -> None:
        """Destroy what must be destroyed, then put down the `expiry` that is owed for it."""
        dead, unheard = self._dead()
        if dead:
            self._store.purge(dead, self._breach(outbox.UNRECORDED, unheard) if unheard else None)
        key = self._tail.fold.live_key(self._signer.name)
        if key is None or any(note.kind == e.Expiry.TYPE for note in self._store.notes()):
            return
        kept = [row.c for row in self._store.rows()]
        owed = ends.owed(self._tail.fold, key.index, kept, self._tail.quorum_time)
        if not owed:
            return
        if self._store.generation <= self._tail.fold.generations.get(key.index, 0):
            self._store.purge([])  # each `expiry` names a new generation
        note = outbox.expiry(self._signer, self._pin.origin, owed, self._store.generation, self._clock.now())
        self._store.add_note(note)

    # Telling ----------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, str | int]:
        """Return what anybody may know: counts and times, nothing about single clips."""
        with self._lock:
            trouble = self._trouble or self._mirror.trouble
            return {
                "origin": self._pin.origin,
                "name": self._signer.name,
                "generation": self._store.generation,
                "halves": self._store.count(),
                "size": self._tail.size,
                "time": self._tail.quorum_time,
                "waiting": len(self._store.notes()),
                "trouble": trouble.id if trouble is not None else "",
            }

    def ready(self) -> bool:
        """Say whether the record was read at least once."""
        return self._tail.newest is not None

    def close(self) -> None:
        """Write what is held back, and close the table."""
        self._mirror.flush()
        with self._lock:
            self._store.close()


def _why_ended(clip: DisclosureState) -> str:
    if clip.withdrawn_at == clip.lease_end:
        return "the resident withdrew it"
    if clip.cancelled_at == clip.lease_end:
        return "the community ended the partnership"
    return "its time is over"


def _checked_header(untrusted: Deposit) -> clip_header.Header:
    """Return the header after checking that header, sealed file and salt give `c`."""
    try:
        raw = untrusted.header.encode()
        head = clip_header.parse(raw)
        sealed = from_hex(untrusted.sealed_sha256, 32, "sealed_sha256")
        salt = from_hex(untrusted.salt, SALT_SIZE, "salt")
        d = VerifierKey.parse(untrusted.d)
    except Error as error:
        raise refused.CALL_MALFORMED(where=error.where, reason=error.what.rstrip(".")) from error
    if len(untrusted.s_k) != HALF_SIZE or d.name != "disclosure" or d.type != ED25519:
        raise refused.CALL_MALFORMED(reason="the half key or the one-time key is of another kind")
    if clip_header.commitment(raw, sealed, salt) != untrusted.c:
        raise refused.CLIP_MISMATCHED(where=untrusted.c)
    return head
