# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done about residents: adding one, how they sign in, ending that, choosing a language."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils import translation

from sunporch.hub.errors import ACCOUNT_EXISTS, ADULT_ABSENT, ADULT_LAST
from sunporch.hub.preferences.models import Preference
from sunporch.web.pings.actions import forget
from sunporch.web.sessions import end_sessions
from sunporch.web.signin import new_person, renew_person


@transaction.atomic
def add_resident(username: str, name: str) -> tuple[str, str, str]:
    """Add a resident; return (username, password, second-factor secret), which are shown once and kept nowhere.

    Raises `hub.account-exists`.
    """
    if User.objects.filter(username=username).exists():
        raise ACCOUNT_EXISTS(where=username)
    user, password, secret = new_person(username, name)
    Preference.objects.create(user=user)
    return user.get_username(), password, secret


def find_resident(**who: str | int) -> User:
    """Return the resident with this `pk` or `username`, or raise `hub.adult-absent`."""
    user = User.objects.filter(**who).first()
    if user is None:
        raise ADULT_ABSENT(where=str(next(iter(who.values()))))
    return user


@transaction.atomic
def renew_access(user: User) -> tuple[str, str, str]:
    """Give a resident another password and second factor, as `add_resident` returns them; what they had is void.

    Their passkeys and PIN go, too, and they are signed out everywhere. Who had no access any more has it again.
    """
    _void(user)
    user.is_active = True
    return (user.get_username(), *renew_person(user))


@transaction.atomic
def end_access(user: User) -> User:
    """End a resident's access; what they shared stays, for the others to stop. Raises `hub.adult-last`."""
    if not can_end(user):
        raise ADULT_LAST(where=user.get_username())
    _void(user)
    forget(user)
    user.is_active = False
    user.set_unusable_password()
    user.save()
    return user


def can_end(user: User) -> bool:
    """Say whether somebody else could still sign in."""
    return User.objects.filter(is_active=True).exclude(pk=user.pk).exists()


def _void(user: User) -> None:
    """Let nothing open any more that the resident signs in with."""
    Authenticator.objects.filter(user=user).delete()
    Preference.objects.filter(user=user).update(pin="")
    end_sessions(user)


def language_of(user: User) -> str:
    """Return the language in which notices speak to the resident."""
    return chosen_language(user) or "en"


def chosen_language(user: User) -> str:
    """Return the language that the resident chose, empty where the browser decides."""
    preference = Preference.objects.filter(user=user).first()
    return preference.language if preference else ""


def speak_language_of(user: User, request: HttpRequest) -> None:
    """Let this page speak what its resident chose, unless its address names a language (`/es/...`)."""
    chosen = chosen_language(user)
    if chosen and get_script_prefix() == "/":
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen


def choose_language(user: User, language: str) -> str:
    """Write down the resident's language; one that no page has becomes what the browser asks for."""
    known = {code for code, _ in settings.LANGUAGES}
    chosen = language if language in known else ""
    Preference.objects.update_or_create(user=user, defaults={"language": chosen})
    return chosen
