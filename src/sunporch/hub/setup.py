# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making a new hub, and making Django ready for an existing one."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sunporch.base import durable
from sunporch.base.clock import system_clock
from sunporch.hub.config import DOOR, FILE_VARIABLE, Settings
from sunporch.hub.errors import FOLDER_OCCUPIED, LIMITS_FIXED, SCHEMA_UNKNOWN
from sunporch.vault import Vault
from sunporch.web.pings import push
from sunporch.web.pings.config import KEY_FILE

SETTINGS_FILE = "hub.toml"
PIN_FILE = "pin.json"
PLACES = ("data_dir", "pin_file")
_SECRET_BYTES = 32


def make(folder: Path, pin_text: bytes, values: dict[str, Any]) -> Path:
    """Make the hub's folder, archive, database and settings file; return the settings file.

    `values` are settings beside those that are made here. Raises `hub.folder-occupied`.
    """
    folder = folder.resolve()
    check_empty(folder)
    durable.private_directory(folder)
    durable.write(folder / PIN_FILE, pin_text)
    Vault.create(folder / "vault", system_clock()).close()
    durable.private_directory(folder / "mirror")
    push.make_key(folder / KEY_FILE)
    path = folder / SETTINGS_FILE
    durable.write(path, settings_text(folder, {"secret_key": secrets.token_urlsafe(_SECRET_BYTES), **values}))
    enter(path)
    call_command("migrate", verbosity=0)
    (folder / "hub.sqlite3").chmod(0o600)
    return path


def check_empty(folder: Path) -> None:
    """Raise `hub.folder-occupied` unless a hub can be made there."""
    if folder.exists() and any(folder.iterdir()):
        raise FOLDER_OCCUPIED(where=str(folder))


def settings_text(folder: Path, values: dict[str, Any]) -> bytes:
    """Return the settings file of a hub that lies in the folder; `values` are the settings but its `PLACES`."""
    made = dict(zip(PLACES, (str(folder), str(folder / PIN_FILE)), strict=True)) | values
    return "".join(f"{name} = {_toml(value)}\n" for name, value in made.items()).encode()


def set_limits(settings_file: Path, days: int, most_bytes: int) -> None:
    """Write how long and how much footage is kept into the settings file, the one place where it stands.

    Raises `hub.limits-fixed` where the environment says something else, which would count instead.
    """
    wanted = {"retention_days": days, "retention_bytes": most_bytes}
    for name in wanted:
        variable = f"SUNPORCH_{DOOR.upper()}_{name.upper()}"
        if variable in os.environ:
            raise LIMITS_FIXED(where=name, variable=variable)
    text = settings_file.read_text(encoding="utf-8")
    for name, value in wanted.items():
        line = f"{name} = {value}"
        text, found = re.subn(rf"(?m)^{name}\s*=.*$", line, text)
        text = text if found else f"{line}\n{text}"
    durable.write(settings_file, text.encode())


def _toml(value: Any) -> str:
    """Return the value as TOML; JSON's text, numbers and lists are TOML's."""
    return json.dumps(value, ensure_ascii=False)


def enter(settings_file: Path) -> None:
    """Make Django ready in this process for the hub of the settings file."""
    os.environ[FILE_VARIABLE] = str(settings_file.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sunporch.hub.settings")
    if not apps.ready:
        django.setup()


def check_schema(hub: Settings) -> None:
    """Raise `hub.schema-unknown` unless the database is exactly that of this version."""
    executor = MigrationExecutor(connection)
    applied, known = set(executor.loader.applied_migrations), set(executor.loader.disk_migrations)
    if applied != known:
        raise SCHEMA_UNKNOWN(where=str(hub.database))
