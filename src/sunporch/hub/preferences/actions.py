# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done about residents: adding one, choosing a language."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils import translation

from sunporch.hub.errors import ACCOUNT_EXISTS
from sunporch.hub.preferences.models import Preference
from sunporch.web.signin import new_person


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
