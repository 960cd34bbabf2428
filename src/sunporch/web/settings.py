# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings that both sites share, as one function of what differs.

A site's `settings.py` is `globals().update(site(name="portal", ...))` and nothing that a deployment may forget:
every choice that protects people is made here once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils.csp import CSP

# One database connection waits at most so long for another's write (seconds); then the request fails loudly.
DATABASE_WAIT_SECONDS = 20
# A JSON body beyond this is refused before it is parsed (bytes); uploads of clips stream, with limits of their own.
MAX_JSON_BYTES = 8 * 1024 * 1024
# CJIS Security Policy 5.9: a session ends 12 hours after signing in, and is locked after 30 minutes without a page.
SESSION_SECONDS = 12 * 3600
IDLE_SECONDS = 30 * 60

# 8-stack: `default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:`, no inline script or style.
CONTENT_SECURITY_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "media-src": [CSP.SELF, "blob:"],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

_APPS = [
    "sunporch.web",  # first: its templates are the ones that allauth's pages use
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
]
_MIDDLEWARE = [
    "sunporch.web.answers.OneErrorForm",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sunporch.web.language.PageLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sunporch.web.sessions.SessionRules",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]


def sqlite(path: Path) -> dict[str, Any]:
    """Return the `DATABASES` entry of the embedded database as 8-stack says.

    IMMEDIATE, because deferred transactions answer "database is locked" under load; `synchronous=FULL`, because
    NORMAL loses acknowledged commits in a power cut; foreign keys are switched on by Django itself.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": DATABASE_WAIT_SECONDS,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


def site(
    *,
    name: str,
    apps: Sequence[str],
    urlconf: str,
    context: str,
    database: Path,
    secret_key: str,
    hosts: Sequence[str],
) -> dict[str, Any]:
    """Return the Django settings of one site.

    `name` is `portal` or `hub` and names the cookies (cookies ignore ports); `apps` are the site's own; `context`
    names the context processor of what stands around each page; `hosts` the names under which it answers.
    """
    return {
        "SECRET_KEY": secret_key,
        "DEBUG": False,
        "ALLOWED_HOSTS": list(hosts),
        "INSTALLED_APPS": [*_APPS, *apps],
        "MIDDLEWARE": list(_MIDDLEWARE),
        "ROOT_URLCONF": urlconf,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request", context]},
            }
        ],
        "DATABASES": {"default": sqlite(database)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        # Rate limits and used second-factor codes live in memory only; nothing about addresses reaches a disk.
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "DATA_UPLOAD_MAX_MEMORY_SIZE": MAX_JSON_BYTES,
        "APPEND_SLASH": True,
        **_languages(),
        **_static(),
        **_hardening(name),
        **_sign_in(),
        **_logging(),
    }


def _languages() -> dict[str, Any]:
    return {
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [("en", "English"), ("es", "Español")],
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
    }


def _static() -> dict[str, Any]:
    return {"STATIC_URL": "/static/", "WHITENOISE_USE_FINDERS": True, "WHITENOISE_AUTOREFRESH": False}


def _hardening(name: str) -> dict[str, Any]:
    return {
        "SECURE_CSP": {directive: list(sources) for directive, sources in CONTENT_SECURITY_POLICY.items()},
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        # Nothing to other sites; our own forms must send where they came from (Django compares it against forgery).
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "SESSION_COOKIE_NAME": f"{name}_session",
        "SESSION_COOKIE_AGE": SESSION_SECONDS,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": f"{name}_csrf",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
    }


def _sign_in() -> dict[str, Any]:
    """Password and second factor by allauth.headless; nobody signs up, and no account works without TOTP."""
    return {
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "ACCOUNT_ADAPTER": "sunporch.web.signin.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*", "password2*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SESSION_REMEMBER": True,
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "/",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "/",
        "HEADLESS_CLIENTS": ("app",),
        "ACCOUNT_FORMS": {
            "login": "sunporch.web.forms.Login",
            "reauthenticate": "sunporch.web.forms.PasswordAgain",
            "change_password": "sunporch.web.forms.NewPassword",
        },
        "MFA_FORMS": {
            "authenticate": "sunporch.web.forms.Code",
            "reauthenticate": "sunporch.web.forms.CodeAgain",
            "add_webauthn": "sunporch.web.forms.Passkey",
        },
        "MFA_ADAPTER": "sunporch.web.signin.SecondFactorAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        # Browsers make and use passkeys on https and on localhost only; the site itself need not tell them apart.
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": True,
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
    }


def _logging() -> dict[str, Any]:
    """Warnings and errors to standard error, without addresses; no access log exists at all."""
    return {
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "{levelname} {name} {message}", "style": "{"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                # Every 4xx would be a line that names what somebody asked for; only failures of ours are written.
                "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
            },
        }
    }
