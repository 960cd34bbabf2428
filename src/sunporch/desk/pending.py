# SPDX-License-Identifier: AGPL-3.0-or-later
"""Openings that were signed and not finished: kept beside the key file, so that a second try needs no second entry.

One private file a clip holds the signed entry and its ephemeral key. It is overwritten and removed as soon as the
clip is open, or the opening can lead nowhere any more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base import durable, strictjson
from sunporch.base.errors import Error
from sunporch.clip import keys


@dataclass(frozen=True)
class Opening:
    """A signed `access` entry (C2SP note text) and the private half of its ephemeral key (X25519, hex)."""

    note: str
    e_private: str = field(repr=False)


class Openings:
    """The unfinished openings of one device."""

    def __init__(self, key_file: Path) -> None:
        self._folder = key_file.with_name(f"{key_file.name}.openings")

    def _file(self, c: str) -> Path:
        return self._folder / f"{c}.json"

    def find(self, c: str) -> Opening | None:
        """Return the unfinished opening of clip `c`; one that cannot be read is removed: a new one costs little."""
        path = self._file(c)
        try:
            value = strictjson.loads(durable.read_private(path), str(path))
            keys.load_private(str(value["e_private"]))
            return Opening(str(value["note"]), str(value["e_private"]))
        except FileNotFoundError:
            return None
        except (Error, KeyError):
            self.drop(c)
            return None

    def keep(self, c: str, opening: Opening) -> None:
        """Keep it before it is handed in."""
        durable.private_directory(self._folder)
        line = strictjson.dumps({"note": opening.note, "e_private": opening.e_private})
        durable.write(self._file(c), line.encode())

    def drop(self, c: str) -> None:
        """Overwrite and remove it."""
        path = self._file(c)
        if not path.exists():
            return
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        durable.sync_directory(self._folder)
