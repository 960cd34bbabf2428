# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's settings and key, and how they come to be."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base import config, durable
from sunporch.base.clock import forbid_offset_outside_demo
from sunporch.base.notekeys import ED25519, SignerKey
from sunporch.custodian.doctor import check_disk
from sunporch.custodian.errors import FOLDER_USED, KEY_MISNAMED
from sunporch.custodian.store import ROOT_NAME, Store
from sunporch.verify.pin import Pin

DOOR = "custodian"
DEFAULT_PORT = 8403
SETTINGS_NAME = "custodian.toml"
KEY_NAME = "note-key"
MIRROR_NAME = "mirror"
DEMO_POLL_SECONDS = 2
LOG_SUFFIX = "/log"


@dataclass(frozen=True)
class Settings:
    """`SUNPORCH_CUSTODIAN_<KEY>` overrides the file."""

    origin: str = field(metadata={"doc": "name of the community's log"})
    data_dir: Path = field(metadata={"doc": "folder with key, root key, table and mirror of the log"})
    log_url: str = field(metadata={"doc": "address of the log, e.g. `https://portal/log`"})
    pin_file: Path = field(metadata={"doc": "pin of the log: origin, first entry, co-signers"})
    name: str = field(metadata={"doc": "the custodian's name on the record"})
    listen_host: str = field(default="127.0.0.1", metadata={"doc": "address to listen on"})
    port: int = field(default=DEFAULT_PORT, metadata={"doc": "port to listen on"})
    portal_url: str = field(
        default="", metadata={"doc": "portal to hand entries in at; empty: `log_url` without `/log`"}
    )
    poll_seconds: int = field(default=10, metadata={"doc": "how often the log is read, in seconds"})

    @property
    def portal(self) -> str:
        """The portal's address."""
        return self.portal_url or self.log_url.removesuffix(LOG_SUFFIX)


def load(path: Path | None) -> Settings:
    """Return the settings of file and environment; raises the `config.` errors."""
    return config.load(Settings, DOOR, path)


def read_key(settings: Settings) -> SignerKey:
    """Return the custodian's signing key after checking that it fits the settings and that only we can read it.

    Raises `custodian.key-misnamed`, `durable.path-exposed`, `notekey.text-malformed`, `clock.offset-forbidden` or
    `config.file-unreadable`.
    """
    forbid_offset_outside_demo(settings.origin, [settings.listen_host])
    path = settings.data_dir / KEY_NAME
    if not path.exists():
        raise config.FILE_UNREADABLE(where=str(path), reason="there is no such key; run `sunporch custodian init`")
    signer = SignerKey.parse(durable.read_private(path).decode("utf-8"))
    if signer.name != settings.name or signer.type != ED25519:
        raise KEY_MISNAMED(where=str(path), found=signer.name, wanted=settings.name)
    return signer


def read_pin(settings: Settings) -> Pin:
    """Return the pin of the log; raises `verify.pin-malformed` or `config.file-unreadable`."""
    try:
        return Pin.parse(settings.pin_file.read_bytes())
    except OSError as error:
        raise config.FILE_UNREADABLE(where=str(settings.pin_file), reason=str(error)) from error


def init(settings: Settings) -> tuple[Path, SignerKey, list[str]]:
    """Make folder, keys, table and settings file; return the file, the signing key and warnings about the disk.

    Raises `custodian.folder-used` or `custodian.disk-unsuitable`; then nothing of value was made.
    """
    folder = settings.data_dir
    file = folder / SETTINGS_NAME
    if any((folder / name).exists() for name in (SETTINGS_NAME, KEY_NAME, ROOT_NAME)):
        raise FOLDER_USED(where=str(folder))
    durable.private_directory(folder)
    warnings = check_disk(folder, settings.origin)
    signer = SignerKey.generate(settings.name)
    Store.create(folder).close()
    durable.write(folder / KEY_NAME, signer.secret_text().encode())
    values = {
        "origin": settings.origin,
        "data_dir": str(folder.resolve()),
        "log_url": settings.log_url,
        "pin_file": str(settings.pin_file.resolve()),
        "name": settings.name,
        "listen_host": settings.listen_host,
        "port": settings.port,
        "poll_seconds": settings.poll_seconds,
    }
    # JSON's spelling of text and numbers is TOML's too.
    durable.write(file, "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()).encode())
    return file, signer, warnings
