# SPDX-License-Identifier: AGPL-3.0-or-later
"""The people of Maple Street: who they are, where they sign in, and their accounts on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sunporch.base import durable
from sunporch.town.visit import Account

AGENCY = "OH0181500"
AGENCY_NAME = "Maple Street Police Department"
TOWN_NAME = "Maple Street"


@dataclass(frozen=True)
class Member:
    """One person: a short name, how others call them, the site where they sign in, what they are there for.

    `role` is the role of their key in the record; empty for residents, who have none.
    """

    who: str
    title: str
    site: str
    role: str
    does: str


MEMBERS = (
    Member("ana", "Ana", "hub", "", "has a camera over her porch, and shares"),
    Member("omar", "Omar", "hub-omar", "", "has a camera too, and nothing to answer"),
    Member("diaz", "Det. Diaz", "portal", "officer", "asks for footage and opens what is shared"),
    Member("kim", "Sgt. Kim", "portal", "supervisor", "countersigns, or returns, what Diaz asks"),
    Member("registrar", "Ms. Ito", "portal", "registrar", "names the agency's officers, ends lost keys"),
    Member("okafor", "Ms. Okafor", "portal", "reviewer", "reads everything for the people, can suspend"),
    Member("bell", "Mr. Bell", "portal", "clerk", "acts for the elected body; can end a partnership"),
    Member("council-2", "Ms. Lind", "portal", "clerk", "holds the second key of the elected body"),
    Member("reyes", "Ms. Reyes", "portal", "defence", "public defender; can stop a clip's destruction"),
)
BY_NAME = {member.who: member for member in MEMBERS}


def write_accounts(people: Path, accounts: dict[str, Account]) -> None:
    """Keep the cast's passwords and second factors in one private file."""
    stored = {who: [a.username, a.password, a.totp_secret] for who, a in accounts.items()}
    durable.write(people / "accounts.json", json.dumps(stored).encode())


def read_accounts(people: Path) -> dict[str, Account]:
    """Return the accounts by short name."""
    stored = json.loads(durable.read_private(people / "accounts.json"))
    return {who: Account(*fields) for who, fields in stored.items()}
