# SPDX-License-Identifier: AGPL-3.0-or-later
"""How pages for signed-in people are shown: whose page it is, where else that person works, what is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from sunporch.base.errors import Error
from sunporch.docket.custody import DAY
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import CLERK, NEWCOMER, OPERATOR, REGISTRAR, Person, someone
from sunporch.web.answers import said
from sunporch.web.limits import Limit

PAGES = Limit(most=600, seconds=60)
# Everybody who has a page of their own under /work/.
EVERYBODY = ("officer", "supervisor", "reviewer", "court", "prosecutor", "defence", CLERK, REGISTRAR)
# An entry that one person signs and sends at once is valid for an hour; one that others sign too, for most of a day.
ALONE_SECONDS = 3_600
TOGETHER_SECONDS = DAY - 3_600

_WORK = ("work", gettext_lazy("My work"))
_CLIPS = ("work-clips", gettext_lazy("Clips"))
_PLACES: dict[str, tuple[tuple[str, Any], ...]] = {
    "officer": (_WORK, ("work-appeals", gettext_lazy("Appeals")), _CLIPS),
    "supervisor": (_WORK, ("work-appeals", gettext_lazy("Appeals")), _CLIPS),
    "court": (_WORK, _CLIPS),
    "prosecutor": (_WORK, _CLIPS),
    "defence": (_WORK, _CLIPS),
    "reviewer": (
        _WORK,
        ("work-review", gettext_lazy("Review")),
        ("work-complaints", gettext_lazy("Complaints")),
        ("work-comments", gettext_lazy("Comments")),
    ),
    CLERK: (
        _WORK,
        ("work-rules", gettext_lazy("Rules")),
        ("work-partnerships", gettext_lazy("Partnerships")),
        ("work-event", gettext_lazy("Gatherings")),
        ("work-comments", gettext_lazy("Comments")),
    ),
    REGISTRAR: (_WORK, ("work-people", gettext_lazy("People"))),
    NEWCOMER: (),
    OPERATOR: (("work-machine", gettext_lazy("The machine")),),
}


@dataclass(frozen=True)
class Refused:
    """Why something that was handed in was not taken; shown at the top of the page that it came from."""

    error: Error


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], refused: Refused | None = None
) -> HttpResponse:
    """Show a page to the person who is signed in; nobody else's cache keeps it."""
    person = someone(request)
    places = [
        {"url": reverse(name), "title": title, "here": request.path == reverse(name)}
        for name, title in _PLACES.get(person.role, (_WORK,))
    ]
    shown = {"person": person, "work_places": places, "device_page": reverse("work-device"), **context}
    if refused is not None:
        shown["refused"] = said(refused.error)
    answer = render(request, template, shown)
    answer["Cache-Control"] = "private, no-store"
    return answer


def note_of(request: HttpRequest) -> str:
    """Return the signed note that a page's form sent. A form sends each line end as CR LF; a note has none."""
    return request.POST.get("note", "").replace("\r\n", "\n")


def to_sign(person: Person, state: State, entry_type: str, not_after: int, **fields: Any) -> dict[str, Any]:
    """Return what a page gives its browser to sign: an entry without the nonce, which the browser makes."""
    return {
        "name": person.name,
        "origin": state.origin,
        "type": entry_type,
        "fields": {name.rstrip("_"): value for name, value in fields.items()} | {"not_after": not_after},
    }


def to_countersign(person: Person, note: str) -> dict[str, Any]:
    """Return what a page gives its browser to sign where somebody has signed before."""
    return {"name": person.name, "note": note}
