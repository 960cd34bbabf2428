# SPDX-License-Identifier: AGPL-3.0-or-later
"""The PIN before the inbox: a short secret of each resident, for whoever holds their unlocked phone is not they.

Asked once an hour in a browser; programs send it with each question. Five wrong ones, and everybody waits.
"""

from __future__ import annotations

import re

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.http import HttpRequest

from sunporch.hub.errors import INBOX_LOCKED, PIN_REFUSED, PIN_SPENT, PIN_WRONG
from sunporch.hub.guessing import count_try, forget
from sunporch.hub.preferences.models import Preference
from sunporch.web.sessions import WALL

HEADER = "X-Inbox-Pin"
OPENED = "inbox_opened_at"
OPEN_SECONDS = 3_600
LEAST_DIGITS, MOST_DIGITS = 4, 12
_PIN = re.compile(rf"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}", re.ASCII)


def has_pin(user: User) -> bool:
    """Say whether the resident set a PIN."""
    return Preference.objects.filter(user=user).exclude(pin="").exists()


def check_open(request: HttpRequest, user: User) -> None:
    """Raise `hub.inbox-locked` where the resident set a PIN and it was not given; a wrong one as `give` does."""
    if not has_pin(user):
        return
    untrusted_pin = request.headers.get(HEADER, "")
    if untrusted_pin:
        check(user, untrusted_pin)
    elif not 0 <= WALL.now() - request.session.get(OPENED, 0) < OPEN_SECONDS:
        raise INBOX_LOCKED()


def give(request: HttpRequest, user: User, untrusted_pin: str) -> None:
    """Open the inbox in this session for an hour; raises `hub.pin-wrong`, `hub.pin-spent`."""
    check(user, untrusted_pin)
    request.session[OPENED] = WALL.now()


def check(user: User, untrusted_pin: str) -> None:
    """Raise `hub.pin-wrong`, or `hub.pin-spent` for a while after too many wrong ones."""
    row = Preference.objects.filter(user=user)
    kept = count_try(row, PIN_SPENT)
    if not check_password(untrusted_pin, kept.pin):
        raise PIN_WRONG()
    forget(row)


def choose(request: HttpRequest, user: User, untrusted_pin: str) -> None:
    """Set the resident's PIN, or none if it is empty; raises `hub.pin-refused`, and `hub.inbox-locked` before `give`.

    Whoever sets or removes it must have opened the inbox, or a PIN would keep nobody out.
    """
    check_open(request, user)
    if untrusted_pin and not _PIN.fullmatch(untrusted_pin):
        raise PIN_REFUSED(least=LEAST_DIGITS, most=MOST_DIGITS)
    hashed = make_password(untrusted_pin) if untrusted_pin else ""
    Preference.objects.update_or_create(user=user, defaults={"pin": hashed, "tries": 0, "wait_until": 0})
    request.session[OPENED] = WALL.now()
