# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/clips/` and `/work/device/`: the pages that work with the keys in a person's own browser.

They hold no key and open nothing: the modules that they name do, with what the API serves to every recipient.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.csp import CSP
from django.utils.translation import gettext
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from sunporch.docket.entries import ROLES
from sunporch.docket.lifecycle import ClipPhase
from sunporch.docket.state import State
from sunporch.portal.agencies import store as agency_store
from sunporch.portal.agencies.permissions import AGENCY_ROLES, CLERK, RECIPIENT_ROLES, REGISTRAR, Gate, who
from sunporch.portal.agencies.work import PAGES, page
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import words
from sunporch.portal.record import public_record
from sunporch.portal.viewer import store
from sunporch.portal.viewer.models import Clip, Remark
from sunporch.web import signin
from sunporch.web.settings import CONTENT_SECURITY_POLICY

_CLIPS = Gate(PAGES, *RECIPIENT_ROLES)
_DEVICE = Gate(PAGES, *ROLES, CLERK, REGISTRAR)
# What may stand in a Content-Security-Policy as an address: a custodian's name comes from the record.
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")


@signin.page(_CLIPS)
@require_safe
def clips(request: HttpRequest) -> HttpResponse:
    """`/work/clips/`: what was shared with the person, newest first."""
    person, now = who(request), public_record().now()
    rows = store.clips_of(person)
    found = store.found(rows, person.agency) if person.role in AGENCY_ROLES else {}
    with public_record().reading() as state:
        shown = [_shown(row, state, now) | _finding(found.get(row.c)) for row in rows]
    wanted = request.GET.get("found")
    context: dict[str, Any] = {"clips": [one for one in shown if wanted in (None, one["found"])]}
    if person.role in AGENCY_ROLES and shown:
        context["filters"] = [
            {"code": code, "words": words.triage(code), "n": sum(1 for one in shown if one["found"] == code)}
            for code in ("", "useful", "again", "not-useful")
        ]
        context |= {"wanted": wanted, "all": len(shown)}
    return page(request, "viewer/clips.html", context)


def _finding(remark: Remark | None) -> dict[str, Any]:
    """Return what lists say of an agency's finding; none yet is an unverified source."""
    code = remark.code if remark is not None else ""
    told = {"found": code, "found_words": words.triage(code)}
    return told | ({"found_by": remark.by, "found_note": remark.text} if remark is not None else {})


@signin.page(_CLIPS)
@require_safe
def clip(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/clips/<index>/`: one clip; the only page whose policy lets it talk to the clip's custodian."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        row = store.clip_of(person, index)
        shown = _shown(row, state, now)
        custodian = state.key_at(state.disclosures[index].custodian)
    context = {"clip": shown, "now": now, "words": _viewer_words()}
    answer = page(request, "viewer/clip.html", context)
    allowed = [CSP.SELF, *custodians_origin(custodian.url if custodian is not None else "")]
    policy = {**CONTENT_SECURITY_POLICY, "connect-src": allowed}
    return csp_override(policy)(lambda _: answer)(request)


@signin.page(_DEVICE)
@require_safe
def device(request: HttpRequest) -> HttpResponse:
    """`/work/device/`: the keys of this browser."""
    person = who(request)
    context = {
        "own": {"key": str(person.key.key), "x25519": person.key.x25519},
        "words": _device_words(),
        "may_lose": person.role in AGENCY_ROLES,
        "lost_at": agency_store.lost_at(person),
    }
    return page(request, "viewer/device.html", context)


def custodians_origin(url: str) -> list[str]:
    """Return the origin of a custodian's address as a source of a policy, nothing if it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc):
        return []
    return [f"{parts.scheme}://{parts.netloc}"]


def _shown(row: Clip, state: State, now: int) -> dict[str, Any]:
    """Return what the pages say of a clip."""
    shared = state.disclosures[row.disclosure or 0]
    custodian, asked = state.key_at(shared.custodian), state.requests.get(row.request)
    state_words, style = words.clip_phase(shared.phase(now))
    return {
        "disclosure": shared.index,
        "request": row.request,
        "offence": board_pages.offence_name(asked) if asked is not None else "",
        "expires": shared.lease_end,
        "left": shared.lease_end - now if not shared.ended(now) else 0,
        "live": not shared.ended(now),
        "state_words": state_words,
        "state_class": style,
        "size": row.sealed_size or 0,
        "custodian": custodian.name if custodian is not None else "",
    }


def _viewer_words() -> dict[str, str]:
    """Return the texts that the viewer's module shows."""
    return {
        "doing": gettext("under way"),
        "done": gettext("done"),
        "stopped": gettext("stopped here"),
        "opened": words.clip_phase(ClipPhase.OPENED)[0],
        "arrived": gettext("{n} of {of} MB are here."),
        "left": gettext("About {left} to go."),
        "whole": gettext("All of it was compared: it is what the record commits to."),
        "entry": gettext("entry {n}"),
        "play": gettext("Play"),
        "pause": gettext("Pause"),
        "where": gettext("{time} s of {of} s, frame {frame}"),
        "covered": gettext("where the resident chose"),
        "uncovered": gettext("nothing"),
        "sound": gettext("yes"),
        "silent": gettext("none"),
        "anew": gettext("Every picture was encoded anew at home; none is the camera's own bytes."),
        "original": gettext("The camera's own bytes, cut."),
        "home": gettext("The home"),
        "moment": gettext("at {at} s"),
        "recorded": gettext("on record as entry {n}"),
        "none": gettext("None yet."),
        "closed": gettext("Messages that this browser's keys do not open: {n}."),
    }


def _device_words() -> dict[str, str]:
    """Return the texts that the device page's module shows."""
    return {
        "enrolled": gettext("on the public record"),
        "waiting": gettext("not on the public record"),
        "use": gettext("You can sign and open clips in this browser."),
        "signs": gettext("You can sign in this browser."),
        "tell": gettext("Give both texts below to your registrar, who enrols {name}."),
    }
