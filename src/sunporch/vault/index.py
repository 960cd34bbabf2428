# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SQLite index: a fold over the journal, nothing more. Delete it and it comes back.

The one thing that is not in the journal is how far an unfinished segment has come; its file says that.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunporch.vault.journal import START, Position
from sunporch.vault.timeline import UNKNOWN_BEFORE_90K

FILE = "index.sqlite3"
SCHEMA_VERSION = 4
# Imported files are the longest segments; a query need not look further back than this.
MAX_SEGMENT_90K = 24 * 3600 * 90_000

# Footage whose time of day is known; an imported file's is what its owner says. `undated` was recorded while the
# clock was wrong.
ANCHORED = f"(undated = 0 AND (kind = 'native' OR start >= {UNKNOWN_BEFORE_90K}))"

_SCHEMA = f"""
CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER, offset INTEGER, hash TEXT,
  clock_wrong INTEGER NOT NULL DEFAULT 0);
CREATE TABLE camera (id TEXT PRIMARY KEY, name TEXT NOT NULL, indoor INTEGER NOT NULL, added INTEGER NOT NULL);
CREATE TABLE segment (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, camera TEXT NOT NULL, stream TEXT NOT NULL,
  run TEXT NOT NULL, kind TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, day TEXT NOT NULL,
  chunks INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL,
  media_start INTEGER NOT NULL DEFAULT 0, media_end INTEGER NOT NULL DEFAULT 0,
  recovered INTEGER NOT NULL DEFAULT 0, header_sha256 TEXT NOT NULL DEFAULT '',
  sealed_sha256 TEXT NOT NULL DEFAULT '', plain_root TEXT NOT NULL DEFAULT '', link TEXT NOT NULL DEFAULT '',
  checkpoint INTEGER, camera_offset INTEGER, boot TEXT, counted INTEGER NOT NULL, latest INTEGER,
  undated INTEGER NOT NULL DEFAULT 0);
CREATE INDEX segment_time ON segment (camera, start);
CREATE INDEX segment_age ON segment (state, end);
CREATE INDEX segment_unsigned ON segment (camera, number) WHERE checkpoint IS NULL AND link != '';
CREATE INDEX segment_dateless ON segment (number) WHERE NOT {ANCHORED};
CREATE TABLE gap (id TEXT PRIMARY KEY, camera TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER,
  cause TEXT NOT NULL);
CREATE INDEX gap_time ON gap (camera, start);
CREATE TABLE hold (id TEXT PRIMARY KEY, camera TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL);
CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, camera TEXT NOT NULL, time INTEGER NOT NULL, text TEXT NOT NULL,
  signature TEXT NOT NULL);
"""

_CLOSED = (
    "end", "chunks", "bytes", "media_start", "media_end", "recovered", "header_sha256", "sealed_sha256",
    "plain_root", "link",
)  # fmt: skip

# States of a segment: `open` is being written, `closed` is whole, `void` never held footage, and `erased`,
# `expired` and `disk_full` say why its key was destroyed (chunks > 0: not yet done).
OPEN, CLOSED, VOID = "open", "closed", "void"


class FullDisk(OSError):
    """SQLite's way to say ENOSPC, as the rest of the house knows it."""


