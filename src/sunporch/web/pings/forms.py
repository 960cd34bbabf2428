# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of the page "Notices"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from sunporch.web.pings.models import MAX_NAME, MAX_TARGET, When

HOURS = [(str(hour), f"{hour:02}:00 UTC") for hour in range(24)]


class ChoiceForm(forms.Form):
    """Whether this person wants notices at all, of what, and when."""

    wanted = forms.ChoiceField(
        choices=[("no", gettext_lazy("No")), ("yes", gettext_lazy("Yes"))], widget=forms.RadioSelect
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Of what?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    when = forms.ChoiceField(label=gettext_lazy("When?"), required=False, widget=forms.RadioSelect)
    hour = forms.ChoiceField(
        label=gettext_lazy("Hour of the daily notice"),
        choices=HOURS,
        required=False,
        widget=forms.Select(attrs={"data-hours": ""}),
    )

    def __init__(self, question: Any, topics: Mapping[str, Any], whens: Mapping[When, Any], **more: Any) -> None:
        super().__init__(**more)
        self.fields["wanted"].label = question
        for name, choices in (("topics", topics), ("when", whens)):
            self.fields[name].choices = list(choices.items())  # type: ignore[attr-defined]  # a choice field

    def clean(self) -> dict[str, Any]:
        """Whoever wants notices says of what and when."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("wanted") == "yes":
            if not given.get("topics"):
                self.add_error("topics", gettext_lazy("Choose at least one."))
            if not given.get("when"):
                self.add_error("when", gettext_lazy("Choose one."))
        return given


class MailForm(forms.Form):
    """An email address."""

    target = forms.EmailField(
        label=gettext_lazy("Email address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class PushForm(forms.Form):
    """A browser's subscription, which its module fills in, and what the browser calls itself."""

    target = forms.CharField(label=gettext_lazy("This browser"), max_length=MAX_TARGET, widget=forms.HiddenInput)
    name = forms.CharField(max_length=MAX_NAME, widget=forms.HiddenInput)


class AppriseForm(forms.Form):
    """An address in Apprise's form."""

    target = forms.CharField(
        label=gettext_lazy("Apprise address"),
        max_length=MAX_TARGET,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
