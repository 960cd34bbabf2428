# SPDX-License-Identifier: AGPL-3.0-or-later
"""The co-signer's settings and keys, and how they come to be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sunporch.base import config, durable
from sunporch.base.clock import forbid_offset_outside_demo
from sunporch.base.notekeys import COSIGNATURE, ED25519, SignerKey, VerifierKey
from sunporch.witness.errors import DATA_PRESENT, KEY_UNSUITABLE, STATE_ABSENT
from sunporch.witness.memory import Memory

DOOR = "witness"
DEFAULT_PORT = 8411
SETTINGS_NAME = "witness.toml"
KEY_NAME = "cosigner.key"
MEMORY_NAME = "signed.sqlite3"


@dataclass(frozen=True)
class Settings:
    """`SUNPORCH_WITNESS_<KEY>` overrides the file."""

    origin: str
    """The log to watch."""
    log_key: str
    """The log's verifier key, `name+hash+key`."""
    data_dir: Path
    """Folder with key and memory."""
    name: str
    """The co-signer's name, as in its key."""
    listen_host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    next_log_key: str = ""
    """The key that the log is changing to; from its first checkpoint on the old one counts no more."""

    @property
    def key_file(self) -> Path:
        """Where the private key lies."""
        return self.data_dir / KEY_NAME

    @property
    def memory_file(self) -> Path:
        """Where the memory of what was signed lies."""
        return self.data_dir / MEMORY_NAME


@dataclass(frozen=True)
class Keys:
    """The co-signer's own key and the one of the log it watches, with the one that the log is changing to."""

    signer: SignerKey
    log: VerifierKey
    next_log: VerifierKey | None = None


def load(path: Path | None) -> Settings:
    """Return the settings of file and environment; raises the `config.` errors."""
    return config.load(Settings, DOOR, path)


def read_keys(settings: Settings) -> Keys:
    """Return the keys after checking that they fit the settings and that nobody else can read the private one.

    Raises `witness.state-absent`, `witness.key-unsuitable`, `durable.path-exposed`, `notekey.text-malformed`
    or `clock.offset-forbidden`.
    """
    forbid_offset_outside_demo(settings.origin, [settings.listen_host])
    if not settings.key_file.exists():
        raise STATE_ABSENT(where=str(settings.data_dir), reason=f"there is no {KEY_NAME}")
    durable.check_private(settings.data_dir, 0o700)
    signer = SignerKey.parse(durable.read_private(settings.key_file).decode("utf-8"))
    if signer.name != settings.name or signer.type != COSIGNATURE:
        raise KEY_UNSUITABLE(
            where=str(settings.key_file), reason=f"it is not a cosignature key named {settings.name}"
        )
    following = _log_key(settings, "next_log_key") if settings.next_log_key else None
    return Keys(signer, _log_key(settings, "log_key"), following)


def _log_key(settings: Settings, name: str) -> VerifierKey:
    log = VerifierKey.parse(getattr(settings, name))
    if log.name != settings.origin or log.type != ED25519:
        raise KEY_UNSUITABLE(where=name, reason=f"it is not the Ed25519 key of the log {settings.origin}")
    return log


def init(settings: Settings) -> tuple[Path, VerifierKey]:
    """Make folder, key, memory and settings file of a new co-signer; return the file and the public key.

    Raises `witness.data-present`, `witness.key-unsuitable`, `notekey.text-malformed` or `durable.path-exposed`;
    then nothing was made.
    """
    _log_key(settings, "log_key")
    file = settings.data_dir / SETTINGS_NAME
    if file.exists() or settings.key_file.exists() or settings.memory_file.exists():
        raise DATA_PRESENT(where=str(settings.data_dir))
    signer = SignerKey.generate(settings.name, COSIGNATURE)
    durable.private_directory(settings.data_dir)
    Memory.create(settings.memory_file)
    durable.write(settings.key_file, signer.secret_text().encode())
    values = {
        "origin": settings.origin,
        "log_key": settings.log_key,
        "data_dir": str(settings.data_dir.resolve()),
        "name": settings.name,
        "listen_host": settings.listen_host,
        "port": settings.port,
    }
    # JSON's spelling of text and numbers is TOML's too.
    durable.write(file, "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()).encode())
    return file, signer.verifier
