# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in by allauth.headless' app client: password, then the second factor; only the four addresses it needs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.account.views import LoginView, SessionView
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from allauth.headless.mfa.views import AuthenticateView
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import path

from sunporch.base.digests import from_base64, to_base64
from sunporch.web.errors import SECOND_FACTOR_MISSING, SIGN_IN_NEEDED
from sunporch.web.limits import hashed_address

if TYPE_CHECKING:
    from django.urls import URLPattern

_NONCE_BYTES = 12
_PASSWORD_BYTES = 15


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type hints
    """Accounts are made by an operator at the command line, and addresses are never kept as they are."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Nobody signs up."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what allauth's rate limits count by: the hash under this hour's salt."""
        return hashed_address(request)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no type hints
    """Second-factor secrets are sealed under the site's secret key, so that a copied database signs nobody in."""

    def encrypt(self, text: str) -> str:
        """Return the text sealed with AES-256-GCM under a key derived from the site's secret."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return to_base64(nonce + AESGCM(_sealing_key()).encrypt(nonce, text.encode(), b""))

    def decrypt(self, encrypted_text: str) -> str:
        """Return what `encrypt` sealed."""
        data = from_base64(encrypted_text, "the second factor")
        return AESGCM(_sealing_key()).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], b"").decode()


def _sealing_key() -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sunporch/second-factor/v1")
    return kdf.derive(settings.SECRET_KEY.encode())


def new_person(username: str, full_name: str) -> tuple[User, str, str]:
    """Make an account with a random password and TOTP secret; return (user, password, secret) to be shown once."""
    password, secret = secrets.token_urlsafe(_PASSWORD_BYTES), generate_totp_secret()
    user = User.objects.create_user(username=username, password=password, first_name=full_name)
    TOTP.activate(user, secret)
    return user, password, secret


def has_second_factor(user: User) -> bool:
    """Say whether the account has an active TOTP."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def signed_in(request: HttpRequest) -> User:
    """Return the person of the `X-Session-Token`; raise `web.session-absent` or `web.factor-missing`.

    A session exists only after the second factor was given, because an account that has one is asked for it; an
    account without one is refused here, so that nobody is let in by a missing row.
    """
    token = request.headers.get("X-Session-Token", "")
    found = authenticate_by_x_session_token(token) if token else None
    if found is None or not found[0].is_active:
        raise SIGN_IN_NEEDED(where=request.path)
    user: User = found[0]
    if not has_second_factor(user):
        raise SECOND_FACTOR_MISSING(where=user.get_username())
    return user


def urls() -> list[URLPattern]:
    """Return the addresses of signing in and out, below `_allauth/app/v1/`."""
    return [
        path("config", ConfigView.as_api_view(client=Client.APP), name="signin-config"),
        path("auth/login", LoginView.as_api_view(client=Client.APP), name="signin-login"),
        path("auth/2fa/authenticate", AuthenticateView.as_api_view(client=Client.APP), name="signin-factor"),
        path("auth/session", SessionView.as_api_view(client=Client.APP), name="signin-session"),
    ]
