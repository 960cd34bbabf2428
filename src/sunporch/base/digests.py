# SPDX-License-Identifier: AGPL-3.0-or-later
"""SHA-256 and the two spellings of bytes that the house uses: lower-case hex and padded base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from sunporch.base.errors import ErrorKind

HASH_SIZE = 32

HEX_MALFORMED = ErrorKind(
    "digest.hex-malformed",
    what="{what} must be {size} bytes of lower-case hexadecimal.",
    next="Copy the value again from where it was shown.",
)
BASE64_MALFORMED = ErrorKind(
    "digest.base64-malformed",
    what="{what} is not standard padded base64.",
    next="Copy the value again from where it was shown.",
)


def sha256(*parts: bytes) -> bytes:
    """Return SHA-256 of the parts joined, 32 bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def from_hex(untrusted_text: str, size: int, what: str) -> bytes:
    """Return exactly `size` bytes from lower-case hex, or raise `digest.hex-malformed`."""
    if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", untrusted_text):
        raise HEX_MALFORMED(what=what, size=size)
    return bytes.fromhex(untrusted_text)


def to_base64(data: bytes) -> str:
    """Return standard padded base64 (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(untrusted_text: str, what: str) -> bytes:
    """Return the bytes of canonical padded base64, or raise `digest.base64-malformed`."""
    try:
        data = base64.b64decode(untrusted_text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BASE64_MALFORMED(what=what) from error
    if to_base64(data) != untrusted_text:  # non-zero trailing bits would give one value two spellings
        raise BASE64_MALFORMED(what=what)
    return data
