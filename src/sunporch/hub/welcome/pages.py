# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first run in a browser, one question a page: the code from the terminal, the first adult, their language.

How long footage is kept and the first camera are asked by the same pages as later (`settings/keep/`, `cameras/add/`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from allauth.mfa.totp.internal.auth import generate_totp_secret, validate_totp_code
from allauth.mfa.utils import decrypt, encrypt
from django import forms
from django.contrib.auth import login
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from sunporch.hub import permissions
from sunporch.hub.forms import form_page, posted, refused
from sunporch.hub.preferences import actions as preferences
from sunporch.hub.preferences.pages import AdultForm, LanguageForm
from sunporch.hub.welcome import actions
from sunporch.hub.welcome.actions import NewAdult, Step
from sunporch.web.limits import Limit
from sunporch.web.signin import square_of

type View = Callable[..., HttpResponse]

# In the session of whoever typed the code; and what they said of themselves, the secret sealed.
LET_IN, ADULT = "first_run_let_in", "first_run_adult"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# The pages that answer each question.
PAGES = {
    Step.ADULT: "welcome",
    Step.LANGUAGE: "welcome-language",
    Step.KEEP: "keep",
    Step.CAMERA: "camera-add",
    Step.OVER: "home",
}
_asks = Limit(permissions.WRITES_A_MINUTE, permissions.MINUTE)


def next_page() -> str:
    """Return the name of the page that asks the next question."""
    return PAGES[actions.step()]


def first(view: View) -> View:
    """Lead to the first run where nobody lives here yet: nobody could sign in."""

    @functools.wraps(view)
    def led(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
        if actions.step() is Step.ADULT:
            return redirect("welcome")
        return view(request, *arguments, **named)

    return led


def _before(view: View) -> View:
    """Show a page only while nobody lives here, so many times a minute."""

    @functools.wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        _asks.spend(request)
        if actions.step() is not Step.ADULT:
            return redirect("home")
        return view(request)

    return shown


def _let_in(view: View) -> View:
    """Show a page only to whoever typed the set-up code."""

    @functools.wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        if not request.session.get(LET_IN):
            return redirect("welcome")
        return view(request)

    return _before(shown)


class CodeForm(forms.Form):
    """The set-up code."""

    code = forms.CharField(
        label=gettext_lazy("Set-up code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )


@form_page
@never_cache
@_before
def welcome(request: HttpRequest) -> HttpResponse:
    """Ask for the code that only who started the hub has seen."""
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        refused(form, "code", lambda: actions.check_code(form.cleaned_data["code"]))
        if not form.errors:
            request.session.cycle_key()
            request.session[LET_IN] = True
            return redirect("welcome-adult")
    return render(request, "hub/welcome.html", {"form": form})


class FirstAdultForm(AdultForm):
    """The first adult, with a password of their own."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least 12 characters. Three or four words that belong to nobody are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        validators=[validate_password],
    )
    again = forms.CharField(
        label=gettext_lazy("The same again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        """It speaks to the adult themselves."""
        super().__init__(data)
        self.fields["name"].label = gettext_lazy("Your name, as the others of this home call you")

    def clean_again(self) -> str:
        """Both must be the same."""
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise forms.ValidationError(gettext_lazy("The two are not the same."))
        return again


@form_page
@never_cache
@_let_in
def adult(request: HttpRequest) -> HttpResponse:
    """Ask who they are; nothing is added before the second factor is confirmed."""
    form = FirstAdultForm(posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        request.session[ADULT] = {
            "name": said["name"],
            "username": said["username"],
            "password": make_password(said["password"]),
            "secret": encrypt(generate_totp_secret()),
        }
        return redirect("welcome-factor")
    return render(request, "hub/welcome_adult.html", {"form": form})


class FactorForm(forms.Form):
    """The first code of the app."""

    code = forms.CharField(
        label=gettext_lazy("The six digits that it shows now"),
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


@form_page
@never_cache
@_let_in
def factor(request: HttpRequest) -> HttpResponse:
    """Show the second factor's secret; a right code adds the adult and signs them in."""
    kept = request.session.get(ADULT)
    if kept is None:
        return redirect("welcome-adult")
    person = NewAdult(**(kept | {"secret": decrypt(kept["secret"])}))
    form = FactorForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if not validate_totp_code(person.secret, form.cleaned_data["code"].replace(" ", "")):
            form.add_error("code", gettext_lazy("This is not the code. Wait for the next one and type that."))
        elif (user := refused(form, None, lambda: actions.add_first(person))) is not None:
            del request.session[ADULT], request.session[LET_IN]
            login(request, user, backend=BACKEND)
            return redirect("welcome-language")
    told = {"form": form, "secret": person.secret, "square": square_of("Home hub", person.username, person.secret)}
    return render(request, "hub/welcome_factor.html", told)


@form_page
@permissions.page
@never_cache
def language(request: HttpRequest) -> HttpResponse:
    """Ask in which language pages and notices speak."""
    if actions.step() is not Step.LANGUAGE:
        return redirect(next_page())
    form = LanguageForm(posted(request))
    if request.method == "POST" and form.is_valid():
        preferences.choose_language(permissions.resident(request), form.cleaned_data["language"])
        actions.answered(Step.LANGUAGE)
        return redirect(next_page())
    return render(request, "hub/welcome_language.html", {"form": form})


@require_POST
@permissions.page
def later(request: HttpRequest) -> HttpResponse:
    """End the first run without a camera."""
    del request
    actions.answered(Step.CAMERA)
    return redirect(next_page())
