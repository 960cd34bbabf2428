# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registrar's form for an invitation, and the invited person's for an account."""

from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from sunporch.base.notekeys import NAME
from sunporch.portal.agencies.models import MAX_NAME

_PASSWORD = {"autocomplete": "new-password"}


class InviteForm(forms.Form):
    """Whom the registrar invites."""

    full_name = forms.CharField(
        label=_("Name of the person"),
        help_text=_("Colleagues read it, and reviewers. It never reaches the public record."),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            ("officer", _("Officer: writes appeals, opens clips")),
            ("supervisor", _("Supervisor: countersigns what officers ask, opens clips")),
        ],
        widget=forms.RadioSelect,
    )
    pseudonym = forms.RegexField(
        rf"^{NAME}\Z",
        label=_("Pseudonym in the public record"),
        help_text=_("For this device. It is used once and never again. No spaces, no +, and better not the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"invalid": _("A pseudonym has neither spaces nor +.")},
    )


class JoinForm(forms.Form):
    """The invited person's password, twice, and the first code of their app."""

    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("At least 12 characters; three or four words that do not belong together are good."),
        widget=forms.PasswordInput(attrs=_PASSWORD),
        strip=False,
    )
    again = forms.CharField(
        label=_("The same password again"), widget=forms.PasswordInput(attrs=_PASSWORD), strip=False
    )
    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_password(self) -> str:
        """Refuse what is short or common."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    def clean_again(self) -> str:
        """Refuse a slip of the finger."""
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise forms.ValidationError(_("The two are not the same."))
        return again
