# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub's pages: one that says how things stand, and the two that programs ask whether it lives.

Without a session every page is the same bytes in every home, whatever happened in it: all but the page that checks
films, which names the hub's key, and what a resident's own link shows (`hub.takeout.strangers`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from sunporch.base.errors import all_kinds
from sunporch.hub import household
from sunporch.hub.cameras.pages import cards
from sunporch.hub.errors import RECORD_UNREAD
from sunporch.hub.inbox.models import Alarm, Following
from sunporch.hub.permissions import name_of, reads
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import ENDED
from sunporch.hub.shares import actions as shares
from sunporch.hub.takeout import actions as links
from sunporch.hub.welcome import actions as welcome
from sunporch.hub.welcome.actions import Step
from sunporch.hub.welcome.pages import PAGES
from sunporch.web.signin import TOKEN


def around(request: HttpRequest) -> dict[str, Any]:
    """Django's context processor: the resident whose page it is (empty for anybody else), and where they are."""
    user = request.user if request.COOKIES.get(settings.SESSION_COOKIE_NAME) else None
    name = name_of(user) if isinstance(user, User) else ""
    place = request.path_info.split("/")[1] or "home"
    return {
        "resident": name,
        "here": {"coverings": "inbox", "releases": "shares", "links": "cameras"}.get(place, place),
    }


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """How things stand: to a resident what concerns the home, to anybody else only that a hub is here.

    A home that is being set up: its next question.
    """
    step = welcome.step()
    if step is not Step.OVER and (step is Step.ADULT or around(request)["resident"]):
        return redirect(PAGES[step])
    said: dict[str, Any] = {"resident": ""}
    if request.headers.get(TOKEN) or around(request)["resident"]:
        user = reads(request)
        live = shares.live()
        said = {
            "resident": name_of(user),
            "cards": cards(),
            "storage": household.vault().storage(),
            "dateless": household.vault().dateless(),
            "hub": household.hub(),
            "record": Following.objects.first() or Following(),
            "alarms": [_told(alarm) for alarm in Alarm.objects.filter(ended_at=None).order_by("-last_seen")],
            "live": live,
            "until": max((share.expires for share in live), default=0),
            "links": len(links.listed(household.clock().now())[0]),
            "underway": Release.objects.exclude(state__in=[state.value for state in ENDED]).count(),
        }
    return render(request, "hub/home.html", said)


def _told(alarm: Alarm) -> Alarm:
    """Return the alarm in the reader's language, where the catalogue has it; as it was raised, where it has not."""
    kind = all_kinds().get(alarm.kind)
    if kind is not None and kind.parameters <= set(alarm.params):
        alarm.what = gettext(kind.what).format(**alarm.params)
        alarm.next = gettext(kind.next).format(**alarm.params)
    return alarm


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the site answers."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say that the worker has tried to read the record since it began; no answer depends on what the home holds."""
    del request
    begun = Following.objects.exclude(tried_at=0).exists()
    if begun:
        return HttpResponse("ready\n", content_type="text/plain")
    return HttpResponse(f"{RECORD_UNREAD().what}\n", status=503, content_type="text/plain")
