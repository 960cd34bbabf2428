# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/clips/reseal/`: a recipient seals clips that they can open for another device of the record.

The browser opens its own half and seals it to the key that it finds in the record; the API keeps what comes of it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from sunporch.docket.state import KeyState, State
from sunporch.portal.agencies import store as agency_store
from sunporch.portal.agencies.permissions import AGENCY_ROLES, RECIPIENT_ROLES, Gate, Person, who
from sunporch.portal.agencies.work import PAGES, page
from sunporch.portal.board import pages as board_pages
from sunporch.portal.record import public_record
from sunporch.portal.viewer import store
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

RESEALERS = Gate(PAGES, *RECIPIENT_ROLES)


def unsealed(person: Person, state: State, now: int) -> dict[str, list[int]]:
    """Return the devices for which the person could seal something: pseudonym -> clips that lack it, newest first."""
    rows = [row for row in store.clips_of(person) if not state.disclosures[row.disclosure or 0].ended(now)]
    named = {row.disclosure or 0: store.names_of(row) for row in rows}
    devices = [key for key in state.keys.values() if _may_receive(person, key)]
    found = {key.name: [index for index, names in named.items() if key.name not in names] for key in devices}
    return {name: indices for name, indices in found.items() if indices}


def _may_receive(person: Person, key: KeyState) -> bool:
    ours = key.role not in AGENCY_ROLES or key.agency == person.agency
    return key.live and bool(key.x25519) and key.role in RECIPIENT_ROLES and ours


@signin.page(RESEALERS)
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """`/work/clips/reseal/`: choose whose device."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        names = {one.key.name: one.full_name for one in agency_store.colleagues(person.agency, state)}
        found = [
            {"key": state.names[name], "full_name": names.get(name, ""), "missing": len(indices)}
            for name, indices in unsealed(person, state, now).items()
        ]
    # The newest device first: that is whose holder asks.
    shown: list[dict[str, Any]] = sorted(found, key=lambda one: -one["key"].index)
    return page(request, "viewer/devices.html", {"devices": shown})


@signin.page(RESEALERS)
@require_safe
def reseal(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/clips/reseal/<entry>/`: the clips that lack the device of that `key` entry; seal them for it."""
    person, now = who(request), public_record().now()
    with public_record().reading() as state:
        key = state.key_at(index)
        missing = unsealed(person, state, now).get(key.name, []) if key is not None else []
        if not missing:
            raise PAGE_ABSENT(where=request.path)
        clips = [
            {"index": clip, "ends": state.disclosures[clip].lease_end, "offence": _offence(person, clip, state)}
            for clip in missing
        ]
        context = {"key": key, "clips": clips, "words": _words()}
    return page(request, "viewer/reseal.html", context)


def _offence(person: Person, index: int, state: State) -> str:
    asked = state.requests.get(store.clip_of(person, index).request)
    return board_pages.offence_name(asked) if asked is not None else ""


def _words() -> dict[str, str]:
    """Return the texts that the page's module shows."""
    return {"doing": gettext("under way"), "done": gettext("sealed")}
