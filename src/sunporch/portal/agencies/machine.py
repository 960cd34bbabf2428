# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/machine/`: the operator's only page. It shows how the machine is, and nothing that anybody did with it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sunporch.portal.agencies import store
from sunporch.portal.agencies.permissions import OPERATOR, Gate
from sunporch.portal.agencies.work import PAGES, page
from sunporch.portal.board import words
from sunporch.portal.board.checks import all_checks
from sunporch.web import signin

MACHINE = Gate(PAGES, OPERATOR)


@signin.page(MACHINE)
@require_safe
def machine(request: HttpRequest) -> HttpResponse:
    """Show what to do next, the checks of `sunporch portal doctor`, and what was done about accounts."""
    checks = all_checks(settings.SUNPORCH)
    found = {"bad": [one for one in checks if not one.good], "good": [one for one in checks if one.good]}
    acts = [
        {"at": one.at, "operator": one.operator, "about": one.about, "words": words.act(one.act)}
        for one in store.acts()
    ]
    return page(request, "agencies/machine.html", found | {"acts": acts})
