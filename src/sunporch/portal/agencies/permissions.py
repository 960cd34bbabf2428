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
from sunporch.portal.agencies.models import Account, Invitation, Operator
from sunporch.portal.errors import KEY_AWAITED, KEY_ENDED, PARTNERSHIP_ENDED, ROLE_REFUSED
from sunporch.portal.record import public_record
from sunporch.web.limits import Limit
from sunporch.web.signin import signed_in

AGENCY_ROLES = frozenset({"officer", "supervisor"})
# Acts for the elected body: a holder of one of the community's keys, which entry 0 names and no `key` entry enrols.
CLERK = "clerk"
# Names an agency's people in the record, by the key that its partnership entry names, and does nothing else.
REGISTRAR = "registrar"
# Has an account and no key on record yet: may make keys, and nothing else.
NEWCOMER = "newcomer"
# Looks after the machine; the record names no operator, so no key of theirs counts for anything (R45).
OPERATOR = "operator"
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
class Unrecorded:
    """Somebody who signed in and whom the record does not name: a newcomer or an operator."""

    name: str
    role: str
    agency: str = ""


type Someone = Person | Unrecorded


@dataclass(frozen=True)
class Anyone:
    """A caller without an account."""


def person_of(account: Account, state: State, now: int) -> Person:
    """Return who the account's holder is in the record; raise `portal.key-ended` or `portal.partnership-ended`."""
    name = account.pseudonym
    key = state.live_key(name) or _of_community(name, state) or _of_agency(name, state, now)
    if key is None:
        raise KEY_ENDED(where=name, key=name)
    if key.role in AGENCY_ROLES and state.partnership_of(key.agency, now) is None:
        raise PARTNERSHIP_ENDED(where=name, agency=key.agency)
    return Person(name, key)


def _of_community(name: str, state: State) -> KeyState | None:
    """Return one of the community's keys as the key of a clerk, at the entry that names it."""
    key = state.community_keys.get(name)
    if key is None:
        return None
    index = max(state.trust_index, 0)
    return KeyState(index=index, key=key, x25519="", role=CLERK, agency="", url="", storage="")


def _of_agency(name: str, state: State, now: int) -> KeyState | None:
    """Return the key that an agency's newest approval names as its registrar's, at the entry of that approval.

    It counts from the approval on, before the partnership begins. Raises `portal.partnership-ended` after its end.
    """
    named = [one for one in state.partnerships.values() if one.registrar.name == name]
    if not named:
        return None
    lasting = [one for one in named if one.live(now) or one.pending(now)]
    if not lasting:
        raise PARTNERSHIP_ENDED(where=name, agency=named[-1].agency)
    found = lasting[-1]
    return KeyState(found.index, found.registrar, x25519="", role=REGISTRAR, agency=found.agency, url="", storage="")


def check_role(person: Someone, roles: tuple[str, ...], where: str) -> None:
    """Raise `portal.role-refused` (a newcomer: `portal.key-awaited`) unless the person holds one of the roles."""
    if person.role not in roles:
        if person.role == NEWCOMER:
            raise KEY_AWAITED(where=where)
        raise ROLE_REFUSED(where=where, role=person.role, wanted=", ".join(roles))


def signed_in_person(request: HttpRequest) -> Someone:
    """Return the person behind the session token; raises the `web.` and `portal.` errors of sign-in."""
    user, now = signed_in(request), public_record().now()
    account = Account.objects.filter(user=user).first()
    if account is None:
        if Operator.objects.filter(user=user).exists():
            return Unrecorded(user.get_username(), OPERATOR)
        raise KEY_ENDED(where=user.get_username(), key=user.get_username())
    with public_record().reading() as state:
        if account.pseudonym not in state.names:
            invited = Invitation.objects.filter(user=user, until__gte=now).first()
            if invited is not None:
                return Unrecorded(account.pseudonym, NEWCOMER, invited.agency)
        return person_of(account, state, now)


def who(request: HttpRequest) -> Person:
    """Return the person of the record whom the gate in front of this page let in."""
    person: Person = request.auth  # type: ignore[attr-defined]  # `signin.page` sets it
    return person


def someone(request: HttpRequest) -> Someone:
    """Return whom the gate in front of this page let in, where that may be somebody whom the record does not name."""
    found: Someone = request.auth  # type: ignore[attr-defined]  # `signin.page` sets it
    return found


class Gate(AuthBase):
    """In front of an operation that needs a person: its limit, and the roles that may pass."""

    openapi_type: str = "apiKey"
    openapi_in: str = "header"
    openapi_name: str = "X-Session-Token"

    def __init__(self, limit: Limit, *roles: str) -> None:
        self.limit = limit
        self.roles = roles
        super().__init__()

    def __call__(self, request: HttpRequest) -> Someone:
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
