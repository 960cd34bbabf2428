# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a log's files lie: `Storage` is what the writer needs, `DirectoryStorage` a folder on a local disk.

Any web server can show the folder as it is, but for names that begin with a dot: these are the writer's own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Protocol

from sunporch.base import durable
from sunporch.tlog.errors import WRITER_SECOND

LOCK = ".lock"


class Storage(Protocol):
    """Files by path. What is `placed` is whole for every reader at once, but durable only after `sync`."""

    def lock(self) -> None:
        """Keep every other writer away until `close`; raise `tlog.writer-second` if there is one."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None if there is none."""

    def place(self, path: str, data: bytes) -> None:
        """Make or replace the file in one step."""

    def sync(self) -> None:
        """Make everything placed so far survive a power cut."""

    def write(self, path: str, data: bytes) -> None:
        """Make or replace the file in one step, durable on return."""

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of an existing file, durable on return."""

    def drop_partials(self, path: str) -> None:
        """Delete the partial files beside a full tile or bundle."""

    def close(self) -> None:
        """Let go of the lock."""


class DirectoryStorage:
    """A folder on a local disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: int | None = None
        self._files: set[Path] = set()
        self._folders: set[Path] = set()
        self._handles: dict[str, int] = {}

    def lock(self) -> None:
        """Take the folder's lock (flock(2)), which ends with the process."""
        durable.private_directory(self.root)
        durable.sync_directory(self.root.parent)
        handle = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise WRITER_SECOND(where=str(self.root)) from error
        self._lock = handle

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, None if there is none."""
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None

    def place(self, path: str, data: bytes) -> None:
        """Write beside the file and rename; remember what `sync` has to do.

        A file that holds these bytes already is left alone: another copy, not yet on disk, would put at risk what a
        checkpoint promised before.
        """
        target = self.root / path
        if self.read(path) != data:
            self._make_folder(target.parent)
            # One writer, so one fixed name: what a killed writer left behind is overwritten, not collected.
            beside = target.with_name(f".{target.name}.new")
            beside.write_bytes(data)
            beside.rename(target)
        self._files.add(target)
        self._folders.add(target.parent)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=0o700)
        self._folders.add(folder.parent)

    def sync(self) -> None:
        """Fsync every file placed, then every folder that got a new name."""
        for path in sorted(self._files):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        for folder in sorted(self._folders):
            durable.sync_directory(folder)
        self._files.clear()
        self._folders.clear()

    def write(self, path: str, data: bytes) -> None:
        """Replace the file in one step, durable on return."""
        target = self.root / path
        if not target.parent.is_dir():
            self._make_folder(target.parent)
            self.sync()
        durable.write(target, data)
        # The name now belongs to another file: the old handle would append to what nobody sees.
        handle = self._handles.pop(path, None)
        if handle is not None:
            os.close(handle)

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of the file and fdatasync."""
        handle = self._handles.get(path)
        if handle is None:
            handle = self._handles[path] = os.open(self.root / path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fdatasync(handle)

    def drop_partials(self, path: str) -> None:
        """Delete the folder of the partial files beside a full one."""
        folder = self.root / f"{path}.p"
        if folder.is_dir():
            self._files = {file for file in self._files if file.parent != folder}
            self._folders.discard(folder)
            shutil.rmtree(folder)

    def close(self) -> None:
        """Close all files and let go of the lock."""
        for handle in self._handles.values():
            os.close(handle)
        self._handles.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
