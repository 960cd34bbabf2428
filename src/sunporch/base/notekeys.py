# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys of signed notes (C2SP signed-note): verifier keys `name+hash+key` and the signers behind them.

Two types are used: 0x01 Ed25519 (log, people, custodians) and 0x04 timestamped Ed25519 cosignatures (witnesses,
C2SP tlog-cosignature). A key's id is `SHA256(name || 0x0A || type || public key)[:4]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sunporch.base.digests import from_base64, sha256, to_base64
from sunporch.base.errors import Error, ErrorKind

ED25519 = 0x01
COSIGNATURE = 0x04
# 1-128 characters, none of them Unicode white space, `+` or a control character. Spelled out because the `\s` of
# other languages is another set; the schemas of entries use this very pattern.
NAME = r"[^\u0000-\u0020+\u007f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{1,128}"
_P = 2**255 - 19  # the field of edwards25519 (RFC 8032 section 5.1)
_D = -121665 * pow(121666, -1, _P) % _P

KEY_MALFORMED = ErrorKind(
    "notekey.text-malformed",
    what="This is not a key of the form name+hash+key: {reason}.",
    next="Copy the key again from the community's record.",
)


def check_name(untrusted_name: str) -> str:
    """Return a key name: 1-128 characters, no white space, no `+`, no control characters (signed-note)."""
    if not re.fullmatch(NAME, untrusted_name):
        raise KEY_MALFORMED(reason="the name is empty, too long, or holds white space or +")
    return untrusted_name


def _root(square: int) -> int | None:
    """Return a square root in the field, or None (RFC 8032 section 5.1.3)."""
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square % _P:
        root = root * pow(2, (_P - 1) // 4, _P) % _P
    return root if root * root % _P == square % _P else None


def _weak_heights() -> frozenset[int]:
    """Return the y of the points whose order divides 8: under such a key anybody's signature is good.

    Order 1, 2, 4: y = 1, -1, 0. Order 8: doubling gives y = 0, so d*y^4 + 2*y^2 - 1 = 0.
    """
    heights = {0, 1, _P - 1}
    middle = _root(1 + _D)
    for sign in (1, -1):
        height = _root((-1 + sign * (middle or 0)) * pow(_D, -1, _P) % _P) if middle is not None else None
        heights |= {height, _P - height} if height is not None else set()
    return frozenset(heights)


_WEAK = _weak_heights()


def is_weak(public: bytes) -> bool:
    """Say whether a 32-byte Ed25519 key is a point of small order (in any spelling): it proves nothing."""
    return int.from_bytes(public, "little") % 2**255 % _P in _WEAK


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name and type."""

    name: str
    public: bytes
    type: int = ED25519

    @cached_property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before each signature by this key."""
        return sha256(self.name.encode(), b"\n", bytes([self.type]), self.public)[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.type]) + self.public)}"

    @classmethod
    def parse(cls, untrusted_text: str) -> VerifierKey:
        """Return the key, or raise `notekey.text-malformed`."""
        parts = untrusted_text.split("+", 2)
        if len(parts) != 3:
            raise KEY_MALFORMED(reason="it has not three parts")
        name = check_name(parts[0])
        try:
            data = from_base64(parts[2], "the key")
        except Error as error:
            raise KEY_MALFORMED(reason=error.what) from error
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise KEY_MALFORMED(reason="it is not an Ed25519 key of type 1 or 4")
        if is_weak(data[1:]):
            raise KEY_MALFORMED(reason="anybody could sign under it")
        key = cls(name, data[1:], data[0])
        if key.key_id.hex() != parts[1]:
            raise KEY_MALFORMED(reason="the hash does not belong to the key")
        return key

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Say whether the 64-byte Ed25519 signature is this key's over the message (RFC 8032)."""
        try:
            self._public_key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _public_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)


@dataclass(frozen=True)
class SignerKey:
    """A private key with its name and type; its text form is the C2SP `PRIVATE+KEY+name+hash+key`."""

    name: str
    seed: bytes
    type: int = ED25519

    @classmethod
    def generate(cls, name: str, type: int = ED25519) -> SignerKey:
        """Make a new key from the operating system's randomness."""
        return cls(check_name(name), Ed25519PrivateKey.generate().private_bytes_raw(), type)

    @cached_property
    def _private_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private_key.public_key().public_bytes_raw(), self.type)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature (RFC 8032)."""
        return self._private_key.sign(message)

    def __str__(self) -> str:
        """Return the public half only, so that a log line can never hold the secret."""
        return str(self.verifier)

    def __repr__(self) -> str:
        return f"SignerKey({self.verifier})"

    def secret_text(self) -> str:
        """Return the private text form, for a 0600 file."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{to_base64(bytes([self.type]) + self.seed)}"

    @classmethod
    def parse(cls, untrusted_text: str) -> SignerKey:
        """Return the signer of a private text form, or raise `notekey.text-malformed`."""
        parts = untrusted_text.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise KEY_MALFORMED(reason="it does not begin with PRIVATE+KEY")
        try:
            data = from_base64(parts[4], "the key")
        except Error as error:
            raise KEY_MALFORMED(reason=error.what) from error
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise KEY_MALFORMED(reason="it is not an Ed25519 key of type 1 or 4")
        signer = cls(check_name(parts[2]), data[1:], data[0])
        if signer.verifier.key_id.hex() != parts[3]:
            raise KEY_MALFORMED(reason="the hash does not belong to the key")
        return signer
