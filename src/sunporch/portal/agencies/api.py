# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/me` and `/acts`: who one is here, and what operators and registrars did."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from sunporch.docket.entries import ROLES
from sunporch.portal.agencies import store
from sunporch.portal.agencies.permissions import CLERK, NEWCOMER, OPERATOR, REGISTRAR, Gate, Person, someone
from sunporch.web.limits import Limit

router = Router(tags=["people"])

READS = Limit(most=1200, seconds=60)


class Me(Schema):
    """The signed-in person as the record knows them."""

    key: str
    index: int
    role: str
    agency: str


class Act(Schema):
    """One act of an operator or registrar."""

    at: int
    operator: str
    act: str
    about: str


@router.get("/me", auth=Gate(READS, *ROLES, CLERK, REGISTRAR, NEWCOMER, OPERATOR), response=Me)
def get_me(request: HttpRequest) -> Any:
    """Say who you are here: your key's name and index (-1: not on record), its role and agency in the record."""
    person = someone(request)
    index = person.key.index if isinstance(person, Person) else -1
    return Me(key=person.name, index=index, role=person.role, agency=person.agency)


@router.get("/acts", auth=Gate(READS, "reviewer"), response=list[Act])
def list_acts(request: HttpRequest) -> Any:
    """List what operators and registrars did about people, newest first: reviewers audit them (R45)."""
    del request
    return [Act(at=row.at, operator=row.operator, act=row.act, about=row.about) for row in store.acts()]
