# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal init`: the folder, the keys and the settings file of a new portal."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sunporch.base import durable
from sunporch.base.notekeys import SignerKey, check_name
from sunporch.portal.errors import DATA_PRESENT
from sunporch.web.pings import push
from sunporch.web.pings.config import KEY_FILE

SETTINGS_NAME = "portal.toml"
LOG_KEY, PORTAL_KEY, CASE_KEY = "log.key", "portal.key", "case.key"
_CASE_KEY_BYTES = 32


@dataclass(frozen=True)
class Founded:
    """What a new portal tells its operator: where its settings are, and the public halves of its keys."""

    settings: Path
    log_key: str
    portal_key: str


def init(untrusted_origin: str, folder: Path, port: int, witnesses: list[str]) -> Founded:
    """Make the folder (0700), log key, portal key, case key (0600) and settings; raises `portal.data-present`.

    The log's public key is shown to nobody but the operator until the community's first entry names it: who knows
    it is who may found the community here.
    """
    origin = check_name(untrusted_origin)
    settings = folder / SETTINGS_NAME
    if settings.exists():
        raise DATA_PRESENT(where=str(folder), file=settings)
    make_folders(folder)
    keys = folder / "keys"
    log_key = SignerKey.generate(origin)
    portal_key = SignerKey.generate(f"portal-{secrets.token_hex(2)}")
    durable.write(keys / LOG_KEY, log_key.secret_text().encode())
    durable.write(keys / PORTAL_KEY, portal_key.secret_text().encode())
    push.make_key(keys / KEY_FILE)
    durable.write(keys / CASE_KEY, secrets.token_bytes(_CASE_KEY_BYTES))
    lines = {
        "origin": origin,
        "data_dir": str(folder.resolve()),
        "secret_key": secrets.token_urlsafe(48),
        "port": port,
        "witnesses": witnesses,
    }
    write_settings(settings, lines)
    return Founded(settings, str(log_key.verifier), str(portal_key.verifier))


def make_folders(folder: Path) -> None:
    """Make the folder of a portal and those in it (0700); raises `durable.path-exposed`."""
    durable.private_directory(folder)
    for name in ("keys", "log", "files"):
        durable.private_directory(folder / name)


def write_settings(file: Path, values: Mapping[str, object]) -> None:
    """Write a settings file (0600). JSON's spelling of text, numbers and lists of text is TOML's too."""
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    durable.write(file, text.encode())


def read_key(path: Path) -> SignerKey:
    """Return the signer of a 0600 key file; raises `durable.path-exposed` or `notekey.text-malformed`."""
    return SignerKey.parse(durable.read_private(path).decode("utf-8"))
