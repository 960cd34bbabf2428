# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a clip leaves the house: the only code that sends anything a resident chose, one clip at a time, step by step.

Crash rule: `d` and `c` are stored before the upload, the signed disclosure before it is posted. After a restart a
release with a signed disclosure posts the same one again; any other is covered and sealed anew under another `c`,
because its half keys were only in memory. Either way there is never a second disclosure that could be in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.client import CustodianClient, PortalClient, Receipt
from sunporch.client.errors import ANSWER_REFUSED
from sunporch.clip import keys as x25519
from sunporch.docket import custody, wire
from sunporch.docket.entries import Disclosure, Withdrawal
from sunporch.docket.state import Record
from sunporch.hub import errors
from sunporch.hub.coverings.models import State as Search
from sunporch.hub.following import Town
from sunporch.hub.inbox import actions as inbox
from sunporch.hub.release import actions, packing
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import ENDED, Event, State
from sunporch.hub.shares import actions as shares
from sunporch.tlog.notes import sign
from sunporch.vault import Vault

HOUR = 3_600
# An entry may be recorded up to 24 h before its `not_after`; an hour is left for clocks that differ.
VALID_SECONDS = 23 * HOUR
# The record's times may lie 300 s from the co-signers'; only when they are past both is a disclosure dead for ever.
DEAD_AFTER_SECONDS = 600
MOST_ATTEMPTS = 5
BACKOFF_SECONDS = (1, 2, 4, 8, 15, 30, 60, 120, 300)
# How long a posted disclosure is left alone before the portal is asked about it again.
RECHECK_SECONDS = 5
# Of a sealed file, how much leaves at a time (bytes), and how often it is noted how much has (seconds).
PIECE, NOTE_SECONDS = 1 << 18, 1
SERVER_FAULT, TOO_MANY, ABSENT = 500, 429, 404


