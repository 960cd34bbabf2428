# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what at home: every adult of the home may do everything, nobody else anything. And how often."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from sunporch.base.errors import Error
from sunporch.hub.errors import INBOX_LOCKED
from sunporch.hub.preferences import pin
from sunporch.hub.preferences.actions import speak_language_of
from sunporch.web import signin
from sunporch.web.limits import Limit
from sunporch.web.signin import SAFE_METHODS, signed_in

type View = Callable[..., HttpResponseBase]

MINUTE = 60
READS_A_MINUTE = 600
WRITES_A_MINUTE = 60
# Of somebody without an account, who has a link: pages and pieces of a film, and openings, each of which is counted.
LOOKS_A_MINUTE = 600
OPENINGS_A_MINUTE = 20
# Each decodes and encodes a whole clip.
PREVIEWS_A_MINUTE = 10
# Each decodes a few frames; a page of people shows one of each.
PICTURES_A_MINUTE = 300
# A page with a live picture asks three times a second; a home's pages may all come from one address.
LIVE_A_MINUTE = 2_000
_UNKEPT = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class Resident:
    """Lets a signed-in resident through, so many times a minute; raises `web.session-absent`, `web.rate-exceeded`."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit

    def __call__(self, request: HttpRequest) -> User:
        """Return the resident."""
        self._limit.spend(request)
        return signed_in(request)


reads = Resident(Limit(READS_A_MINUTE, MINUTE))
writes = Resident(Limit(WRITES_A_MINUTE, MINUTE))
previews = Resident(Limit(PREVIEWS_A_MINUTE, MINUTE))
pictures = Resident(Limit(PICTURES_A_MINUTE, MINUTE))
live = Resident(Limit(LIVE_A_MINUTE, MINUTE))


class Page:
    """The gate of a page: looking spends reads, sending a form writes; the page speaks its resident's language.

    `inbox` pages ask for the resident's PIN besides, where there is one; raises also `hub.inbox-locked`.
    """

    def __init__(self, *, inbox: bool = False) -> None:
        self._inbox = inbox

    def __call__(self, request: HttpRequest) -> User:
        """Return the resident."""
        user = (reads if request.method in SAFE_METHODS else writes)(request)
        speak_language_of(user, request)
        if self._inbox:
            pin.check_open(request, user)
        return user


class Inbox:
    """The gate of the inbox for programs and modules: `Resident`, and the PIN where the resident has one."""

    def __init__(self, gate: Resident) -> None:
        self._gate = gate

    def __call__(self, request: HttpRequest) -> User:
        """Return the resident."""
        user = self._gate(request)
        pin.check_open(request, user)
        return user


inbox = Inbox(reads)


def page(view: View) -> View:
    """Let residents see a page; whoever is not signed in is led to sign in, and back afterwards."""
    return signin.page(Page())(view)


def inbox_page(view: View) -> View:
    """Let residents see a page of the inbox; whose PIN was not given is led to give it, and back afterwards."""
    gated = signin.page(Page(inbox=True))(view)

    @functools.wraps(gated)
    def unlocked(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        try:
            return gated(request, *arguments, **named)
        except Error as error:
            if error.kind is not INBOX_LOCKED:
                raise
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('unlock')}?{query}")

    return unlocked


class Stranger:
    """The gate of a page that needs no account: it counts, and its answers ask not to be kept or indexed."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit

    def spend(self, request: HttpRequest) -> None:
        """Count a request, or raise `web.rate-exceeded`."""
        self._limit.spend(request)

    def __call__(self, view: View) -> View:
        """Put the gate in front of a page; it raises `web.rate-exceeded`."""

        @functools.wraps(view)
        def gated(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            self.spend(request)
            answer = view(request, *arguments, **named)
            for name, value in _UNKEPT.items():
                answer.headers[name] = value
            return answer

        return gated


looks = Stranger(Limit(LOOKS_A_MINUTE, MINUTE))
openings = Stranger(Limit(OPENINGS_A_MINUTE, MINUTE))


def name_of(user: User) -> str:
    """Return what the others of the home call a resident."""
    return user.first_name or user.get_username()


def resident(request: HttpRequest) -> User:
    """Return whom `Resident` let through."""
    user: User = request.auth  # type: ignore[attr-defined]  # ninja puts there what its auth returned
    return user
