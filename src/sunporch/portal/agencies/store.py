# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions about people: who is invited, who waits for the registrar, whose device is lost."""

from __future__ import annotations

from dataclasses import dataclass

from sunporch.base.digests import sha256
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import KeyState, RequestState, State
from sunporch.portal.agencies.models import Account, AdminAct, Invitation
from sunporch.portal.agencies.permissions import Person, Someone
from sunporch.portal.board import store as board_store
from sunporch.portal.board.models import OutgoingState
from sunporch.portal.errors import INVITATION_ABSENT

MAX_ACTS = 500
# The act by which the newest backup is found.
BACKED_UP = "backed up"


@dataclass(frozen=True)
class Colleague:
    """A live key of an agency, with what only the portal knows of its holder."""

    key: KeyState
    full_name: str
    lost_at: int | None


def hashed(token: str) -> str:
    """Return under what an invitation's link is kept."""
    return sha256(token.encode()).hex()


def invitation_of(untrusted_token: str, now: int) -> Invitation:
    """Return the invitation of a link that nobody used yet, or raise `portal.invitation-absent`."""
    row = Invitation.objects.filter(token_sha256=hashed(untrusted_token), user=None, until__gte=now).first()
    if row is None:
        raise INVITATION_ABSENT(where="invitation")
    return row


def newcomer(name: str, now: int) -> Invitation:
    """Return the open invitation of somebody who has an account, or raise `portal.invitation-absent`."""
    row = Invitation.objects.filter(pseudonym=name, user__isnull=False, until__gte=now).first()
    if row is None or being_recorded(row):
        raise INVITATION_ABSENT(where=name)
    return row


def invited(person: Person, number: int, now: int) -> Invitation:
    """Return an open invitation of the registrar's agency, or raise `portal.invitation-absent`."""
    row = Invitation.objects.select_related("user").filter(pk=number, agency=person.agency, until__gte=now).first()
    if row is None or being_recorded(row):
        raise INVITATION_ABSENT(where=str(number))
    return row


def being_recorded(row: Invitation) -> bool:
    """Say whether the registrar signed already, and the entry waits or is recorded."""
    sent = board_store.outgoing(row.entry) if row.entry else None
    return sent is not None and sent.state != OutgoingState.VOID


def invitations(person: Someone, state: State, now: int) -> list[Invitation]:
    """Return the agency's open invitations whose person the record does not name, oldest first."""
    rows = Invitation.objects.filter(agency=person.agency, until__gte=now).order_by("pk")
    return [row for row in rows if row.pseudonym not in state.names]


def colleagues(agency: str, state: State) -> list[Colleague]:
    """Return the live keys of an agency with their holders' names, lost devices first, then by pseudonym."""
    live = [key for key in state.keys.values() if key.live and key.agency == agency]
    accounts = {
        row.pseudonym: row
        for row in Account.objects.select_related("user").filter(pseudonym__in=[key.name for key in live])
    }
    found = [
        Colleague(key, row.user.first_name if row else "", row.lost_at if row else None)
        for key in live
        for row in [accounts.get(key.name)]
    ]
    return sorted(found, key=lambda one: (one.lost_at is None, one.key.name))


def owed(agency: str, state: State, now: int) -> list[RequestState]:
    """Return the agency's closed appeals that wait for their outcome, the most urgent first."""
    closed = (RequestPhase.CLOSED, RequestPhase.OVERDUE)
    waiting = [asked for asked in state.unfinished.get(agency, {}).values() if asked.phase(now) in closed]
    return sorted(waiting, key=lambda one: one.outcome_due)


def lost_at(person: Person) -> int | None:
    """Return when the person said that the device with the key is lost."""
    row = Account.objects.filter(pseudonym=person.name).first()
    return row.lost_at if row is not None else None


def backed_up_at() -> int | None:
    """Return when the newest backup was written (Unix seconds), None if never."""
    newest = AdminAct.objects.filter(act=BACKED_UP).order_by("-pk").first()
    return newest.at if newest is not None else None


def acts() -> list[AdminAct]:
    """Return what operators and registrars did, newest first."""
    return list(AdminAct.objects.order_by("-pk")[:MAX_ACTS])