class Leaving:
    """The queue of releases; `step` moves each as far as it goes now."""

    def __init__(
        self,
        clock: Clock,
        vault: Vault,
        town: Town,
        portal: PortalClient,
        custodian_at: Callable[[str], CustodianClient],
    ) -> None:
        self._clock = clock
        self._vault = vault
        self._town = town
        self._portal = portal
        self._custodian_at = custodian_at
        # Sealed clips with their half keys, by release: memory only, gone with this process.
        self._packed: dict[str, packing.Packed] = {}

    def step(self) -> None:
        """Move every release on that can be moved."""
        now = self._clock.now()
        actions.settle_holds(self._vault)
        ended = [state.value for state in ENDED]
        waiting = Release.objects.exclude(state__in=ended).select_related("camera", "covering").order_by("due_at")
        for release in waiting:
            if release.retry_at <= now or self._town.record_of(release.disclosure_id) is not None:
                self._advance(release, now)
        for release in Release.objects.filter(state=State.REFUSED.value).exclude(c=""):
            record = self._town.disclosure_of(release.c)
            if record is not None:
                self._record(release, State.REFUSED, record, now)

    def _advance(self, release: Release, now: int) -> None:
        """Move one release on until it waits for somebody."""
        try:
            match State(release.state):
                case State.WAITING if release.due_at > now:
                    return
                case State.WAITING:
                    moved = actions.move(release, State.WAITING, Event.DUE, now)
                case State.SEALING:
                    moved = self._seal(release, now)
                case State.UPLOADING:
                    moved = self._entrust(release, now)
                case State.SIGNED | State.POSTED:
                    moved = self._publish(release, now)
                case _:
                    return
        except Error as error:
            self._cannot_now(release, error, now)
            return
        if moved:
            self._advance(release, now)

    def _seal(self, release: Release, now: int) -> bool:
        """Cover and seal; from the next state on bytes may leave the house."""
        if not self._town.followed:
            raise errors.RECORD_UNREAD(where=release.id)
        if release.covering.state == Search.FINDING.value:
            return False  # the search for people goes on in its own time
        if release.covering.state == Search.FAILED.value:
            return self._unsearched(release, now)
        with self._town.locked() as state:
            to = packing.address(state, release.appeal_id, now)
        packed = packing.pack(self._town.origin, to, release, self._vault)
        self._packed[release.id] = packed
        stored = {
            "attempts": release.attempts + 1,
            "c": packed.sealed.c,
            "d_secret": packed.d.secret_text(),
            "d_x25519_secret": packed.d_x25519_secret,
            "custodian": to.custodian.index,
            "expires": to.expires,
            "visible": packed.visible,
            "released_sha256": packed.released_sha256,
            "proof": packed.proof.to_json(),
        }
        if actions.move(release, State.SEALING, Event.SEALED, now, **stored):
            return True
        del self._packed[release.id]  # the resident took it back meanwhile
        return False

    def _unsearched(self, release: Release, now: int) -> bool:
        """Refuse a clip in which nobody could look for people, and say why not."""
        fields = ("trouble_id", "trouble_what", "trouble_next")
        told = {field: getattr(release.covering, field) for field in fields}
        return actions.move(release, State.SEALING, Event.CANNOT, now, **told)

    def _entrust(self, release: Release, now: int) -> bool:
        """Upload the sealed clip, give the custodian its half, check the receipt, sign the disclosure."""
        packed = self._packed.get(release.id)
        if packed is None or packed.sealed.c != release.c:
            return self._again(release, State.UPLOADING, now)
        with self._town.locked() as state:
            to = packing.address(state, release.appeal_id, now)
        late = to.expires - packed.addressed.expires > custody.DAY
        if late or to.custodian.index != packed.addressed.custodian.index:
            # It waited so long that its end, or who keeps its half, is not the town's any more.
            return self._again(release, State.UPLOADING, now)
        self._upload(release, packed)
        receipt = self._give_half(packed)
        self._check_receipt(packed, receipt)
        note, identity, not_after = self._disclose(packed, receipt, now)
        stored = {"disclosure_note": note, "disclosure_id": identity, "not_after": not_after}
        moved = actions.move(release, State.UPLOADING, Event.RECEIPT_CHECKED, now, **stored)
        del self._packed[release.id]
        return moved

    def _upload(self, release: Release, packed: packing.Packed) -> None:
        try:
            self._portal.upload_header(packed.sealed.c, packed.sealed.header)
            self._portal.upload_sealed(packed.sealed.c, self._leaving(release, packed.file), len(packed.file))
        except Error as error:
            raise _of_portal(error) from error

    def _leaving(self, release: Release, file: bytes) -> Iterator[bytes]:
        """Give the file piece by piece, and note now and then for whoever watches how much has left."""
        noted = self._clock.monotonic() - NOTE_SECONDS
        for at in range(0, len(file), PIECE):
            if self._clock.monotonic() - noted >= NOTE_SECONDS:
                noted = self._clock.monotonic()
                actions.note_sent(release.id, at, len(file))
            yield file[at : at + PIECE]

    def _give_half(self, packed: packing.Packed) -> Receipt:
        try:
            return self._custodian_at(packed.addressed.custodian.url).put_half(
                packed.sealed.c,
                header=packed.sealed.header.decode(),
                salt=packed.sealed.salt.hex(),
                sealed_sha256=packed.sealed.file_sha256.hex(),
                s_k=packed.sealed.s_k,
                d=str(packed.d.verifier),
            )
        except Error as error:
            raise _of_custodian(error) from error

    def _check_receipt(self, packed: packing.Packed, untrusted_receipt: Receipt) -> None:
        """Raise `hub.receipt-refused` unless the custodian signed for exactly this clip, key and end."""
        to, c, d = packed.addressed, packed.sealed.c, str(packed.d.verifier)
        if untrusted_receipt.expires != to.expires:
            raise errors.RECEIPT_REFUSED(where=to.custodian.name, reason="it names another end than the town's rules")
        origin, signature = self._town.origin, untrusted_receipt.signature
        if not custody.check(to.custodian.key, signature, origin, c, d, to.expires):
            raise errors.RECEIPT_REFUSED(
                where=to.custodian.name, reason="it is not signed by the town's key custodian"
            )

    def _disclose(self, packed: packing.Packed, receipt: Receipt, now: int) -> tuple[str, str, int]:
        """Return the signed disclosure, its id and its `not_after`."""
        not_after = now + VALID_SECONDS
        entry = Disclosure(
            nonce=wire.new_nonce(),
            not_after=not_after,
            agency=packed.addressed.agency,
            c=packed.sealed.c,
            d=str(packed.d.verifier),
            d_x25519=x25519.public(packed.d_x25519_secret),
            custodian=packed.addressed.custodian.index,
            expires=receipt.expires,
            receipt=receipt.signature,
            redacted=packed.redacted,
            visible=packed.visible,
            sound=packed.sound,
        )
        text = wire.encode(self._town.origin, entry)
        return sign(text, [packed.d]).encode().decode(), wire.entry_id(text), not_after

    def _publish(self, release: Release, now: int) -> bool:
        """Post the one signed disclosure until the record shows it."""
        state, record = State(release.state), self._town.record_of(release.disclosure_id)
        if record is not None and record.in_force:
            return self._record(release, state, record, now)
        if record is not None or self._is_dead(release):
            return self._again(release, state, now)
        try:
            answer = self._told(release.disclosure_id)
            if answer is None:
                # Never posted, or the portal lost it: the one note, whose id lets it count at most once.
                answer = self._portal.post_entry(release.disclosure_note)
        except Error as error:
            raise _of_portal(error) from error
        if state is State.SIGNED:
            actions.move(release, State.SIGNED, Event.ACCEPTED, now)
        self._raise_if_held_or_omitted(release, answer)
        Release.objects.filter(id=release.id).update(retry_at=now + RECHECK_SECONDS)
        return False

    def _raise_if_held_or_omitted(self, release: Release, untrusted_answer: Any) -> None:
        """Raise `hub.quorum-missing` if co-signers are missing, `hub.record-omitted` if the portal lies about it."""
        said = untrusted_answer if isinstance(untrusted_answer, dict) else {}
        error, index = said.get("error"), said.get("index")
        if isinstance(error, dict) and str(error.get("id", "")).endswith(".quorum-missing"):
            raise errors.QUORUM_MISSING(where=release.id)
        if said.get("state") == "void":
            raise errors.PORTAL_REFUSED(where=release.id, said=str(said.get("reason")))
        told = said.get("state") == "recorded" and isinstance(index, int) and index < self._town.size
        if told and self._town.record_of(release.disclosure_id) is None:
            raise errors.RECORD_OMITTED(where=f"entry {index}")

    def _told(self, entry_id: str) -> Any:
        """Return what the portal says about an entry, None if it knows none."""
        try:
            return self._portal.entry(entry_id)
        except Error as error:
            if error.kind is ANSWER_REFUSED and error.params["status"] == ABSENT:
                return None
            raise

    def _is_dead(self, release: Release) -> bool:
        """Say whether the record has gone past the disclosure's last moment without it."""
        return release.not_after is not None and self._town.quorum_time > release.not_after + DEAD_AFTER_SECONDS

    def _record(self, release: Release, state: State, record: Record, now: int) -> bool:
        """The record shows it: make the receipt with its withdrawal, and begin the share."""
        text = wire.encode(self._town.origin, Withdrawal(nonce=wire.new_nonce(), disclosure=record.index))
        withdrawal = sign(text, [SignerKey.parse(release.d_secret)]).encode().decode()
        with self._town.locked() as town:
            shared = town.disclosures[record.index]
            custodian = town.keys[shared.custodian]
            receipt = self._town.receipt(record.index, withdrawal)
        # Also after a refusal had let it go: the original stays a year after the outcome.
        self._vault.hold(actions.hold_of(release.id), release.camera_id, release.from_s, release.to_s)
        shares.begin(release, state, shared, shares.Papers(custodian.url, withdrawal, receipt), now)
        return False

    def _again(self, release: Release, state: State, now: int) -> bool:
        """Begin a new attempt under another `c`, as often as is allowed."""
        self._packed.pop(release.id, None)
        if release.attempts >= MOST_ATTEMPTS:
            raise errors.ATTEMPTS_SPENT(where=release.id, times=release.attempts)
        emptied = {"disclosure_note": "", "disclosure_id": "", "not_after": None, "c": "", "d_secret": ""}
        return actions.move(release, state, Event.LOST, now, d_x25519_secret="", proof="", **emptied)

    def _cannot_now(self, release: Release, error: Error, now: int) -> None:
        """Write down why it does not go on: it is tried again later, or it was refused for good."""
        told: dict[str, Any] = actions.trouble(error)
        if error.kind in _ALARMING:
            inbox.raise_alarm(error, f"clip {release.id}", now)
        if error.kind in _PASSING:
            wait = BACKOFF_SECONDS[min(release.tries, len(BACKOFF_SECONDS) - 1)]
            told |= {"tries": release.tries + 1, "retry_at": now + wait}
            Release.objects.filter(id=release.id, state=release.state).update(**told)
            return
        self._packed.pop(release.id, None)
        actions.move(release, State(release.state), Event.CANNOT, now, **told)


