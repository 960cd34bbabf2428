# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/approvals/<n>/`: clerks approve or renew a partnership; `/registrar/<id>/`: its registrar signs.

Before a partnership is in force its registrar has no account. The address of what waits holds the hash of a text with
a random nonce in it: nobody guesses it, and who has it can read what will be public anyway, and add one signature.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Partnership
from sunporch.docket.state import PartnershipState, State
from sunporch.portal.agencies.permissions import who
from sunporch.portal.agencies.work import TOGETHER_SECONDS, Refused, note_of, page, to_sign
from sunporch.portal.board import pages as board_pages
from sunporch.portal.clerk import actions, decision_form, store
from sunporch.portal.clerk.models import Motion, Proposal
from sunporch.portal.clerk.pages import CLERKS, approval
from sunporch.portal.clerk.partner_form import Approval
from sunporch.portal.record import public_record
from sunporch.tlog.notes import Note
from sunporch.web import signin
from sunporch.web.answers import said
from sunporch.web.errors import PAGE_ABSENT
from sunporch.web.limits import Limit

KIND = "partnership"
USUAL_DAYS = 365
READS = Limit(most=600, seconds=60)
SIGNINGS = Limit(most=30, seconds=3600)


@signin.page(CLERKS)
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """`POST /work/partnerships/new/`: write a new approval, or (`renew`) one that begins from an earlier one."""
    renew, now = request.POST.get("renew", ""), public_record().now()
    with public_record().reading() as state:
        known = {str(index): one for index, one in state.partnerships.items()}
        old = known.get(renew)
        if renew and old is None:
            raise PAGE_ABSENT(where=request.path)
        answers = _again(old, decision_form.first_day(state.comment_days, now)) if old is not None else {}
    return redirect("work-approval", actions.propose(who(request), KIND, renew, answers, now).pk)


def _again(old: PartnershipState, first: int) -> dict[str, list[str]]:
    """Return the answers that a renewal begins from: it follows the old one, and needs a decision of its own."""
    begins = max(first, old.ends)
    days = {"in_force_from": begins, "ends": begins + USUAL_DAYS * DAY}
    texts = {"agency": old.agency, "name": old.name, "kind": old.kind, "registrar": str(old.registrar)}
    return {name: [value] for name, value in (texts | {name: _day(at) for name, at in days.items()}).items()}


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _form(row: Proposal, state: State, now: int, untrusted: Any = None) -> Approval:
    about = (state, state.comment_days, now)
    if untrusted is not None:
        return Approval(*about, untrusted)
    form = Approval(*about)
    form.initial = decision_form.shown_again(form, row.answers)
    return form


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, proposal: int) -> HttpResponse:
    """`/work/approvals/<n>/`: the form; what is typed is kept while it is typed (`autosave`)."""
    row, now = store.proposal(proposal, KIND), public_record().now()
    sent = request.POST if request.method == "POST" else None
    again = decision_form.sent_again(row.answers) if "wrong" in request.GET else None
    with public_record().reading() as state:
        form = _form(row, state, now, sent if sent is not None else again)
        valid = sent is not None and form.is_valid()
    if sent is not None:
        actions.write_on(row, decision_form.kept(form, sent), now)
        if "autosave" in sent:
            return HttpResponse(status=204)
        if valid:
            return redirect("work-approval-check", row.pk)
    return page(request, "clerk/approval_form.html", {"form": form, "proposal": row})


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, proposal: int) -> HttpResponse:
    """`/work/approvals/<n>/check/`: the partnership in words, and the signature."""
    person, row, now = who(request), store.proposal(proposal, KIND), public_record().now()
    with public_record().reading() as state:
        form = _form(row, state, now, decision_form.sent_again(row.answers))
        if not form.is_valid():
            return redirect(f"{request.path.removesuffix('check/')}?wrong")
    refused = None
    if request.method == "POST":
        try:
            return redirect(actions.begin_from(row, person, note_of(request), [], now))
        except Error as error:
            refused = Refused(error)
    fields = form.fields_of_entry()
    with public_record().reading() as state:
        context = {
            "approval": approval(Partnership(nonce="", not_after=0, **fields), state, now),
            "proposal": row,
            "threshold": state.threshold,
            "signing": to_sign(person, state, Partnership.TYPE, now + TOGETHER_SECONDS, **fields),
        }
    return page(request, "clerk/approval_check.html", context, refused)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def registrar(request: HttpRequest, motion_id: str) -> HttpResponse:
    """`/registrar/<id>/`: the agency's registrar reads what waits for their key, and signs it."""
    READS.spend(request)
    now = public_record().now()
    row, entry = store.approval(motion_id, now)
    refused = None
    if request.method == "POST":
        try:
            SIGNINGS.spend(request)
            actions.sign_as_registrar(motion_id, note_of(request), now)
            return redirect("registrar-signed", motion_id)
        except Error as error:
            refused = said(error)
    with public_record().reading() as state:
        key = VerifierKey.parse(entry.registrar)
        note = Note.parse(row.note.encode())
        context = {
            "town": board_pages.town(state),
            "approval": approval(entry, state, now),
            "row": row,
            "text": note.text,
            "name": key.name,
            "done": bool(note.verified([key])),
            "signing": {"name": key.name, "note": row.note},
            "refused": refused,
        }
    return render(request, "clerk/registrar.html", context)


@never_cache
@require_safe
def registrar_signed(request: HttpRequest, motion_id: str) -> HttpResponse:
    """`/registrar/<id>/signed/`: where it is now: waiting for keys of the community, or handed in."""
    READS.spend(request)
    waits = Motion.objects.filter(id=motion_id, type=Partnership.TYPE).exists()
    with public_record().reading() as state:
        context = {"town": board_pages.town(state), "waits": waits}
    return render(request, "clerk/registrar_signed.html", context)


@never_cache
@require_safe
def registrar_note(request: HttpRequest, motion_id: str) -> HttpResponse:
    """`/registrar/<id>/note`: the exact text with the signatures so far, to sign elsewhere."""
    READS.spend(request)
    row, _ = store.approval(motion_id, public_record().now())
    return HttpResponse(
        row.note,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{motion_id[:12]}.note"'},
    )
