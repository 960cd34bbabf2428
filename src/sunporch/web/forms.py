# SPDX-License-Identifier: AGPL-3.0-or-later
"""allauth's forms without placeholders: a label stays, a placeholder vanishes as one types (WCAG 3.3.2)."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils.translation import gettext_lazy


class _Plain:
    """Mixed into a form: its fields lose their placeholders."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for field in self.fields.values():  # type: ignore[attr-defined]  # of the form that this is mixed into
            field.widget.attrs.pop("placeholder", None)


class Login(_Plain, LoginForm):  # type: ignore[misc]  # allauth has no type hints
    """Name and password."""


class PasswordAgain(_Plain, ReauthenticateForm):  # type: ignore[misc]
    """The password of whoever is signed in."""


class NewPassword(_Plain, ChangePasswordForm):  # type: ignore[misc]
    """Another password, by whoever knows the one there is."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name, label in (
            ("oldpassword", gettext_lazy("Your password now")),
            ("password1", gettext_lazy("New password")),
            ("password2", gettext_lazy("The same again")),
        ):
            self.fields[name].label = label
        self.fields["password1"].help_text = ""  # the page says it above


class Code(_Plain, AuthenticateForm):  # type: ignore[misc]
    """The second factor while signing in."""


class CodeAgain(_Plain, CodeAgainForm):  # type: ignore[misc]
    """The second factor of whoever is signed in."""


class Passkey(_Plain, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and its name."""
