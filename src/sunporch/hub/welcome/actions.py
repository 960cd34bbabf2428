# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done in the first run. Each step is whole or not at all, so that it goes on after a restart."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.db import transaction

from sunporch.hub.errors import ADULT_PRESENT, SETUP_CODE_SPENT, SETUP_CODE_WRONG
from sunporch.hub.guessing import count_try, forget
from sunporch.hub.preferences.models import Preference
from sunporch.hub.welcome.models import FirstRun
from sunporch.web.signin import chosen_person

ONE = 1
# Letters and digits that nobody takes for another when they are read aloud or copied by hand.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_GROUP, _GROUPS = 4, 2


class Step(StrEnum):
    """The questions of the first run, in their order."""

    ADULT = "adult"
    LANGUAGE = "language"
    KEEP = "keep"
    CAMERA = "camera"
    OVER = ""


@dataclass(frozen=True)
class NewAdult:
    """The first adult before their second factor is confirmed; `password` is hashed."""

    name: str
    username: str
    password: str
    secret: str


def begin() -> str:
    """Make a set-up code where nobody lives here yet and return it, to be shown once at the terminal; else ''.

    Each start of the hub makes another: the one before counts no more.
    """
    if User.objects.exists():
        return ""
    groups = ["".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)]
    code = "-".join(groups)
    fresh = {"step": Step.ADULT.value, "code": _hashed(code), "tries": 0, "wait_until": 0}
    FirstRun.objects.update_or_create(id=ONE, defaults=fresh)
    return code


def step() -> Step:
    """Return the question that is answered next; `OVER` where the home is set up."""
    found = FirstRun.objects.filter(id=ONE).first()
    if found is None:
        return Step.OVER
    # Somebody may have added the first adult at the command line meanwhile.
    return Step.LANGUAGE if found.step == Step.ADULT and User.objects.exists() else Step(found.step)


def _plain(untrusted_code: str) -> str:
    return "".join(letter for letter in untrusted_code.upper() if letter in _LETTERS)


def _hashed(code: str) -> str:
    return make_password(_plain(code))


def check_code(untrusted_code: str) -> None:
    """Raise `hub.setupcode-wrong`, or `hub.setupcode-spent` for a while after too many wrong ones."""
    row = FirstRun.objects.filter(id=ONE)
    kept = count_try(row, SETUP_CODE_SPENT)
    if not kept.code or not check_password(_plain(untrusted_code), kept.code):
        raise SETUP_CODE_WRONG()
    forget(row)


@transaction.atomic
def add_first(adult: NewAdult) -> User:
    """Add the first adult and let the set-up code end with it; raises `hub.adult-present`."""
    if User.objects.exists():
        raise ADULT_PRESENT()
    user = chosen_person(adult.username, adult.name, adult.password, adult.secret)
    Preference.objects.create(user=user)
    FirstRun.objects.filter(id=ONE).update(step=Step.LANGUAGE.value, code="")
    return user


def answered(which: Step) -> Step:
    """Write down that a question is answered, where it was the next one; return the one after it."""
    order = list(Step)
    if step() is which:
        following = order[order.index(which) + 1]
        if following is Step.OVER:
            FirstRun.objects.filter(id=ONE).delete()
        else:
            FirstRun.objects.filter(id=ONE).update(step=following.value, code="")
    return step()
