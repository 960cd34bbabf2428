# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/me` and `/acts`: who one is here, and what operators did."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from sunporch.docket.entries import ROLES
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.agencies.permissions import CLERK, Gate, Person
from sunporch.web.limits import Limit

router = Router(tags=["people"])

READS = Limit(most=1200, seconds=60)
MAX_LISTED = 500


class Me(Schema):
    """The signed-in person as the record knows them."""

    key: str
    index: int
    role: str
    agency: str


class Act(Schema):
    """One act of an operator."""

    at: int
    operator: str
    act: str
    about: str


@router.get("/me", auth=Gate(READS, *ROLES, CLERK), response=Me)
def get_me(request: HttpRequest) -> Any:
    """Say who you are here: your key's name and index, its role and agency in the record."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return Me(key=person.name, index=person.key.index, role=person.role, agency=person.agency)


@router.get("/acts", auth=Gate(READS, "reviewer"), response=list[Act])
def list_acts(request: HttpRequest) -> Any:
    """List what operators did, newest first: reviewers audit them (R45)."""
    del request
    rows = AdminAct.objects.order_by("-pk")[:MAX_LISTED]
    return [Act(at=row.at, operator=row.operator, act=row.act, about=row.about) for row in rows]
