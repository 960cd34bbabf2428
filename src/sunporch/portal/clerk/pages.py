# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/partnerships/` and `/work/motions/`: the elected body ends a partnership; a second key signs too."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.docket import wire
from sunporch.docket.entries import Event, Partnership, PartnershipCancel, Policy
from sunporch.docket.state import PartnershipState, State
from sunporch.portal.agencies.permissions import CLERK, Gate, who
from sunporch.portal.agencies.work import PAGES, TOGETHER_SECONDS, Refused, note_of, page, to_countersign, to_sign
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import words
from sunporch.portal.clerk import actions, rules, store
from sunporch.portal.clerk.models import Motion, Proposal
from sunporch.portal.clerk.partner_form import KINDS
from sunporch.portal.record import public_record
from sunporch.portal.review import events
from sunporch.tlog.notes import Note
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

CLERKS = Gate(PAGES, CLERK)


def partners(state: State, now: int) -> list[dict[str, Any]]:
    """Return the partnerships in force or still to begin, newest first, with what hangs on each."""
    return [
        _partner(state, one, now)
        for one in sorted(state.partnerships.values(), key=lambda one: -one.index)
        if _lasts(one, now)
    ]


def former(state: State, now: int) -> list[dict[str, Any]]:
    """Return the partnerships that ended or lapsed, newest first."""
    gone = [one for one in state.partnerships.values() if not _lasts(one, now)]
    return [board_pages.partner(state, one, now) for one in sorted(gone, key=lambda one: -one.index)]


def approval(entry: Partnership, state: State, now: int) -> dict[str, Any]:
    """Return what pages say of a partnership that is not signed by everybody yet."""
    others = [one for one in state.partnerships.values() if one.agency == entry.agency]
    return {
        "name": entry.name,
        "agency": entry.agency,
        "kind": KINDS[entry.kind],
        "instrument": entry.instrument,
        "link": entry.link,
        "hearing": entry.hearing,
        "begins": entry.in_force_from,
        "ends": entry.ends,
        "comment_days": state.comment_days,
        "registrar": VerifierKey.parse(entry.registrar).name,
        "others": [board_pages.partner(state, one, now) for one in others],
    }


def line(row: Motion) -> dict[str, Any]:
    """Return what lists say of an entry that waits for another key."""
    return {"id": row.id, "what": words.what(row.type), "by": row.by, "made_at": row.made_at}


def proposal_line(row: Proposal) -> dict[str, Any]:
    """Return what lists say of something that is being written."""
    title = " ".join(row.answers.get(name, [""])[0] for name in ("name", "instrument")).strip()
    return {"id": row.pk, "title": title, "by": row.by, "changed_at": row.changed_at, "signed": store.waits(row)}


def _lasts(one: PartnershipState, now: int) -> bool:
    return one.cancelled_at is None and now < one.ends


def _partner(state: State, one: PartnershipState, now: int) -> dict[str, Any]:
    return {
        **board_pages.partner(state, one, now),
        "name": one.name,
        "agency": one.agency,
        "instrument": one.instrument,
        "in_force_from": one.in_force_from,
        "ends": one.ends,
        "suspended": one.suspended,
        "open": [board_pages.summary(state, asked, now) for asked in state.open_requests(one.agency, now)],
        "live": sum(1 for clip in state.clips_of.get(one.agency, []) if not clip.ended(now)),
        "frozen": sum(1 for clip in state.clips_of.get(one.agency, []) if clip.frozen(now)),
        "people": sum(1 for key in state.keys.values() if key.live and key.agency == one.agency),
    }


@signin.page(CLERKS)
@require_safe
def partnerships(request: HttpRequest) -> HttpResponse:
    """`/work/partnerships/`: who may ask, until when, and the way to end it."""
    now = public_record().now()
    with public_record().reading() as state:
        context = {"partners": partners(state, now), "former": former(state, now)}
    context["writing"] = [proposal_line(row) for row in store.proposals(Partnership.TYPE)]
    return page(request, "clerk/partnerships.html", context)


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/partnerships/<index>/end/`: what ends with it, and the signature that ends it."""
    person, now = who(request), public_record().now()
    refused = None
    if request.method == "POST":
        try:
            return redirect(actions.begin(person, note_of(request), [], now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        one = state.partnerships.get(index)
        if one is None:
            raise PAGE_ABSENT(where=request.path)
        context = {
            "partner": _partner(state, one, now),
            "over": not _lasts(one, now),
            "threshold": state.threshold,
            "signing": to_sign(person, state, PartnershipCancel.TYPE, now + TOGETHER_SECONDS, partnership=index),
        }
    return page(request, "clerk/end.html", context, refused)


@signin.page(CLERKS)
@require_http_methods(["GET", "POST"])
def motion(request: HttpRequest, motion_id: str) -> HttpResponse:
    """`/work/motions/<id>/`: an entry of the community that waits for another signature."""
    person, now = who(request), public_record().now()
    refused = None
    row = store.motion(motion_id, now)
    if request.method == "POST":
        try:
            return redirect(actions.sign(person, motion_id, note_of(request), now))
        except Error as error:
            refused = Refused(error)
    with public_record().reading() as state:
        note = Note.parse(row.note.encode())
        signed = [key.name for key in note.verified(state.community_keys.values())]
        context = {
            **_shown(row, state, now),
            "here": request.build_absolute_uri(reverse("registrar", args=[row.id])),
            "row": row,
            "signed": signed,
            "threshold": state.threshold,
            "others": [name for name in state.community_keys if name not in signed],
            "text": note.text,
            "done": person.name in signed,
            "signing": to_countersign(person, row.note),
        }
    return page(request, "clerk/motion.html", context, refused)


def _shown(row: Motion, state: State, now: int) -> dict[str, Any]:
    """Return in words what the entry would do."""
    entry = wire.decode(Note.parse(row.note.encode()).text)[1]
    shown: dict[str, Any] = {"what": words.what(row.type)}
    if isinstance(entry, PartnershipCancel) and entry.partnership in state.partnerships:
        shown |= {"partner": _partner(state, state.partnerships[entry.partnership], now), "reason": entry.reason}
    if isinstance(entry, Partnership):
        key = VerifierKey.parse(entry.registrar)
        signed = bool(Note.parse(row.note.encode()).verified([key]))
        shown |= {"approval": approval(entry, state, now), "registrar_signed": signed}
    if isinstance(entry, Event):
        shown["gathering"] = events.told(entry)
    if isinstance(entry, Policy):
        shown |= rules.shown(rules.waiting(entry, row.blobs), state, now)
        shown |= {"in_force_from": entry.in_force_from, "closes": entry.open_requests == "close"}
        shown["comment_days"] = state.comment_days
    return shown


@signin.page(CLERKS)
@require_POST
def drop(request: HttpRequest, motion_id: str) -> HttpResponse:
    """`POST /work/motions/<id>/drop/`: it is not to be signed any more."""
    actions.drop(who(request), motion_id, public_record().now())
    return redirect("work")
