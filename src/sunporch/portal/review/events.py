# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/events/` for everybody, and the page that puts a gathering on record before or after it.

An event only restricts: an appeal that touches its cells in its hours is refused, or needs a reviewer's signature, as
the town's rules say. So one reviewer may enter it, or the elected body with as many keys as it needs; it counts as
soon as it is recorded.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.docket.entries import Event
from sunporch.docket.fields import MOST_CELLS
from sunporch.policy import Bundle
from sunporch.portal.agencies.permissions import CLERK, Gate, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, TOGETHER_SECONDS, Refused, note_of, page, to_sign
from sunporch.portal.appeals import area, judging, streets
from sunporch.portal.appeals.forms import Moment, Where
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import words
from sunporch.portal.clerk import actions as clerk_actions
from sunporch.portal.record import public_record
from sunporch.web import signin

ANNOUNCERS = Gate(PAGES, "reviewer", CLERK)
KINDS = ("assembly", "worship", "vote", "other")
MOST_LISTED = 100


class EventForm(Where):
    """Which cells, from when to when, what kind of gathering."""

    kind = forms.ChoiceField(label=gettext_lazy("What is it?"), widget=forms.RadioSelect)
    from_ = Moment(label=gettext_lazy("From"))
    to = Moment(label=gettext_lazy("To"))

    def __init__(self, bundle: Bundle, *arguments: Any, **named: Any) -> None:
        super().__init__(bundle, *arguments, **named)
        self.fields["kind"].choices = [(kind, capfirst(words.code(kind))) for kind in KINDS]  # type: ignore[attr-defined]
        for name in ("kind", "from_", "to"):  # whoever only moves the map has not answered them yet
            self.fields[name].required = "around" not in self.data

    def check_number(self, cells: int) -> None:
        """Refuse more cells than an entry can hold; raises `ValidationError`."""
        if cells > MOST_CELLS:
            raise forms.ValidationError(
                gettext("These are %(cells)s cells. One entry holds %(most)s: enter it in parts.")
                % {"cells": cells, "most": MOST_CELLS}
            )

    def clean(self) -> dict[str, Any]:
        """Refuse an event that touches no cell of the town, or that ends before it begins."""
        given = super().clean() or self.cleaned_data
        if "around" in self.data:
            return given
        if "cells" in given and not any(cell in self.bundle.grid for cell in given["cells"]):
            self.add_error("cells", gettext("Choose the cells of the town in which people gather."))
        if given.get("from_") is not None and given.get("to") is not None and given["to"] <= given["from_"]:
            self.add_error("to", gettext("It has to end after it begins."))
        return given


@signin.page(ANNOUNCERS)
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """`/work/events/`: what, where and when; then the same in words, to be signed."""
    now = public_record().now()
    bundle = judging.rules_in_force(now)[1]
    form = EventForm(bundle, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if "around" in request.POST:
            cells = form.around()
            if cells is not None:
                form = EventForm(bundle, initial={**request.POST.dict(), "cells": " ".join(cells)})
        elif "change" in request.POST:
            form = EventForm(bundle, initial=request.POST.dict())
        else:
            return _checked(request, form, now)
    return page(request, "review/event.html", {"form": form, **form.shown()})


def _checked(request: HttpRequest, form: EventForm, now: int) -> HttpResponse:
    """Show what will be public and give it to be signed; take it in once it is signed."""
    person, refused = who(request), None
    together = person.role == CLERK
    if note_of(request):
        try:
            if together:
                return redirect(clerk_actions.begin(person, note_of(request), [], now))
            return redirect(board_entries.take(note_of(request), [], now))
        except Error as error:
            refused = Refused(error)
    given = form.cleaned_data
    fields = {"cells": given["cells"], "from_": given["from_"], "to": given["to"], "kind": given["kind"]}
    with public_record().reading() as state:
        until = now + (TOGETHER_SECONDS if together else ALONE_SECONDS)
        signing = to_sign(person, state, Event.TYPE, until, **fields)
    context = {
        "form": form,
        "kind": capfirst(words.code(given["kind"])),
        "from_time": given["from_"],
        "to_time": given["to"],
        "appeal": form.shown()["chosen"] | {"cells": given["cells"]},
        "picture": area.picture(form.bundle, given["cells"], streets.known().lines),
        "signing": signing,
        "together": together,
    }
    return page(request, "review/event_check.html", context, refused)


def told(event: Event) -> dict[str, Any]:
    """Return in words what kind of gathering it is, when, and how large its area."""
    return {
        "kind": capfirst(words.code(event.kind)),
        "from_time": event.from_,
        "to_time": event.to,
        "cells": len(event.cells),
        "hectares": area.hectares(len(event.cells)),
    }


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """`/events/`: the gatherings that appeals have to respect: those to come first, then those that were."""
    now = public_record().now()
    with public_record().reading() as state:
        every: list[dict[str, Any]] = [
            told(event) | {"index": index, "over": event.to <= now} for index, event in state.events.items()
        ]
        town = board_pages.town(state)
    coming = sorted((one for one in every if not one["over"]), key=lambda one: one["from_time"])
    past = sorted((one for one in every if one["over"]), key=lambda one: -one["to_time"])
    context = {"town": town, "coming": coming[:MOST_LISTED], "past": past[:MOST_LISTED]}
    return board_pages.show(request, "review/events.html", context)
