# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's table of half keys, all under one root key, and the purge that makes dead rows unreadable.

A purge, in this order, each step durable before the next:

1. a fresh key of the next generation is written into the empty slot of the root key's file;
2. in one transaction the live rows are written anew under it, the dead ones left out, the generation counted up, and
   what the record must be told of it is put down;
3. the old key is overwritten: from here on nobody can read the dead, even if the next step fails;
4. the write-ahead log is emptied into the table (`secure_delete` zeroes what was deleted).

After a crash the table's generation decides: the key that is not of it is overwritten, so either the old table
stands whole or the new one does. What a thief gets: the table, its log and any backup of them are ciphertext; the
file of the root key opens what lives at that moment (together with nothing else: the other half is elsewhere).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sunporch.base.durable import check_private
from sunporch.custodian.errors import HALVES_EXHAUSTED, TABLE_BUSY, TABLE_UNREADABLE
from sunporch.custodian.rootkey import RootKeys

TABLE_NAME = "halves.sqlite3"
ROOT_NAME = "root-key"
SCHEMA = 3
FIRST_GENERATION = 1
MAX_HALVES = 100_000
NONCE_SIZE = 12
# Nobody else should hold the table open; a backup program may for a moment.
BUSY_MILLISECONDS = 2_000
_HEADING = b"sunporch/half/v1\x00"
_TABLES = """
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE halves (
  c TEXT PRIMARY KEY, d TEXT NOT NULL, agency TEXT NOT NULL, expires INTEGER NOT NULL, created INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE answers (
  entry TEXT PRIMARY KEY, c TEXT NOT NULL, first INTEGER NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE seen (
  only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL) STRICT;
CREATE TABLE outbox (
  entry TEXT PRIMARY KEY, kind TEXT NOT NULL, not_after INTEGER NOT NULL, note TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True)
class Row:
    """What stands beside a half key: clip, one-time key, agency, end and arrival (Unix seconds).

    `withdrawn` is when a withdrawal came straight to the custodian, or 0.
    """

    c: str
    d: str
    agency: str
    expires: int
    created: int
    withdrawn: int = 0

    def bound(self, generation: int) -> bytes:
        """Return what the encryption of the half is tied to: moved or edited, it opens no more."""
        head = struct.pack(">QQQ", generation, self.expires, self.created)
        return _HEADING + head + "\n".join((self.c, self.d, self.agency)).encode()


@dataclass(frozen=True)
class Seen:
    """The newest state of the record that this custodian ever trusted: size, root, median witness time."""

    size: int
    root: bytes
    time: int


@dataclass(frozen=True)
class Note:
    """A signed note that waits to be recorded: `expiry`, `breach` or `withdrawal`."""

    entry: str
    kind: str
    not_after: int
    note: str


class Store:
    """The table and its root key. Not thread-safe: the keeper's lock guards it. One process at a time: `_alone`."""

    def __init__(self, folder: Path) -> None:
        """Open, and finish or undo a purge that was interrupted; raise a `custodian.` error and open nothing."""
        path = folder / TABLE_NAME
        check_private(path)
        self._opened = ExitStack()
        try:
            self._opened.callback(os.close, _alone(folder))
            self.roots = RootKeys(folder / ROOT_NAME)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._opened.callback(self._database.close)
            _prepare(self._database)
            if self._database.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
                raise TABLE_UNREADABLE(where=str(path), reason="it is of another version")
            row = self._database.execute("SELECT value FROM state WHERE name = 'generation'").fetchone()
            self.generation: int = row[0]
            self._cipher = AESGCM(self.roots.key(self.generation))
            self._empty_log()
            self.roots.keep_only(self.generation)
        except sqlite3.DatabaseError as error:
            self.close()
            raise TABLE_UNREADABLE(where=str(path), reason=str(error)) from error
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, folder: Path) -> Store:
        """Make an empty table and its root key in the private folder."""
        path = folder / TABLE_NAME
        path.touch(mode=0o600, exist_ok=False)
        database = sqlite3.connect(path, isolation_level=None)
        _prepare(database)
        database.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        database.execute("INSERT INTO state VALUES ('generation', ?)", (FIRST_GENERATION,))
        database.close()
        RootKeys.create(folder / ROOT_NAME, FIRST_GENERATION)
        return cls(folder)

    def close(self) -> None:
        """Close the table and let others in."""
        self._opened.close()

    # Halves -----------------------------------------------------------------------------------------------------

    def put(self, row: Row, half: bytes) -> None:
        """Keep a half durably; raise `custodian.halves-exhausted` when the table is full."""
        if self.count() >= MAX_HALVES:
            raise HALVES_EXHAUSTED(most=MAX_HALVES)
        with self._transaction():
            self._insert(row, half, self._cipher, self.generation)

    def row(self, c: str) -> Row | None:
        """Return what stands beside the half of clip `c`, if one is kept."""
        found = list(self._rows("WHERE c = ?", (c,)))
        return found[0] if found else None

    def rows(self) -> list[Row]:
        """Return all rows, by clip."""
        return list(self._rows("ORDER BY c", ()))

    def half(self, row: Row) -> bytes:
        """Return the half key; raise `custodian.table-unreadable` if the row was edited or moved."""
        nonce, sealed = self._database.execute("SELECT nonce, sealed FROM halves WHERE c = ?", (row.c,)).fetchone()
        return self._open(self._cipher, nonce, sealed, row.bound(self.generation), row.c)

    def count(self) -> int:
        """Return how many halves are kept."""
        return int(self._database.execute("SELECT count(*) FROM halves").fetchone()[0])

    def mark_withdrawn(self, c: str, now: int) -> None:
        """Remember durably when the clip was first withdrawn."""
        with self._transaction():
            self._database.execute("UPDATE halves SET withdrawn = ? WHERE c = ? AND withdrawn = 0", (now, c))

    # Answers ----------------------------------------------------------------------------------------------------

    def answer(self, entry: str) -> tuple[int, bytes] | None:
        """Return when the access entry was first answered and the same sealed answer, if it ever was."""
        found = self._database.execute(
            "SELECT first, nonce, sealed FROM answers WHERE entry = ?", (entry,)
        ).fetchone()
        if found is None:
            return None
        first, nonce, sealed = found
        return first, self._open(self._cipher, nonce, sealed, self._bound_answer(entry, self.generation), entry)

    def remember_answer(self, entry: str, c: str, first: int, answer: bytes) -> None:
        """Keep an answer durably before it is given, under the root key like the halves."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        sealed = self._cipher.encrypt(nonce, answer, self._bound_answer(entry, self.generation))
        with self._transaction():
            self._database.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (entry, c, first, nonce, sealed))

    # What was trusted -------------------------------------------------------------------------------------------

    def seen(self) -> Seen | None:
        """Return what was trusted last, if anything ever was."""
        found = self._database.execute("SELECT size, root, time FROM seen").fetchone()
        return None if found is None else Seen(*found)

    def see(self, seen: Seen) -> None:
        """Remember durably what is trusted now."""
        with self._transaction():
            values = (seen.size, seen.root, seen.time)
            self._database.execute("INSERT OR REPLACE INTO seen VALUES (1, ?, ?, ?)", values)

    # Notes that wait to be recorded -----------------------------------------------------------------------------

    def add_note(self, note: Note) -> None:
        """Keep a signed note durably until it is recorded; the same one twice is one."""
        with self._transaction():
            self._keep_note(note)

    def notes(self) -> list[Note]:
        """Return the notes that wait, in a fixed order."""
        return [Note(*values) for values in self._database.execute("SELECT * FROM outbox ORDER BY rowid")]

    def drop_note(self, entry: str) -> None:
        """Forget a note that is recorded or too old."""
        with self._transaction():
            self._database.execute("DELETE FROM outbox WHERE entry = ?", (entry,))

    # Purge ------------------------------------------------------------------------------------------------------

    def purge(self, dead: Iterable[str], word: Note | None = None, least_generation: int = 0) -> None:
        """Make the halves of the clips `dead` unreadable for ever; the others stay. See the module's text.

        The new generation is at least `least_generation`. `word`, what the record must be told of it, is kept by the
        same commit: no crash leaves the one without the other.
        """
        leaving = set(dead)
        generation = max(self.generation + 1, least_generation)
        live = [(row, self.half(row)) for row in self.rows() if row.c not in leaving]
        answers = self._live_answers({row.c for row, _ in live})
        self.roots.keep_only(self.generation)  # an earlier purge may have stopped at a full disk
        cipher = AESGCM(self.roots.add(generation))
        with self._transaction():
            self._database.execute("DELETE FROM halves")
            self._database.execute("DELETE FROM answers")
            for row, half in live:
                self._insert(row, half, cipher, generation)
            for entry, c, first, answer in answers:
                nonce = secrets.token_bytes(NONCE_SIZE)
                sealed = cipher.encrypt(nonce, answer, self._bound_answer(entry, generation))
                values = (entry, c, first, nonce, sealed)
                self._database.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", values)
            self._database.execute("UPDATE state SET value = ? WHERE name = 'generation'", (generation,))
            if word is not None:
                self._keep_note(word)
        self.generation, self._cipher = generation, cipher
        self.roots.keep_only(generation)
        self._empty_log()

    def _live_answers(self, clips: set[str]) -> list[tuple[str, str, int, bytes]]:
        found = self._database.execute("SELECT entry, c FROM answers ORDER BY entry").fetchall()
        kept = []
        for entry, c in found:
            answered = self.answer(entry)
            if c in clips and answered is not None:
                kept.append((entry, c, *answered))
        return kept

    # Inside -----------------------------------------------------------------------------------------------------

    def _insert(self, row: Row, half: bytes, cipher: AESGCM, generation: int) -> None:
        nonce = secrets.token_bytes(NONCE_SIZE)
        sealed = cipher.encrypt(nonce, half, row.bound(generation))
        values = (row.c, row.d, row.agency, row.expires, row.created, row.withdrawn, nonce, sealed)
        self._database.execute("INSERT INTO halves VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _keep_note(self, note: Note) -> None:
        values = (note.entry, note.kind, note.not_after, note.note)
        self._database.execute("INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?)", values)

    def _rows(self, condition: str, values: tuple[str, ...]) -> Iterator[Row]:
        columns = "SELECT c, d, agency, expires, created, withdrawn FROM halves "
        for found in self._database.execute(columns + condition, values):
            yield Row(*found)

    def _bound_answer(self, entry: str, generation: int) -> bytes:
        return _HEADING + struct.pack(">Q", generation) + b"answer\n" + entry.encode()

    def _open(self, cipher: AESGCM, nonce: bytes, sealed: bytes, bound: bytes, where: str) -> bytes:
        try:
            return cipher.decrypt(nonce, sealed, bound)
        except InvalidTag as error:
            raise TABLE_UNREADABLE(where=where, reason="a row was changed by somebody else") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except BaseException as error:
            if self._database.in_transaction:  # SQLite ends it itself when the disk is full
                self._database.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise TABLE_UNREADABLE(where=TABLE_NAME, reason=str(error)) from error
            raise

    def _empty_log(self) -> None:
        """Write the write-ahead log into the table and truncate it, both fsynced by SQLite."""
        try:
            busy, _, _ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            raise TABLE_UNREADABLE(where=TABLE_NAME, reason=str(error)) from error
        if busy:
            raise TABLE_UNREADABLE(where=TABLE_NAME, reason="somebody else holds it open")


def _alone(folder: Path) -> int:
    """Lock the folder against other custodians and return the handle that holds the lock (flock(2)).

    Two would overwrite each other's root key. Whoever only copies files is not kept away; a crash lets go.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise TABLE_BUSY(where=str(folder)) from error
        raise
    return handle


def _prepare(database: sqlite3.Connection) -> None:
    """Ask SQLite for what durability and erasure need; each connection must ask anew."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
