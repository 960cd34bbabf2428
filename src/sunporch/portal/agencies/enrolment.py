# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about people on their way into the record, and about devices that were lost.

A registrar invites; the invited person makes an account and keys in a browser of their own; the registrar compares
the keys by voice and signs the entry that enrols them. The record says who they are from then on, and no row here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from allauth.mfa.totp.internal.auth import generate_totp_secret, validate_totp_code
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from sunporch.base.errors import Error
from sunporch.base.notekeys import check_name
from sunporch.docket import wire
from sunporch.docket.custody import DAY
from sunporch.docket.entries import KeyEnd, KeyEntry, PartnershipCancel, to_fields
from sunporch.docket.permissions import registrars
from sunporch.docket.rules_town import RESERVED_NAMES
from sunporch.docket.state import State
from sunporch.portal.agencies import store
from sunporch.portal.agencies.actions import write_down
from sunporch.portal.agencies.models import Account, Invitation, Operator
from sunporch.portal.agencies.permissions import OPERATOR, Person
from sunporch.portal.board import actions as board_actions
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import signing
from sunporch.portal.board.models import Outgoing
from sunporch.portal.errors import (
    ACCOUNT_TAKEN,
    CODE_WRONG,
    INVITATION_REFUSED,
    INVITATIONS_EXCEEDED,
    KEYS_REFUSED,
    SIGNATURE_REFUSED,
)
from sunporch.portal.record import public_record
from sunporch.web.sessions import end_sessions
from sunporch.web.signin import chosen_person

# From the invitation to the entry; after that nothing of it is left.
OPEN_SECONDS = 7 * DAY
# Whoever sits at the machine opens the operator's link at once.
OPERATOR_SECONDS = DAY
MAX_INVITED = 100
_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Invited:
    """What a registrar is shown once: the secret end of the link."""

    invitation: Invitation
    token: str


@dataclass(frozen=True)
class Wish:
    """Whom a registrar invites: the name that colleagues use, the pseudonym of the record, the role."""

    full_name: str
    pseudonym: str
    role: str


def invite(person: Person, wish: Wish, now: int) -> Invited:
    """Invite somebody of the registrar's own agency.

    Raises `portal.invitation-refused`, `portal.invitations-exceeded` or `notekey.text-malformed`.
    """
    pseudonym, token = check_name(wish.pseudonym), secrets.token_urlsafe(_TOKEN_BYTES)
    with public_record().reading() as state:
        if pseudonym in state.claims or pseudonym in RESERVED_NAMES | {state.origin}:
            raise INVITATION_REFUSED(where=pseudonym, key=pseudonym, reason="the record uses that name already")
    try:
        with transaction.atomic():
            if User.objects.filter(username=pseudonym).exists():
                raise INVITATION_REFUSED(where=pseudonym, key=pseudonym, reason="there is an account of that name")
            if Invitation.objects.filter(agency=person.agency).count() >= MAX_INVITED:
                raise INVITATIONS_EXCEEDED(where=person.agency, most=MAX_INVITED)
            row = Invitation.objects.create(
                token_sha256=store.hashed(token),
                totp=encrypt(generate_totp_secret()),
                pseudonym=pseudonym,
                full_name=wish.full_name,
                role=wish.role,
                agency=person.agency,
                by=person.name,
                until=now + OPEN_SECONDS,
            )
            write_down(person.name, now, "invited", pseudonym)
    except IntegrityError as error:
        raise INVITATION_REFUSED(where=pseudonym, key=pseudonym, reason="somebody is invited by that name") from error
    return Invited(row, token)


def invite_operator(maker: str, full_name: str, untrusted_username: str, now: int) -> Invited:
    """Invite an operator in the place of whoever was invited by that name; raises `portal.account-taken`.

    `maker` is whoever sits at the machine's command line: no page invites an operator.
    """
    username, token = check_name(untrusted_username), secrets.token_urlsafe(_TOKEN_BYTES)
    try:
        with transaction.atomic():
            if User.objects.filter(username=username).exists():
                raise ACCOUNT_TAKEN(where=username, key=username)
            Invitation.objects.filter(pseudonym=username, role=OPERATOR).delete()
            row = Invitation.objects.create(
                token_sha256=store.hashed(token),
                totp=encrypt(generate_totp_secret()),
                pseudonym=username,
                full_name=full_name,
                role=OPERATOR,
                agency=OPERATOR,  # the registrar of no agency sees it
                by=maker,
                until=now + OPERATOR_SECONDS,
            )
            write_down(maker, now, "operator invited", username)
    except IntegrityError as error:
        raise ACCOUNT_TAKEN(where=username, key=username) from error
    return Invited(row, token)


def totp_secret(row: Invitation) -> str:
    """Return the second factor's secret of an invitation that was not used yet."""
    return str(decrypt(row.totp))


def accept(untrusted_token: str, password: str, untrusted_code: str, now: int) -> User:
    """Make the account of whoever has the link, with a password and a second factor that works.

    Raises `portal.invitation-absent` or `portal.code-wrong`.
    """
    with transaction.atomic():
        row = store.invitation_of(untrusted_token, now)
        secret = totp_secret(row)
        if not validate_totp_code(secret, untrusted_code.strip()):
            raise CODE_WRONG(where=row.pseudonym)
        user = chosen_person(row.pseudonym, row.full_name, make_password(password), secret)
        if row.role == OPERATOR:
            Operator.objects.create(user=user, made_at=now)
            row.delete()
        else:
            Account.objects.create(user=user, pseudonym=row.pseudonym, made_at=now)
            row.user, row.totp = user, ""
            row.save(update_fields=["user", "totp"])
        write_down(row.pseudonym, now, "account made", row.pseudonym)
    return user


