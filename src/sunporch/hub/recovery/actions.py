# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an adult does about recovery: a key for paper, and files for it as often as they like."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from django.contrib.auth.models import User
from django.db import connection

from sunporch.hub.config import Settings
from sunporch.hub.errors import RECOVERY_KEYLESS
from sunporch.hub.recovery import kit
from sunporch.hub.recovery.models import Recovery
from sunporch.hub.shares.models import Share
from sunporch.vault import Vault

ONE = 1


def present() -> Recovery | None:
    """Return for which key files are made and when the last one was, None where there is no key."""
    return Recovery.objects.select_related("file_by").filter(id=ONE).first()


def shared_since(recovery: Recovery | None) -> int:
    """Return how many clips were shared after the last file was made: no new hub could stop those."""
    return Share.objects.filter(shared_at__gte=recovery.file_at).count() if recovery and recovery.file_at else 0


def new_key(now: int) -> str:
    """Make a recovery key and return it, to be shown once: the hub keeps its public half alone.

    It takes the place of the one before, for which no more files are made.
    """
    key, recipient = kit.new_key()
    Recovery.objects.update_or_create(
        id=ONE, defaults={"recipient": recipient, "key_at": now, "file_at": 0, "file_by": None}
    )
    return key


def make_file(hub: Settings, settings_file: Path, vault: Vault, user: User, now: int) -> bytes:
    """Return a recovery file for the household's key, as everything is now; raises `hub.recovery-keyless`."""
    found = present()
    if found is None:
        raise RECOVERY_KEYLESS()
    made = kit.Kit(
        made_at=now,
        settings=settings_file.read_bytes(),
        pin=hub.pin_file.read_bytes(),
        push_key=hub.push_key.read_bytes(),
        database=_copy(),
        keys=vault.household_keys(),
    )
    file = kit.seal(made, found.recipient)
    Recovery.objects.filter(id=ONE, recipient=found.recipient).update(file_at=now, file_by=user)
    return file


def _copy() -> bytes:
    """Return the database as one instant had it, however busy it is; nobody is signed in there, and no erased row."""
    with (
        contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as busy,
        contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as copy,
    ):
        busy.backup(copy)
        copy.execute("DELETE FROM django_session")
        # Pages of the file that nothing uses any more still hold what was deleted.
        copy.execute("VACUUM")
        return copy.serialize()
