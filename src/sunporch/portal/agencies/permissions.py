# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what at the portal: one gate in front of every operation, and one rule for who a person is.

Role and agency are never a row of ours: they are what the public record says about the person's key at its newest
co-signed entry. An ended key, a lapsed, cancelled or suspended partnership stop the account there (R1, R42).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from ninja.security.base import AuthBase

from sunporch.docket.state import KeyState, State
from sunporch.portal.agencies.models import Account
from sunporch.portal.errors import KEY_ENDED, PARTNERSHIP_ENDED, ROLE_REFUSED
from sunporch.portal.record import public_record
from sunporch.web.limits import Limit
from sunporch.web.signin import signed_in

AGENCY_ROLES = frozenset({"officer", "supervisor"})
# Acts for the elected body: a holder of one of the community's keys, which entry 0 names and no `key` entry enrols.
CLERK = "clerk"
# Everybody whose key can be named as a recipient of clips.
RECIPIENT_ROLES = ("officer", "supervisor", "court", "prosecutor", "defence")


@dataclass(frozen=True)
class Person:
    """A signed-in person as the record knows them now."""

    name: str
    key: KeyState

    @property
    def role(self) -> str:
        """What the key is for."""
        return self.key.role

    @property
    def agency(self) -> str:
        """The agency's ORI, empty for people outside agencies."""
        return self.key.agency


@dataclass(frozen=True)
class Anyone:
    """A caller without an account."""


def person_of(account: Account, state: State, now: int) -> Person:
    """Return who the account's holder is in the record; raise `portal.key-ended` or `portal.partnership-ended`."""
    key = state.live_key(account.pseudonym) or _of_community(account.pseudonym, state)
    if key is None:
        raise KEY_ENDED(where=account.pseudonym, key=account.pseudonym)
    if key.role in AGENCY_ROLES and state.partnership_of(key.agency, now) is None:
        raise PARTNERSHIP_ENDED(where=account.pseudonym, agency=key.agency)
    return Person(account.pseudonym, key)


def _of_community(name: str, state: State) -> KeyState | None:
    """Return one of the community's keys as the key of a clerk, at the entry that names it."""
    key = state.community_keys.get(name)
    if key is None:
        return None
    index = max(state.trust_index, 0)
    return KeyState(index=index, key=key, x25519="", role=CLERK, agency="", url="", storage="")


def check_role(person: Person, roles: tuple[str, ...], where: str) -> None:
    """Raise `portal.role-refused` unless the person holds one of the roles."""
    if person.role not in roles:
        raise ROLE_REFUSED(where=where, role=person.role, wanted=", ".join(roles))


def signed_in_person(request: HttpRequest) -> Person:
    """Return the person behind the session token; raises the `web.` and `portal.` errors of sign-in."""
    user = signed_in(request)
    account = Account.objects.filter(user=user).first()
    if account is None:
        raise KEY_ENDED(where=user.get_username(), key=user.get_username())
    with public_record().reading() as state:
        return person_of(account, state, public_record().now())


def who(request: HttpRequest) -> Person:
    """Return the person whom the gate in front of this page let in."""
    person: Person = request.auth  # type: ignore[attr-defined]  # `signin.page` sets it
    return person


class Gate(AuthBase):
    """In front of an operation that needs a person: its limit, and the roles that may pass."""

    openapi_type: str = "apiKey"
    openapi_in: str = "header"
    openapi_name: str = "X-Session-Token"

    def __init__(self, limit: Limit, *roles: str) -> None:
        self.limit = limit
        self.roles = roles
        super().__init__()

    def __call__(self, request: HttpRequest) -> Person:
        """Return who asks, or raise."""
        self.limit.spend(request)
        person = signed_in_person(request)
        check_role(person, self.roles, request.path)
        return person


class OpenGate:
    """In front of an operation for anybody: only its limit."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.roles: tuple[str, ...] = ()

    def __call__(self, request: HttpRequest) -> Anyone:
        """Count the call."""
        self.limit.spend(request)
        return Anyone()
