# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making a new hub that is an old home again, out of its recovery file. All of it or nothing.

Everything is made beside the folder and takes its name in one step at the end.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection

from sunporch.base import durable
from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.hub import setup
from sunporch.hub.cameras import door
from sunporch.hub.config import Settings, load
from sunporch.hub.errors import ARCHIVE_BUSY, RECOVERY_UNKNOWN, SCHEMA_UNKNOWN
from sunporch.hub.recovery.kit import DATABASE, PIN, PUSH_KEY, Kit
from sunporch.vault import Camera, Vault
from sunporch.vault.errors import FOLDER_UNKNOWN

if TYPE_CHECKING:
    from sunporch.hub.recovery.settling import Settled


def restore(kit: Kit, folder: Path, footage: Path | None, clock: Clock) -> Settled:
    """Make the hub's folder out of the kit; `footage` is the old archive's folder, which stays where it is.

    Returns what does not go on. Raises `hub.folder-occupied`, `hub.archive-busy`, `hub.recovery-unknown`, and what
    `Vault.restore` raises; then there is no folder.
    """
    folder = folder.resolve()
    setup.check_empty(folder)
    if footage is not None:
        footage = footage.resolve()
        _check_idle(footage)
    with _beside(folder) as made:
        durable.private_directory(made / "mirror")
        for name, data in ((PIN, kit.pin), (PUSH_KEY, kit.push_key), (DATABASE, kit.database)):
            durable.write(made / name, data)
        values, config = _values(kit), made / setup.SETTINGS_FILE
        durable.write(config, setup.settings_text(made, values))
        setup.enter(config)
        settled = _settled(load(config), kit, footage, clock)
        durable.write(config, setup.settings_text(folder, values))
        made.rename(folder)
        durable.sync_directory(folder.parent)
    return settled


def _check_idle(footage: Path) -> None:
    """Raise `hub.archive-busy` while a hub records into this archive, `vault.folder-unknown` where there is none."""
    if not footage.is_dir():
        raise FOLDER_UNKNOWN(where=str(footage), reason="there is no such folder")
    if door.is_open(footage.parent):
        raise ARCHIVE_BUSY(where=str(footage))


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Give a new folder beside the one that is to be; whatever fails, nothing of it stays."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = durable.private_directory(folder.with_name(f".{folder.name}.{secrets.token_hex(6)}"))
    try:
        yield made
    except BaseException:
        shutil.rmtree(made)
        raise


def _values(kit: Kit) -> dict[str, Any]:
    """Return the old hub's settings but for its places."""
    try:
        values = tomllib.loads(kit.settings.decode())
    except ValueError as error:
        raise RECOVERY_UNKNOWN() from error
    return {name: value for name, value in values.items() if name not in setup.PLACES}


def _settled(hub: Settings, kit: Kit, footage: Path | None, clock: Clock) -> Settled:
    """Check the database, give it its archive, and let nothing go on by itself that waited."""
    from sunporch.hub.cameras.models import Camera as Row  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.recovery.settling import settle  # noqa: PLC0415 - likewise

    try:
        setup.check_schema(hub)
    except Error as error:
        if error.kind is not SCHEMA_UNKNOWN:
            raise
        raise RECOVERY_UNKNOWN() from error
    cameras = [Camera(row.id, row.name, row.indoor) for row in Row.objects.order_by("name")]
    if footage is not None:
        hub.vault_folder.symlink_to(footage, target_is_directory=True)
    with Vault.restore(hub.vault_folder, clock, kit.keys, cameras) as vault:
        settled = settle(vault, kit.made_at, clock.now())
    connection.close()
    return settled
