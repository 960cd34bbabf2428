# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings in a browser: language, PIN, who lives here, how long footage stays."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from sunporch.hub import household, permissions
from sunporch.hub.errors import LIMITS_BEYOND
from sunporch.hub.forms import form_page, posted, refused
from sunporch.hub.preferences import actions, pin
from sunporch.hub.recovery import actions as recovery
from sunporch.hub.setup import set_limits
from sunporch.hub.welcome import actions as welcome
from sunporch.hub.welcome.actions import Step
from sunporch.web.signin import square_of

GIB = 2**30
MOST_DAYS, MOST_GIB = 365, 100_000
_DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


class LanguageForm(forms.Form):
    """The language of pages and notices."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As the browser asks")), ("en", "English"), ("es", "Español")],
        required=False,
    )


class NewPinForm(forms.Form):
    """A new PIN, twice; both empty take it away."""

    pin = forms.CharField(
        label=gettext_lazy("New PIN"),
        help_text=gettext_lazy("4 to 12 digits. Leave it empty to have none."),
        required=False,
        widget=forms.PasswordInput(attrs=_DIGITS),
    )
    again = forms.CharField(
        label=gettext_lazy("The same again"), required=False, widget=forms.PasswordInput(attrs=_DIGITS)
    )

    def clean_again(self) -> str:
        """Both must be the same."""
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("pin"):
            raise forms.ValidationError(gettext_lazy("The two are not the same."))
        return again


@form_page
@permissions.page
@never_cache
def settings(request: HttpRequest) -> HttpResponse:
    """What this resident and this home prefer."""
    user, hub = permissions.resident(request), household.hub()
    form = LanguageForm(posted(request), initial={"language": actions.chosen_language(user)})
    if request.method == "POST" and form.is_valid():
        actions.choose_language(user, form.cleaned_data["language"])
        return redirect("settings")
    told = {
        "form": form,
        "has_pin": pin.has_pin(user),
        "adults": User.objects.order_by("-is_active", "first_name", "username"),
        "hub": hub,
        "recovery": (kept := recovery.present()),
        "since": recovery.shared_since(kept),
        "wait": gettext("%(least)s to %(most)s minutes, drawn at random")
        % {"least": hub.undo_seconds // 60, "most": (hub.undo_seconds + hub.undo_random_seconds) // 60},
    }
    return render(request, "hub/settings.html", told)


@form_page
@permissions.inbox_page
@never_cache
def pin_page(request: HttpRequest) -> HttpResponse:
    """Set the PIN before the inbox, or take it away; whoever has one gives it first."""
    user = permissions.resident(request)
    form = NewPinForm(posted(request))
    if request.method == "POST" and form.is_valid():
        refused(form, "pin", lambda: pin.choose(request, user, form.cleaned_data["pin"]))
        if not form.errors:
            return redirect("settings")
    return render(request, "hub/pin.html", {"form": form, "has_pin": pin.has_pin(user)})


class KeepForm(forms.Form):
    """How long and how much footage is kept."""

    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=MOST_DAYS)
    gib = forms.IntegerField(
        label=gettext_lazy("Gigabytes at most"),
        help_text=gettext_lazy("A usual camera (2 Mbit/s) fills about 20 GB a day."),
        min_value=1,
        max_value=MOST_GIB,
    )


@form_page
@permissions.page
@never_cache
def keep(request: HttpRequest) -> HttpResponse:
    """Change how long and how much footage is kept; also a question of the first run."""
    hub, storage = household.hub(), household.vault().storage()
    first_run = welcome.step() is Step.KEEP
    form = KeepForm(posted(request), initial={"days": hub.retention_days, "gib": max(1, hub.retention_bytes // GIB)})
    if request.method == "POST" and form.is_valid():
        days, most = form.cleaned_data["days"], form.cleaned_data["gib"] * GIB
        refused(form, "gib", lambda: _keep(days, most, storage.used_bytes + storage.free_bytes))
        if not form.errors:
            welcome.answered(Step.KEEP)
            return redirect("camera-add" if first_run else "settings")
    return render(request, "hub/keep.html", {"form": form, "storage": storage, "first_run": first_run})


def _keep(days: int, most_bytes: int, room: int) -> None:
    if most_bytes > room:
        raise LIMITS_BEYOND(where="gib", room=room // GIB)
    set_limits(household.settings_file(), days, most_bytes)


class AdultForm(forms.Form):
    """Another adult of this home."""

    name = forms.CharField(label=gettext_lazy("What the others call them"), max_length=80)
    username = forms.RegexField(
        r"^[a-z0-9._-]{2,40}\Z",
        label=gettext_lazy("Name for signing in"),
        help_text=gettext_lazy("Small letters, digits, dots and hyphens."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )


@form_page
@permissions.page
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no type hints
@never_cache
def access(request: HttpRequest, adult_id: int) -> HttpResponse:
    """Another password and code for an adult, shown once; or the end of their access."""
    person = actions.find_resident(pk=adult_id)
    own = person == permissions.resident(request)
    form = forms.Form(posted(request))
    if request.method == "POST" and form.is_valid():
        renewed = actions.renew_access(person) if "renew" in request.POST else None
        ended = None if renewed else refused(form, None, lambda: actions.end_access(person))
        if own and (renewed or ended):
            logout(request)  # this browser's session went with the others
        if renewed:
            return _shown_once(request, person.first_name or person.username, renewed)
        if ended:
            return redirect("settings")
    told = {"form": form, "person": person, "own": own, "can_end": actions.can_end(person)}
    return render(request, "hub/access.html", told)


def _shown_once(request: HttpRequest, name: str, made: tuple[str, str, str]) -> HttpResponse:
    username, password, secret = made
    told = {"name": name, "username": username, "password": password, "secret": secret}
    return render(request, "hub/adult_added.html", told | {"square": square_of("Home hub", username, secret)})


@form_page
@permissions.page
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no type hints
@never_cache
def adult(request: HttpRequest) -> HttpResponse:
    """Add an adult; their password and second factor are shown once and kept nowhere."""
    form = AdultForm(posted(request))
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        made = refused(form, "username", lambda: actions.add_resident(wanted["username"], wanted["name"]))
        if made is not None:
            return _shown_once(request, wanted["name"], made)
    return render(request, "hub/adult.html", {"form": form})
