# SPDX-License-Identifier: AGPL-3.0-or-later
r"""The append-only journal: what the sealed files cannot say themselves, and the truth behind the index.

One line is `<64 hex> <strict JSON>\n`; the hex is SHA-256 of the line's predecessor's hex and its own JSON, so a
changed, removed or reordered line is seen. Several processes may append: flock(2) puts them in order.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunporch.base import strictjson
from sunporch.base.digests import sha256
from sunporch.base.errors import Error
from sunporch.vault.errors import JOURNAL_DAMAGED

FILE = "journal"
GENESIS = "0" * 64
MAX_LINE = 1024 * 1024


@dataclass(frozen=True)
class Position:
    """A place between two lines: byte offset, and the hash of the line before it."""

    offset: int
    hash: str


START = Position(0, GENESIS)


class Journal:
    """The file, opened for appending; every method but `locked` is called inside `locked`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._threads = threading.RLock()
        self._depth = 0

    def close(self) -> None:
        """Give the file back; closing twice is closing once."""
        with self._threads:
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads and processes from appending; may be nested."""
        with self._threads:
            if self._depth == 0:
                fcntl.flock(self._handle, fcntl.LOCK_EX)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._handle, fcntl.LOCK_UN)

    @property
    def size(self) -> int:
        """Bytes now."""
        return os.fstat(self._handle).st_size

    def append(self, after: Position, body: dict[str, Any]) -> Position:
        """Write one line durably after the last one (fdatasync); raises OSError with nothing half-written."""
        text = strictjson.dumps(body).encode()
        digest = sha256(after.hash.encode(), text).hex()
        line = digest.encode() + b" " + text + b"\n"
        try:
            written = os.write(self._handle, line)
            if written != len(line):  # a full disk may take a part
                os.write(self._handle, line[written:])
            os.fdatasync(self._handle)
        except OSError:
            os.ftruncate(self._handle, after.offset)
            raise
        return Position(after.offset + len(line), digest)

    def read_from(self, position: Position) -> Iterator[tuple[Position, dict[str, Any]]]:
        """Yield each whole line after the position, checked; raises `vault.journal-damaged`.

        A last line that a power cut tore is cut off: it was never acknowledged.
        """
        with os.fdopen(os.dup(self._handle), "rb") as file:
            file.seek(position.offset)
            while line := file.readline(MAX_LINE):
                if not line.endswith(b"\n") and len(line) < MAX_LINE:
                    os.ftruncate(self._handle, position.offset)
                    return
                digest, _, text = line.rstrip(b"\n").partition(b" ")
                if sha256(position.hash.encode(), text).hex().encode() != digest:
                    raise JOURNAL_DAMAGED(where=str(self._path), offset=position.offset)
                try:
                    body = strictjson.loads(text, str(self._path))
                except Error as error:
                    raise JOURNAL_DAMAGED(where=str(self._path), offset=position.offset) from error
                position = Position(position.offset + len(line), digest.decode("ascii"))
                yield position, body
