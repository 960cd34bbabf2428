# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings in a browser: language, PIN, who lives here, how long footage stays."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sunporch.hub import household, permissions
from sunporch.hub.forms import posted, refused
from sunporch.hub.preferences import actions, pin

_FORM_PAGE = require_http_methods(["GET", "HEAD", "POST"])
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


@_FORM_PAGE
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
        "adults": User.objects.filter(is_active=True).order_by("first_name", "username"),
        "hub": hub,
        "wait": gettext("%(least)s to %(most)s minutes, drawn at random")
        % {"least": hub.undo_seconds // 60, "most": (hub.undo_seconds + hub.undo_random_seconds) // 60},
    }
    return render(request, "hub/settings.html", told)


@_FORM_PAGE
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
