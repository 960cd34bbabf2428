# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/invitation/<token>/` and `/work/joining/`: an invited person makes an account, then keys in their own browser."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sunporch.base.errors import Error
from sunporch.portal.agencies import enrolment, store
from sunporch.portal.agencies.forms import JoinForm
from sunporch.portal.agencies.permissions import AGENCY_ROLES, NEWCOMER, OPERATOR, Gate, someone, who
from sunporch.portal.agencies.work import PAGES, Refused, page
from sunporch.portal.board import pages as board_pages
from sunporch.portal.errors import CODE_WRONG
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.answers import said
from sunporch.web.limits import Limit

# Per hashed address: nobody tries links, or codes, faster than a person types.
TRIES = Limit(most=30, seconds=60)
# Enrolled people pass too: they are led on.
JOINING = Gate(PAGES, NEWCOMER, *AGENCY_ROLES)
LOSING = Gate(PAGES, *AGENCY_ROLES)
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """`/invitation/<token>/`: password and second factor; whoever has the link may, once. Operators need no keys."""
    TRIES.spend(request)
    now = public_record().now()
    row = store.invitation_of(token, now)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            login(request, enrolment.accept(token, wanted["password"], wanted["code"], now), backend=_BACKEND)
            return redirect("work-machine" if row.role == OPERATOR else "work-joining")
        except Error as error:
            if error.kind is not CODE_WRONG:
                raise
            told = said(error)
            form.add_error("code", f"{told['what']} {told['next']} [{told['id']}]")
    secret = enrolment.totp_secret(row)
    with public_record().reading() as state:
        agency = board_pages.agency_name(state, row.agency)
        square = signin.square_of(state.origin, row.pseudonym, secret)
    context = {"form": form, "row": row, "agency_name": agency, "secret": secret, "square": square}
    context["operator"] = row.role == OPERATOR
    return render(request, "agencies/invitation.html", context)


@signin.page(JOINING)
@require_http_methods(["GET", "POST"])
def joining(request: HttpRequest) -> HttpResponse:
    """`/work/joining/`: make keys here, hand in their public halves, read their number to the registrar."""
    person, now = someone(request), public_record().now()
    if person.role != NEWCOMER:
        return redirect("work")
    refused = None
    if request.method == "POST":
        try:
            sent = request.POST
            enrolment.hand_in_keys(person.name, sent.get("key", ""), sent.get("x25519", ""), now)
            return redirect("work-joining")
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        (row,) = (one for one in store.invitations(person, state, now) if one.pseudonym == person.name)
    context = {"row": row, "signed": store.being_recorded(row)}
    return page(request, "agencies/joining.html", context, refused)


@signin.page(LOSING)
@require_POST
def lost(request: HttpRequest) -> HttpResponse:
    """`POST /work/device/lost/`: the device with the person's keys is lost; the registrar is told."""
    enrolment.lose(who(request), signin.session_of(request), public_record().now())
    return redirect("work-device")