def hand_in_keys(name: str, untrusted_key: str, untrusted_x25519: str, now: int) -> Invitation:
    """Take the public halves of the keys that the invited person's browser made; the newest ones count.

    Raises `portal.invitation-absent`, or `portal.keys-refused` where the record would not take them.
    """
    with transaction.atomic():
        row = store.newcomer(name, now)
        _check_would_count(row, untrusted_key, untrusted_x25519, now)
        row.key, row.x25519, row.entry = untrusted_key, untrusted_x25519, ""
        row.save(update_fields=["key", "x25519", "entry"])
        write_down(name, now, "keys handed in", name)
    return row


def _check_would_count(row: Invitation, untrusted_key: str, untrusted_x25519: str, now: int) -> None:
    """Ask the fold what the registrar's entry would count for, so that nobody signs what would be void."""
    if untrusted_key.partition("+")[0] != row.pseudonym:
        raise KEYS_REFUSED(where=row.pseudonym, reason="they have another name")
    fields = entry_fields(row) | {"key": untrusted_key, "x25519": untrusted_x25519}
    with public_record().reading() as state:
        at = max(now, state.time)
        entry = KeyEntry(nonce=wire.new_nonce(), not_after=at + DAY, **fields)
        try:
            text = wire.encode(state.origin, entry)
        except Error as error:
            raise KEYS_REFUSED(where=row.pseudonym, reason=error.what.rstrip(".")) from error
        record = state.would_apply(at, text, tuple(registrars(state, row.agency, at)))
    if not record.in_force:
        raise KEYS_REFUSED(where=row.pseudonym, reason=board_actions.sentence_of(record).rstrip("."))


def entry_fields(row: Invitation) -> dict[str, str]:
    """Return what the registrar signs: of the person only pseudonym (in the key), role, agency and public keys."""
    own = {"key": row.key, "x25519": row.x25519, "role": row.role, "agency": row.agency}
    return own | {"url": "", "storage": ""}


def enrol(person: Person, invitation: int, untrusted_note: str, now: int) -> Outgoing:
    """Hand in the entry that enrols an invited person, with exactly the keys that were handed in.

    Raises `portal.invitation-absent`, `portal.signature-refused`, and what `board.entries.take` raises.
    """
    with transaction.atomic():
        row = store.invited(person, invitation, now)
        taken = _handed_in(person, untrusted_note, KeyEntry, entry_fields(row), now)
        row.entry = taken.id
        row.save(update_fields=["entry"])
        write_down(person.name, now, "key enrolled", row.pseudonym)
    return taken


def take_back(person: Person, invitation: int, now: int) -> None:
    """Take an invitation back, and the account that came of it. Raises `portal.invitation-absent`."""
    with transaction.atomic():
        row = store.invited(person, invitation, now)
        _remove(row)
        write_down(person.name, now, "invitation withdrawn", row.pseudonym)


def forget(state: State, now: int) -> None:
    """Forget the invitations whose person the record names now, and those whose time is over with their accounts."""
    with transaction.atomic():
        for row in Invitation.objects.all():
            if row.pseudonym in state.names:
                row.delete()
            elif row.until < now:
                _remove(row)


def _remove(row: Invitation) -> None:
    if row.user is not None:
        row.user.delete()  # the account and the invitation go with it: it never could do anything
    else:
        row.delete()


def end_key(person: Person, index: int, untrusted_note: str, now: int) -> Outgoing:
    """Hand in the end of a key of the agency; raises `portal.signature-refused`, and as `take` does."""
    with transaction.atomic():
        with public_record().reading() as state:
            name = state.keys[index].name
        taken = _handed_in(person, untrusted_note, KeyEnd, {"key": index}, now)
        write_down(person.name, now, "key ended", name)
    return taken


def leave(person: Person, partnership: int, untrusted_note: str, now: int) -> Outgoing:
    """Hand in the end of the agency's own partnership; raises as `end_key` does."""
    with transaction.atomic():
        taken = _handed_in(person, untrusted_note, PartnershipCancel, {"partnership": partnership}, now)
        write_down(person.name, now, "partnership ended", person.agency)
    return taken


def lose(person: Person, session: str, now: int) -> None:
    """Say that the device with the person's key is lost: sign it out everywhere else and tell the registrar."""
    with transaction.atomic():
        account = Account.objects.select_related("user").get(pseudonym=person.name)
        if account.lost_at is None:
            account.lost_at = now
            account.save(update_fields=["lost_at"])
            write_down(person.name, now, "device lost", person.name)
        end_sessions(account.user, but=session)


def _handed_in(
    person: Person,
    untrusted_note: str,
    kind: type[KeyEntry | KeyEnd | PartnershipCancel],
    wanted: Mapping[str, str | int],
    now: int,
) -> Outgoing:
    """Hand in a note that this registrar signed, if it says what the page is for and nothing else."""
    note = signing.signed_by(person.key.key, untrusted_note)
    fields = to_fields(signing.entry_in(note, kind))
    if any(fields[name] != value for name, value in wanted.items()):
        raise SIGNATURE_REFUSED(where="note", reason="it is not what this page asked you to sign")
    return board_entries.take(note.encode().decode(), [], now)
