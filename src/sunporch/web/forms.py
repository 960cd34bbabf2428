# SPDX-License-Identifier: AGPL-3.0-or-later
"""allauth's forms without placeholders: a label stays, a placeholder vanishes as one types (WCAG 3.3.2)."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm


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


class Code(_Plain, AuthenticateForm):  # type: ignore[misc]
    """The second factor while signing in."""


class CodeAgain(_Plain, CodeAgainForm):  # type: ignore[misc]
    """The second factor of whoever is signed in."""


class Passkey(_Plain, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and its name."""