@contextlib.contextmanager
def _full_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise FullDisk(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


@dataclass(frozen=True)
class SegmentRow:
    """A segment as the index knows it; times are 90 kHz ticks since the epoch.

    `camera_offset` is by how much the camera's clock was ahead of the hub's, None where the camera did not say.
    What the hub's own clock dated says `counted`, the ticks of the monotonic clock at its start, in which `boot`. If
    that clock did not know the time of day or was wrong (`undated`), then `latest` is from a later boot that knew it
    again: it is older than that.
    """

    number: int
    id: str
    camera: str
    stream: str
    run: str
    kind: str
    start: int
    end: int
    day: str
    chunks: int
    bytes: int
    state: str
    media_start: int
    media_end: int
    recovered: int
    header_sha256: str
    sealed_sha256: str
    plain_root: str
    link: str
    checkpoint: int | None
    camera_offset: int | None
    boot: str | None
    counted: int
    latest: int | None
    undated: int


class Index:
    """One connection, used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self.lock = threading.RLock()
        self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_CORRUPT:
                raise
            # The index is only a copy of the journal: a spoiled one is made anew.
            self._delete()
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=30)
        try:
            self._path.chmod(0o600)
            db.execute("PRAGMA journal_mode=WAL")
            # NORMAL may lose the last transactions in a power cut, and the journal then brings them back.
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(
                    "INSERT INTO meta (id, version, offset, hash) VALUES (1, ?, ?, ?)",
                    (SCHEMA_VERSION, START.offset, START.hash),
                )
            (version,) = db.execute("SELECT version FROM meta").fetchone()
            db.execute("COMMIT")
            if version != SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"schema {version}")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _delete(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Give the database back."""
        with self.lock:
            self._db.close()

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a question."""
        with self.lock, _full_disk():
            return self._db.execute(sql, values).fetchall()

    def segments(self, where: str, *values: object) -> list[SegmentRow]:
        """Return the segments that satisfy an SQL condition written in this room."""
        rows = self.query(f"SELECT * FROM segment WHERE {where}", *values)  # noqa: S608 - conditions are constants of this room
        return [SegmentRow(*row) for row in rows]

    def in_span(self, camera: str, start: int, end: int) -> list[SegmentRow]:
        """Return the camera's segments that touch [start, end), in order of time; none whose time is not known."""
        return self.segments(
            f"camera = ? AND start < ? AND start > ? AND end > ? AND state != 'void' AND {ANCHORED}"
            " ORDER BY start, number",
            camera, end, start - MAX_SEGMENT_90K, start,
        )  # fmt: skip

    def progress(self, segment: str, end: int, chunks: int, size: int) -> None:
        """Note how far an unfinished segment has come; on a full disk the note is left out, the file says it too."""
        with contextlib.suppress(FullDisk):
            self.query("UPDATE segment SET end = ?, chunks = ?, bytes = ? WHERE id = ?", end, chunks, size, segment)

    @property
    def clock_wrong(self) -> bool:
        """Whether the clock is known to be wrong."""
        return bool(self.query("SELECT clock_wrong FROM meta")[0][0])

    def position(self) -> Position:
        """Return how far the journal has been folded in."""
        return Position(*self.query("SELECT offset, hash FROM meta")[0])

    def apply(self, position: Position, body: dict[str, Any]) -> None:
        """Fold one journal line in; all of it or nothing."""
        with self.lock, _full_disk():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in _statements(body):
                    self._db.execute(sql, values)
                self._db.execute("UPDATE meta SET offset = ?, hash = ?", (position.offset, position.hash))
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def empty(self) -> None:
        """Forget everything, so that the whole journal is folded in again."""
        with self.lock:
            self._db.close()
            self._delete()
            self._db = self._connect()


def _statements(body: dict[str, Any]) -> list[tuple[str, tuple[Any, ...]]]:
    match body["kind"]:
        case "camera":
            return [
                (
                    "INSERT INTO camera VALUES (?, ?, ?, ?)",
                    (body["camera"], body["name"], body["indoor"], body["at"]),
                )
            ]
        case "opened":
            names = ("segment", "camera", "stream", "run", "media", "start", "start", "day")
            columns = "id, camera, stream, run, kind, start, end, day, boot, counted, undated, state"
            undated = "(SELECT clock_wrong FROM meta) * ?"
            sql = f"INSERT INTO segment ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,{undated},'open')"  # noqa: S608 - constants
            return [
                (sql, (*(body[name] for name in names), body.get("boot"), body.get("counted", 0), "boot" in body))
            ]
        case "closed":
            sets = ", ".join(f"{name} = ?" for name in _CLOSED)
            sql = f"UPDATE segment SET {sets}, camera_offset = ?, state = 'closed' WHERE id = ?"  # noqa: S608 - constant names
            return [(sql, (*(body[name] for name in _CLOSED), body.get("camera_offset"), body["segment"]))]
        case "anchored":
            sql = "UPDATE segment SET start = start + ?, end = end + ?, undated = 0 WHERE id = ?"
            return [(sql, (body["by"], body["by"], segment)) for segment in body["segments"]]
        case "clock_wrong":
            sql = "UPDATE segment SET undated = 1, latest = NULL WHERE number > ? AND boot IS NOT NULL"
            return [(sql, (body["after"],)), ("UPDATE meta SET clock_wrong = 1", ())]
        case "clock_right":
            return [("UPDATE meta SET clock_wrong = 0", ())]
        case "latest":
            sql = "UPDATE segment SET latest = ? WHERE id = ?"
            return [(sql, (body["latest"], segment)) for segment in body["segments"]]
        case "void":
            return [("UPDATE segment SET state = 'void', bytes = 0 WHERE id = ?", (body["segment"],))]
        case "erased":
            sql = "UPDATE segment SET state = ?, bytes = 0 WHERE id = ?"
            return [(sql, (body["why"], segment)) for segment in body["segments"]]
        case "gone":
            return [("UPDATE segment SET chunks = 0 WHERE id = ?", (segment,)) for segment in body["segments"]]
        case "gap":
            return [
                (
                    "INSERT INTO gap VALUES (?, ?, ?, NULL, ?)",
                    (body["gap"], body["camera"], body["from"], body["cause"]),
                )
            ]
        case "gap_end":
            return [("UPDATE gap SET end = ? WHERE id = ?", (body["to"], body["gap"]))]
        case "hold":
            return [
                ("INSERT INTO hold VALUES (?, ?, ?, ?)", (body["hold"], body["camera"], body["from"], body["to"]))
            ]
        case "hold_end":
            return [("DELETE FROM hold WHERE id = ?", (body["hold"],))]
        case "checkpoint":
            values = (body["number"], body["camera"], body["at"], body["text"], body["signature"])
            return [
                ("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", values),
                (
                    "UPDATE segment SET checkpoint = ? WHERE camera = ? AND checkpoint IS NULL AND link != ''",
                    (body["number"], body["camera"]),
                ),
            ]
        case _:
            # A line of a newer version says nothing to this one; it stays in the journal.
            return []