# What passes by itself: the clip waits where it is and goes on when it is over.
_PASSING = frozenset(
    {
        errors.PORTAL_UNREACHABLE,
        errors.CUSTODIAN_UNREACHABLE,
        errors.QUORUM_MISSING,
        errors.RECORD_UNREAD,
        errors.RECORD_OMITTED,
    }
)
# What nobody honest would do: it goes beside the clip's own state into the list of alarms.
_ALARMING = frozenset({errors.RECORD_OMITTED, errors.RECEIPT_REFUSED})


def _passes(error: Error) -> bool:
    if error.kind is not ANSWER_REFUSED:
        return True
    status = int(str(error.params["status"]))
    return status >= SERVER_FAULT or status == TOO_MANY


def _said_quorum(error: Error) -> bool:
    said = error.params.get("error")
    return isinstance(said, dict) and str(said.get("id", "")).endswith(".quorum-missing")


def _of_portal(error: Error) -> Error:
    """Return what a failed question to the portal means to the resident."""
    if _said_quorum(error):
        return errors.QUORUM_MISSING(where=error.where)
    if _passes(error):
        return errors.PORTAL_UNREACHABLE(where=error.where, reason=error.what)
    return errors.PORTAL_REFUSED(where=error.where, said=error.params["said"])


def _of_custodian(error: Error) -> Error:
    """Return what a failed question to the custodian means to the resident."""
    if _said_quorum(error):
        return errors.QUORUM_MISSING(where=error.where)
    if _passes(error):
        return errors.CUSTODIAN_UNREACHABLE(where=error.where, reason=error.what)
    return errors.CUSTODIAN_REFUSED(where=error.where, said=error.params["said"])
