# SPDX-License-Identifier: AGPL-3.0-or-later
"""X25519 keys to receive with, and the one HPKE suite of the house (RFC 9180)."""

from __future__ import annotations

import re

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sunporch.clip.errors import KEY_MALFORMED

SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def generate() -> str:
    """Return a new private key, 64 hex characters."""
    return X25519PrivateKey.generate().private_bytes_raw().hex()


def public(private: str) -> str:
    """Return the public key of a private one, both 64 hex characters; raises `clip.key-malformed`."""
    return load_private(private).public_key().public_bytes_raw().hex()


def load_private(untrusted: str) -> X25519PrivateKey:
    """Return the private key object; raises `clip.key-malformed`."""
    return X25519PrivateKey.from_private_bytes(_raw(untrusted))


def load_public(untrusted: str) -> X25519PublicKey:
    """Return the public key object; raises `clip.key-malformed`."""
    return X25519PublicKey.from_public_bytes(_raw(untrusted))


def encrypt(plaintext: bytes, public_hex: str, info: bytes) -> bytes:
    """Return the HPKE sealing (base mode, RFC 9180 section 6.1) as `enc || ciphertext`; raises `clip.key-malformed`.

    A public key of small order would let anybody open what is sealed to it (RFC 7748 section 6.1): it is refused.
    """
    try:
        return SUITE.encrypt(plaintext, load_public(public_hex), info=info)
    except ValueError as error:
        raise KEY_MALFORMED(where=public_hex) from error


def _raw(untrusted: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", untrusted):
        raise KEY_MALFORMED()
    return bytes.fromhex(untrusted)
