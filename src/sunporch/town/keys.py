# SPDX-License-Identifier: AGPL-3.0-or-later
"""The private keys of the cast, as files that only this user can read; none of them lies under the portal."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sunporch.base import durable
from sunporch.base.notekeys import SignerKey

COMMUNITY = ("bell", "council-2", "council-3")
COMMUNITY_THRESHOLD = 2
REGISTRAR = "registrar"


@dataclass(frozen=True)
class Pair:
    """A person's two keys: one to sign, one to receive (X25519, 32 bytes)."""

    signer: SignerKey
    x25519_private: bytes

    @property
    def x25519(self) -> str:
        """The public half of the receiving key, hex."""
        return X25519PrivateKey.from_private_bytes(self.x25519_private).public_key().public_bytes_raw().hex()

    @property
    def pseudonym(self) -> str:
        """The name under which the record knows the person."""
        return self.signer.name


def key_file(people: Path, who: str) -> Path:
    """Return where the person's key file lies."""
    return people / f"{who}.key"


def make(people: Path, who: str) -> Pair:
    """Make the person's keys under a pseudonym of their short name and four random digits."""
    pair = Pair(SignerKey.generate(f"{who}-{secrets.token_hex(2)}"), X25519PrivateKey.generate().private_bytes_raw())
    durable.write(key_file(people, who), f"{pair.signer.secret_text()}\n{pair.x25519_private.hex()}\n".encode())
    return pair


def read(people: Path, who: str) -> Pair:
    """Return the person's keys."""
    signer, x25519 = durable.read_private(key_file(people, who)).decode().split()
    return Pair(SignerKey.parse(signer), bytes.fromhex(x25519))
