# SPDX-License-Identifier: AGPL-3.0-or-later
"""The six digits that a person of the cast would read from a phone (RFC 6238: SHA-1, 30 s, 6 digits)."""

from __future__ import annotations

import base64
import hmac
import secrets

PERIOD = 30
DIGITS = 6
SECRET_BYTES = 20


def new_secret() -> str:
    """Return a new shared secret, base32 (RFC 4648 section 6), as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def code(secret: str, now: int) -> str:
    """Return the code of the Unix second `now` for the base32 secret (RFC 6238 section 4, RFC 4226 section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), (now // PERIOD).to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    value = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{value % 10**DIGITS:0{DIGITS}d}"
