# SPDX-License-Identifier: AGPL-3.0-or-later
"""An officer's two keys in one file that only its owner can read: one to sign with, one to receive clips with.

Two lines: the C2SP private key text (`PRIVATE+KEY+name+hash+key`), and the X25519 private key in hexadecimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.clip import keys
from sunporch.desk.errors import KEY_MALFORMED, OUTPUT_EXISTS


@dataclass(frozen=True)
class OfficerKey:
    """A device of an officer: `name` is its pseudonym in the public record."""

    signer: SignerKey
    x25519_private: str = field(repr=False)

    @property
    def name(self) -> str:
        """The pseudonym."""
        return self.signer.name

    @property
    def x25519(self) -> str:
        """The public key that clips are sealed to, hex."""
        return keys.public(self.x25519_private)


def make(path: Path, name: str) -> OfficerKey:
    """Make a device's keys and write them (0600); raises `desk.output-exists`, `notekey.text-malformed`."""
    if path.exists():
        raise OUTPUT_EXISTS(where=str(path))
    made = OfficerKey(SignerKey.generate(name), keys.generate())
    durable.write(path, f"{made.signer.secret_text()}\n{made.x25519_private}\n".encode())
    return made


def read(path: Path) -> OfficerKey:
    """Return a device's keys; raises `desk.keyfile-malformed`, `durable.path-exposed`."""
    try:
        untrusted_lines = durable.read_private(path).decode("ascii").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KEY_MALFORMED(where=str(path), reason=str(error)) from error
    if len(untrusted_lines) != 3 or untrusted_lines[2]:
        raise KEY_MALFORMED(where=str(path), reason="it has not exactly two lines")
    try:
        found = OfficerKey(SignerKey.parse(untrusted_lines[0]), untrusted_lines[1])
        keys.load_private(found.x25519_private)
    except Error as error:
        raise KEY_MALFORMED(where=str(path), reason=error.what.rstrip(".")) from error
    return found
