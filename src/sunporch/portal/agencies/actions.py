# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done about accounts; each act is written down with it, in one transaction (R45)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from sunporch.base.notekeys import check_name
from sunporch.portal.agencies.models import Account, AdminAct
from sunporch.portal.errors import ACCOUNT_ABSENT, ACCOUNT_TAKEN
from sunporch.web.sessions import end_sessions
from sunporch.web.signin import new_person


@dataclass(frozen=True)
class NewAccount:
    """What is shown once: the password and the TOTP secret (base32) of a new account."""

    username: str
    password: str
    totp_secret: str


def add_account(operator: str, now: int, name: str, untrusted_pseudonym: str) -> NewAccount:
    """Make an account for a named person, bound to the key of that pseudonym; raises `portal.account-taken`."""
    pseudonym = check_name(untrusted_pseudonym)
    try:
        with transaction.atomic():
            user, password, secret = new_person(pseudonym, name)
            Account.objects.create(user=user, pseudonym=pseudonym, made_at=now)
            _write_down(operator, now, "account added", pseudonym)
    except IntegrityError as error:
        raise ACCOUNT_TAKEN(where=pseudonym, key=pseudonym) from error
    return NewAccount(pseudonym, password, secret)


def end_account(operator: str, now: int, pseudonym: str) -> None:
    """End an account and its sessions; the person's acts stay in the record. Raises `portal.account-absent`."""
    with transaction.atomic():
        account = Account.objects.select_related("user").filter(pseudonym=pseudonym, user__is_active=True).first()
        if account is None:
            raise ACCOUNT_ABSENT(where=pseudonym, key=pseudonym)
        account.user.is_active = False
        account.user.save(update_fields=["is_active"])
        end_sessions(account.user)
        _write_down(operator, now, "account ended", pseudonym)


def write_down(operator: str, now: int, act: str, about: str) -> None:
    """Record an act of an operator that changes no account (a rebuild, a start with other settings)."""
    with transaction.atomic():
        _write_down(operator, now, act, about)


def _write_down(operator: str, now: int, act: str, about: str) -> None:
    AdminAct.objects.create(at=now, operator=operator, act=act, about=about)
