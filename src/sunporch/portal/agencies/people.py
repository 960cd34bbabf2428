# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/people/`: a registrar names the agency's people in the record, and ends their keys.

Each page signs one entry with the registrar's own key in the registrar's own browser; `enrolment` takes nothing else.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sunporch.base.errors import Error
from sunporch.docket.entries import KeyEnd, KeyEntry, PartnershipCancel
from sunporch.docket.state import State
from sunporch.portal.agencies import enrolment, store
from sunporch.portal.agencies.forms import InviteForm
from sunporch.portal.agencies.models import Invitation
from sunporch.portal.agencies.permissions import REGISTRAR, Gate, Person, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, Refused, note_of, page, to_sign
from sunporch.portal.board import pages as board_pages
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.answers import said
from sunporch.web.errors import PAGE_ABSENT
from sunporch.web.limits import Limit

REGISTRARS = Gate(PAGES, REGISTRAR)
# Per hashed address and hour: more than any agency hires, far below a flood.
INVITATIONS = Limit(most=60, seconds=3600)
# Public for ever, so only these: none of them says anything about a person.
REASONS = (
    ("device lost", gettext_lazy("The device is lost or was stolen")),
    ("left the agency", gettext_lazy("The person left the agency or changed their work")),
    ("device replaced", gettext_lazy("The person has another device")),
)


def waiting(person: Person, state: State, now: int) -> dict[str, Any]:
    """Return what waits for a registrar, and the agency's people."""
    rows = [invitation_line(row, now) for row in store.invitations(person, state, now)]
    return {
        "to_enrol": [row for row in rows if row["stage"] == "keys"],
        "invited": [row for row in rows if row["stage"] != "keys"],
        "colleagues": store.colleagues(person.agency, state),
    }


def invitation_line(row: Invitation, now: int) -> dict[str, Any]:
    """Return what lists say of an invited person: `link` sent, `account` made, `keys` handed in, `signed`."""
    stage = "link" if row.user is None else "keys" if row.key else "account"
    if store.being_recorded(row):
        stage = "signed"
    return {"row": row, "stage": stage, "left": row.until - now}


@signin.page(REGISTRARS)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """`/work/people/`: everybody of the agency who can act here, and who is on the way."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        context = waiting(person, state, now) | {"agency_name": board_pages.agency_name(state, person.agency)}
    return page(request, "agencies/people.html", context)


@signin.page(REGISTRARS)
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """`/work/people/invite/`: name somebody, and get the link for them, which is shown once."""
    form = InviteForm(request.POST or None, initial={"pseudonym": f"officer-{secrets.token_hex(2)}"})
    if request.method == "POST" and form.is_valid():
        try:
            INVITATIONS.spend(request)
            made = enrolment.invite(who(request), enrolment.Wish(**form.cleaned_data), public_record().now())
            link = request.build_absolute_uri(reverse("invitation", args=[made.token]))
            return page(request, "agencies/invited.html", {"row": made.invitation, "link": link})
        except Error as error:  # what was written stays in the form
            told = said(error)
            form.add_error("pseudonym", f"{told['what']} {told['next']} [{told['id']}]")
    return page(request, "agencies/invite.html", {"form": form})


@signin.page(REGISTRARS)
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest, invitation: int) -> HttpResponse:
    """`/work/people/invited/<number>/`: compare the keys by voice, then sign the entry that enrols them."""
    person, now = who(request), public_record().now()
    row, refused = store.invited(person, invitation, now), None
    if request.method == "POST":
        try:
            return redirect(enrolment.enrol(person, invitation, note_of(request), now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        fields = enrolment.entry_fields(row)
        signing = to_sign(person, state, KeyEntry.TYPE, now + ALONE_SECONDS, **fields)
    return page(request, "agencies/enrol.html", invitation_line(row, now) | {"signing": signing}, refused)


@signin.page(REGISTRARS)
@require_POST
def take_back(request: HttpRequest, invitation: int) -> HttpResponse:
    """`POST /work/people/invited/<number>/drop/`: the person is not to be enrolled."""
    enrolment.take_back(who(request), invitation, public_record().now())
    return redirect("work-people")


@signin.page(REGISTRARS)
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/people/<index>/end/`: end one key, for everybody and at once."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        found = [one for one in store.colleagues(person.agency, state) if one.key.index == index]
    if not found:
        raise PAGE_ABSENT(where=request.path)
    refused = None
    if request.method == "POST":
        try:
            return redirect(enrolment.end_key(person, index, note_of(request), now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        signing = to_sign(person, state, KeyEnd.TYPE, now + ALONE_SECONDS, key=index)
    context = {"colleague": found[0], "reasons": REASONS, "signing": signing}
    return page(request, "agencies/end_key.html", context, refused)


@signin.page(REGISTRARS)
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """`/work/people/leave/`: the agency itself ends its partnership (R42); its clips stay until their end."""
    person, now = who(request), public_record().now()
    partnership, refused = person.key.index, None
    if request.method == "POST":
        try:
            return redirect(enrolment.leave(person, partnership, note_of(request), now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        open_appeals = state.open_requests(person.agency, now)
        context = {
            "agency_name": board_pages.agency_name(state, person.agency),
            "open": [board_pages.summary(state, asked, now) for asked in open_appeals],
            "live": sum(1 for clip in state.clips_of.get(person.agency, []) if not clip.ended(now)),
            "people": len(store.colleagues(person.agency, state)),
            "signing": to_sign(person, state, PartnershipCancel.TYPE, now + ALONE_SECONDS, partnership=partnership),
        }
    return page(request, "agencies/leave.html", context, refused)
