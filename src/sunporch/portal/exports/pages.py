# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/exports/`: a supervisor sees who wants to hand over what of which clip, and signs or returns it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from sunporch.base.errors import Error
from sunporch.docket import entries
from sunporch.portal.agencies.permissions import AGENCY_ROLES, Gate, Person, who
from sunporch.portal.agencies.work import PAGES, Refused, note_of, page, to_countersign
from sunporch.portal.appeals.forms import Reason
from sunporch.portal.board import signing, words
from sunporch.portal.board import store as board_store
from sunporch.portal.board.models import OutgoingState
from sunporch.portal.exports import actions, store
from sunporch.portal.exports.models import Handover, HandoverState
from sunporch.portal.record import public_record
from sunporch.tlog.notes import Note
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

SIGNERS = Gate(PAGES, *sorted(AGENCY_ROLES))
SUPERVISOR = Gate(PAGES, "supervisor")

_STATES: dict[str, tuple[Any, str]] = {
    HandoverState.WAITING: (gettext_lazy("waiting for a supervisor"), "waiting"),
    HandoverState.RETURNED: (gettext_lazy("returned"), "ended"),
    "lapsed": (gettext_lazy("not signed in time"), "ended"),
    "queued": (gettext_lazy("signed by two, being recorded"), "waiting"),
    "recorded": (gettext_lazy("on the public record"), "open"),
    "void": (gettext_lazy("recorded, but does not count"), "ended"),
}


def entry_of(row: Handover) -> entries.Export | entries.Sharing:
    """Return the entry inside a kept handover."""
    return signing.entry_in(Note.parse(row.note.encode()), actions.KINDS[row.type])


def title_of(row: Handover) -> str:
    """Return the heading of a handover."""
    title = (
        gettext("Passing on clip %(number)s")
        if row.type == entries.Sharing.TYPE
        else gettext("A copy of clip %(number)s")
    )
    return title % {"number": row.disclosure}


def line(row: Handover) -> dict[str, Any]:
    """Return what lists say of an export: where it stands, by code and in words."""
    code, reason, index = str(row.state), row.reason, None
    if row.state == HandoverState.WAITING and public_record().now() > row.not_after:
        code = "lapsed"
    sent = board_store.outgoing(row.id) if row.state == HandoverState.SIGNED else None
    if sent is not None:
        code, index = str(sent.state), sent.index
        with public_record().reading() as state:
            if sent.state == OutgoingState.RECORDED and (sent.index is None or sent.index >= state.size):
                code = "queued"
        reason = str(words.reason(sent.reason)) if sent.reason else ""
    state_words, style = _STATES[code]
    shown = {
        "id": row.id,
        "title": title_of(row),
        "disclosure": row.disclosure,
        "officer": row.officer,
        "made_at": row.made_at,
    }
    return shown | {
        "recipient": words.code(entry_of(row).recipient),
        "code": code,
        "state": state_words,
        "state_class": style,
        "reason": reason,
        "index": index if code == "recorded" else None,
    }


def in_words(entry: entries.Sharing) -> dict[str, str]:
    """Return to whom a clip is passed on, on what legal ground and why, in words."""
    return {name: words.code(getattr(entry, name)) for name in ("recipient", "standard", "justification")}


def waiting(person: Person, now: int) -> list[dict[str, Any]]:
    """Return what waits for this supervisor's signature."""
    return [line(row) for row in store.waiting_for(person, now)]


@signin.page(SIGNERS)
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, export_id: str) -> HttpResponse:
    """`/work/exports/<id>/`: one copy, or one passing on; a supervisor signs it here."""
    person, now = who(request), public_record().now()
    refused = None
    if request.method == "POST":
        if person.role != "supervisor":
            raise PAGE_ABSENT(where=request.path)
        try:
            return redirect("work-signed", actions.countersign(person, export_id, note_of(request), now).id)
        except Error as error:
            refused = Refused(error)
    return _shown(request, store.handover_of(person, export_id), refused)


def _shown(request: HttpRequest, row: Handover, refused: Refused | None, form: Reason | None = None) -> HttpResponse:
    context: dict[str, Any] = {"row": row, "line": line(row), "entry": entry_of(row)}
    with public_record().reading() as state:
        shared = state.disclosures[row.disclosure]
        context |= {"copies": len(shared.exports), "openings": len(shared.accesses), "passed": len(shared.sharings)}
    if isinstance(context["entry"], entries.Sharing):
        context["passing"] = in_words(context["entry"])
    person = who(request)
    if context["line"]["code"] == HandoverState.WAITING and person.role == "supervisor":
        context |= {"signing": to_countersign(person, row.note), "reason_form": form or Reason()}
    return page(request, "exports/export.html", context, refused)


@signin.page(SUPERVISOR)
@require_POST
def send_back(request: HttpRequest, export_id: str) -> HttpResponse:
    """`POST /work/exports/<id>/return/`: with a reason that its officer reads."""
    person, form = who(request), Reason(request.POST)
    row = store.handover_of(person, export_id)
    if not form.is_valid():
        return _shown(request, row, None, form)
    try:
        actions.send_back(person, export_id, form.cleaned_data["reason"], public_record().now())
    except Error as error:
        return _shown(request, row, Refused(error))
    return redirect("work")
