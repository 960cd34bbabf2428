# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a browser's session lasts: locked after 30 minutes without a page, over 12 hours after signing in.

CJIS Security Policy 5.9, AC-11 and IA-11. What a page asks for by itself (its calls of the API) keeps nothing open.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.signals import password_changed
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse

from sunporch.base.clock import Clock, SystemClock
from sunporch.web.language import PROGRAM_PATHS
from sunporch.web.settings import IDLE_SECONDS, SESSION_SECONDS

SINCE, SEEN = "signed_in_at", "seen_at"
# A session is written at most so often for being used (seconds).
SEEN_STEP_SECONDS = 60
# Waiting is real waiting: the town clock of a demo does not concern it.
WALL: Clock = SystemClock()


def _note_sign_in(sender: object, request: HttpRequest, **_: object) -> None:
    del sender
    request.session[SINCE] = request.session[SEEN] = WALL.now()


user_logged_in.connect(_note_sign_in, dispatch_uid="sunporch.web.sessions")


def end_sessions(user: User, but: str = "") -> None:
    """End every session of a person, browsers' and programs', except one by its key."""
    for session in Session.objects.all():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk) and session.session_key != but:
            session.delete()


def _note_password(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    del sender
    end_sessions(user, but=request.session.session_key or "")


password_changed.connect(_note_password, dispatch_uid="sunporch.web.sessions")


class SessionRules:
    """Middleware: signs out whose session is over, and notes that a page was used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, as nobody's where the session is over."""
        if request.headers.get("Cookie") and SESSION_KEY in request.session:
            now = WALL.now()
            # A session that does not say when it began is over.
            since, seen = (request.session.get(name, 0) for name in (SINCE, SEEN))
            if now - since >= SESSION_SECONDS or now - seen >= IDLE_SECONDS:
                logout(request)
            elif now - seen >= SEEN_STEP_SECONDS and not request.path.startswith(PROGRAM_PATHS):
                request.session[SEEN] = now
        return self._get_response(request)
