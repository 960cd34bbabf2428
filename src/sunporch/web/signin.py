# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in: password, then the second factor, or a passkey; by allauth, and only the addresses that are needed.

Programs sign in through allauth.headless' app client and send `X-Session-Token`. Browsers sign in through pages and
send the session cookie, which counts for a change only together with the CSRF token: no other site's page has that.
"""

from __future__ import annotations

import functools
import io
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import segno
from allauth.account import views as account_views
from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.account.views import LoginView, SessionView
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from allauth.headless.mfa.views import AuthenticateView
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import views as factor_views
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn import views as passkey_views
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import path, reverse
from ninja.utils import check_csrf

from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.web.errors import FORM_FOREIGN, SECOND_FACTOR_MISSING, SIGN_IN_NEEDED
from sunporch.web.limits import hashed_address

if TYPE_CHECKING:
    from django.urls import URLPattern

type View = Callable[..., HttpResponseBase]

TOKEN = "X-Session-Token"  # noqa: S105 - the name of a header
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NONCE_BYTES = 12
_PASSWORD_BYTES = 15


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type hints
    """Accounts are made by an operator at the command line, and addresses are never kept as they are."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Nobody signs up."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002  # allauth's signature
        """Return the page that says so."""
        return f"{reverse('account_change_password')}?changed"

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
    user = User(username=username, first_name=full_name)
    return (user, *renew_person(user))


def renew_person(user: User) -> tuple[str, str]:
    """Give an account without a second factor a random password and TOTP secret, to be shown once."""
    password, secret = secrets.token_urlsafe(_PASSWORD_BYTES), generate_totp_secret()
    user.set_password(password)
    user.save()
    TOTP.activate(user, secret)
    return password, secret


def chosen_person(username: str, full_name: str, hashed_password: str, totp_secret: str) -> User:
    """Make an account with a password and a TOTP secret that its person has chosen and seen."""
    user = User.objects.create(username=username, password=hashed_password, first_name=full_name)
    TOTP.activate(user, totp_secret)
    return user


def square_of(issuer: str, username: str, totp_secret: str) -> str:
    """Return the second factor as a QR code (SVG) that an authenticator app reads."""
    picture = io.BytesIO()
    uri = f"otpauth://totp/{quote(issuer)}:{quote(username)}?secret={totp_secret}&issuer={quote(issuer)}"
    segno.make(uri, error="m", micro=False).save(
        picture, kind="svg", xmldecl=False, svgns=False, border=4, light="white", svgclass="square", omitsize=True
    )
    return picture.getvalue().decode()


def has_second_factor(user: User) -> bool:
    """Say whether the account has an active TOTP."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def signed_in(request: HttpRequest) -> User:
    """Return the person of the `X-Session-Token`, or of the session cookie where there is no token.

    Raises `web.session-absent`, `web.form-foreign` (a cookie without the CSRF token) or `web.factor-missing`.
    A session exists only after the second factor was given, because an account that has one is asked for it; an
    account without one is refused here, so that nobody is let in by a missing row.
    """
    token = request.headers.get(TOKEN, "")
    user = _by_token(token) if token else _by_cookie(request)
    if user is None or not user.is_active:
        raise SIGN_IN_NEEDED(where=request.path)
    if not has_second_factor(user):
        raise SECOND_FACTOR_MISSING(where=user.get_username())
    return user


def session_of(request: HttpRequest) -> str:
    """Return the key of the session that asks: allauth's tokens are session keys too."""
    return request.headers.get(TOKEN, "") or request.session.session_key or ""


def page(gate: Callable[[HttpRequest], Any]) -> Callable[[View], View]:
    """Put a gate in front of a page: whoever is not signed in is led to the sign-in page, and back afterwards.

    What the gate returns is `request.auth`, as django-ninja has it for the API.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def gated(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            try:
                request.auth = gate(request)  # type: ignore[attr-defined]  # as ninja does
            except Error as error:
                if error.kind is not SIGN_IN_NEEDED:
                    raise
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            return view(request, *arguments, **named)

        gated.gate = gate  # type: ignore[attr-defined]  # for the matrix of addresses and roles
        return gated

    return decorate


def _by_token(token: str) -> User | None:
    found = authenticate_by_x_session_token(token)
    return found[0] if found is not None else None


def _by_cookie(request: HttpRequest) -> User | None:
    if not isinstance(request.user, User):
        return None
    if request.method not in SAFE_METHODS and check_csrf(request) is not None:
        raise FORM_FOREIGN(where=request.path)
    return request.user


# A name of ours: a site may put something in front of it.
sign_in = account_views.login


def page_urls() -> list[URLPattern]:
    """Return the addresses of the pages for signing in and out. The names are the ones that allauth looks up."""
    return [
        path("sign-in/", sign_in, name="account_login"),
        path("sign-in/code/", factor_views.authenticate, name="mfa_authenticate"),
        path("sign-in/passkey/", passkey_views.login_webauthn, name="mfa_login_webauthn"),
        path("sign-in/again/", account_views.reauthenticate, name="account_reauthenticate"),
        path("sign-in/again/code/", factor_views.reauthenticate, name="mfa_reauthenticate"),
        path("sign-in/again/passkey/", passkey_views.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
        path("sign-in/inactive/", account_views.account_inactive, name="account_inactive"),
        path("sign-in/password/", account_views.password_change, name="account_change_password"),
        path("sign-out/", account_views.logout, name="account_logout"),
        path("passkeys/", passkey_views.list_webauthn, name="mfa_list_webauthn"),
        path("passkeys/", passkey_views.list_webauthn, name="mfa_index"),
        path("passkeys/add/", passkey_views.add_webauthn, name="mfa_add_webauthn"),
        path("passkeys/<int:pk>/remove/", passkey_views.remove_webauthn, name="mfa_remove_webauthn"),
    ]


def urls() -> list[URLPattern]:
    """Return the addresses of signing in and out, below `_allauth/app/v1/`."""
    return [
        path("config", ConfigView.as_api_view(client=Client.APP), name="signin-config"),
        path("auth/login", LoginView.as_api_view(client=Client.APP), name="signin-login"),
        path("auth/2fa/authenticate", AuthenticateView.as_api_view(client=Client.APP), name="signin-factor"),
        path("auth/session", SessionView.as_api_view(client=Client.APP), name="signin-session"),
    ]
