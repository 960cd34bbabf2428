# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder that forgets, as a disk does when the power goes: what was not synced is old, new, torn or gone."""

from __future__ import annotations

from pathlib import Path
from random import Random

from sunporch.tlog.storage import DirectoryStorage


class PowerCutError(Exception):
    """The power went."""


class ForgetfulStorage(DirectoryStorage):
    """A real folder; after `left` operations the power goes, and `random` decides what the disk had written."""

    def __init__(self, root: Path, left: int, random: Random) -> None:
        super().__init__(root)
        self._left = left
        self._random = random
        self._before: dict[str, bytes | None] = {}

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            self._forget()
            raise PowerCutError

    def _forget(self) -> None:
        for path, before in self._before.items():
            target = self.root / path
            if not target.exists():
                continue
            new = target.read_bytes()
            kept = self._random.choice((before, new, b"", new[: len(new) // 2], bytes(len(new))))
            if kept is None:
                target.unlink()
            else:
                target.write_bytes(kept)
        self._before.clear()

    def place(self, path: str, data: bytes) -> None:
        self._count()
        before, number = self.read(path), self._number(path)
        super().place(path, data)
        if self._number(path) != number:
            self._before.setdefault(path, before)

    def _number(self, path: str) -> int:
        """Return the file's inode: another one is another copy, which may not be on disk yet."""
        target = self.root / path
        return target.stat().st_ino if target.exists() else 0

    def sync(self) -> None:
        self._count()
        super().sync()
        self._before.clear()

    def write(self, path: str, data: bytes) -> None:
        self._count()
        super().write(path, data)

    def append(self, path: str, data: bytes) -> None:
        if self._left == 0:
            torn = data[: self._random.randrange(len(data) + 1)]
            if self._random.random() < 0.5:
                torn += bytes(len(data) - len(torn))
            super().append(path, torn)
        self._count()
        super().append(path, data)
