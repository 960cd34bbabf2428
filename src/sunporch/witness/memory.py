# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the co-signer signed last: one row of SQLite, durable (synchronous=FULL) before anything is answered."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sunporch.base import durable
from sunporch.tlog.hashing import EMPTY_ROOT
from sunporch.witness.errors import STATE_ABSENT, STATE_BUSY, STATE_UNWRITABLE

_SCHEMA = """
CREATE TABLE signed (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  size INTEGER NOT NULL,
  root BLOB NOT NULL CHECK (length(root) = 32),
  note BLOB NOT NULL
) STRICT
"""


@dataclass(frozen=True)
class Head:
    """A size and its root."""

    size: int
    root: bytes


EMPTY = Head(0, EMPTY_ROOT)


class Memory:
    """The newest checkpoint that was signed. One process at a time: SQLite's exclusive lock keeps others away."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise STATE_ABSENT(where=str(path), reason=f"there is no {path.name}")
        durable.check_private(path)
        # The caller lets one thread in at a time; `check_same_thread` would only forbid that it is another one.
        self._base = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
        try:
            self._base.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.execute("BEGIN EXCLUSIVE")
            self._base.execute("SELECT size FROM signed").fetchall()
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            self._base.close()
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
                raise STATE_BUSY(where=str(path)) from error
            raise STATE_ABSENT(where=str(path), reason=str(error)) from error

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty memory (0600), durable on return."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        base = sqlite3.connect(path)
        try:
            # One fsync per commit; without WAL there are four.
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=FULL")
            base.execute(_SCHEMA)
            base.commit()
        finally:
            base.close()
        durable.sync_directory(path.parent)

    def head(self) -> Head:
        """Return what was signed last, `EMPTY` if nothing was; raises `witness.state-unwritable`."""
        with _named():
            row = self._base.execute("SELECT size, root FROM signed").fetchone()
        return EMPTY if row is None else Head(*row)

    def note(self) -> bytes:
        """Return the checkpoint that was signed last, empty if nothing was; raises `witness.state-unwritable`."""
        with _named():
            row = self._base.execute("SELECT note FROM signed").fetchone()
        return b"" if row is None else bytes(row[0])

    def remember(self, head: Head, note: bytes) -> None:
        """Replace what was signed last, durable on return; raises `witness.state-unwritable`."""
        with _named():
            self._base.execute(
                "INSERT INTO signed (only, size, root, note) VALUES (1, ?, ?, ?) ON CONFLICT (only) DO UPDATE SET "
                "size = excluded.size, root = excluded.root, note = excluded.note",
                (head.size, head.root, note),
            )

    def close(self) -> None:
        """Close the database."""
        self._base.close()


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise STATE_UNWRITABLE(reason=str(error)) from error
