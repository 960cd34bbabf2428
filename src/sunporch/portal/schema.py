# SPDX-License-Identifier: AGPL-3.0-or-later
"""The number of the database's form. Before 1.0 another number is refused, never migrated by guess."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sunporch.portal.errors import SCHEMA_OTHER

# Raise it whenever a model changes and the migrations are made anew.
NUMBER = 6


def stamp(database: Path) -> None:
    """Write the number into a new database."""
    with contextlib.closing(sqlite3.connect(database)) as base:
        base.execute(f"PRAGMA user_version = {NUMBER:d}")


def check(database: Path) -> None:
    """Raise `portal.schema-other` if the database has another form than this software's."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as base:
        (found,) = base.execute("PRAGMA user_version").fetchone()
    if found != NUMBER:
        raise SCHEMA_OTHER(where=str(database), found=found, wanted=NUMBER)
