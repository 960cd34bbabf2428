# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every part of the archive stands on: its folder, keys, journal and index, and the way to write a fact down.

A fact goes into the journal first (durable), then into the index; a process that dies between the two, or another
process that wrote meanwhile, is caught up with before the next fact.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunporch.base import durable
from sunporch.base.clock import Clock
from sunporch.vault.errors import DISK_FAILED, DISK_FULL
from sunporch.vault.index import FullDisk, Index, SegmentRow
from sunporch.vault.journal import START, Journal
from sunporch.vault.keys import Keyring
from sunporch.vault.timeline import TICKS

SEGMENTS = "segments"
BALLAST = "ballast"
# Given up when somebody else filled the disk, so that erasing old footage can still be written down.
BALLAST_BYTES = 1024 * 1024
# What footage itself never takes of the disk, for the same reason.
RESERVE_BYTES = 1024 * 1024
SUFFIX = ".sealed"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class Store:
    """The open archive's parts."""

    folder: Path
    clock: Clock
    keys: Keyring
    journal: Journal
    index: Index

    def path(self, row: SegmentRow) -> Path:
        """Return where a segment's file lies."""
        return self.folder / SEGMENTS / row.camera / row.day / (row.id + SUFFIX)

    def check_room(self, size: int) -> None:
        """Raise OSError ENOSPC if footage of this size would take the last of the disk."""
        disk = os.statvfs(self.folder)
        if disk.f_bavail * disk.f_frsize < size + RESERVE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def now_90k(self) -> int:
        """Return the clock in 90 kHz ticks since the epoch."""
        return self.clock.now_ns() * 9 // 100_000

    def catch_up(self) -> None:
        """Fold in what the journal has and the index has not; raises `vault.journal-damaged`, `vault.disk-full`."""
        try:
            self._fold()
        except FullDisk as error:
            self.drop_ballast()
            try:
                self._fold()
            except FullDisk:
                raise DISK_FULL(where=str(self.folder)) from error

    def _fold(self) -> None:
        with self.journal.locked():
            position = self.index.position()
            if position.offset > self.journal.size:
                # The index is of another journal (a restored backup): the journal is the truth.
                self.index.empty()
                position = START
            if position.offset < self.journal.size:
                for after, body in self.journal.read_from(position):
                    self.index.apply(after, body)

    def record(self, kind: str, **fields: object) -> None:
        """Write a fact down; raises `vault.disk-full` or `vault.disk-failed`."""
        body: dict[str, Any] = {"kind": kind, "at": self.clock.now(), **fields}
        try:
            self._record(body)
        except OSError as error:
            if error.errno not in FULL:
                raise DISK_FAILED(where=str(self.folder), reason=str(error.strerror)) from error
            self._without_ballast(body)

    def _record(self, body: dict[str, Any]) -> None:
        with self.journal.locked():
            self.catch_up()
            position = self.journal.append(self.index.position(), body)
            try:
                self.index.apply(position, body)
            except FullDisk:
                # The fact is durable in the journal; if even without the ballast the index cannot take it, it
                # catches up when there is room.
                self.drop_ballast()
                with contextlib.suppress(FullDisk):
                    self._fold()

    def _without_ballast(self, body: dict[str, Any]) -> None:
        self.drop_ballast()
        try:
            self._record(body)
        except OSError as error:
            raise DISK_FULL(where=str(self.folder)) from error

    def drop_ballast(self) -> None:
        """Give up the reserved space."""
        (self.folder / BALLAST).unlink(missing_ok=True)

    def take_ballast(self) -> None:
        """Reserve space again, where there is some; a full disk is no error here."""
        path = self.folder / BALLAST
        if path.exists():
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, BALLAST_BYTES)
        except OSError as error:
            path.unlink()
            if error.errno not in FULL:
                raise DISK_FAILED(where=str(path), reason=str(error.strerror)) from error
        finally:
            os.close(handle)

    def day_folder(self, camera: str, start_90k: int) -> str:
        """Make the folder of a UTC day and return its name (days since the epoch)."""
        day = f"{start_90k // (TICKS * 86_400):06d}"
        parent = self.folder / SEGMENTS
        for name in (camera, day):
            path = parent / name
            if not path.exists():
                durable.private_directory(path)
                durable.sync_directory(parent)
            parent = path
        return day
