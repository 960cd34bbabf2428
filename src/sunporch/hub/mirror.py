# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub's own copy of the public record, as it was checked: static files in the layout of the log.

After a restart the copy is read first, so that a portal which lost or changed its past cannot show a new one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sunporch.base import durable
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.notes import Note
from sunporch.tlog.reader import CHECKPOINT
from sunporch.tlog.tiles import ENTRIES, Tile, width_at


class Mirror:
    """Files of one log below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = durable.private_directory(folder)
        self._bundles: set[int] = set()

    def fetch(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where the copy has none."""
        try:
            return self._place(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def keep(self, path: str, data: bytes | None) -> None:
        """Keep a checked file, whole or absent after a power cut; None means forget a text that was taken down."""
        place = self._place(path)
        if data is None:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write(place, data)
        if path.startswith("tile/entries/"):
            self._bundles.add(Tile.parse(path).number)
        elif path == CHECKPOINT:
            self._drop_narrower(Checkpoint.parse(Note.parse(data).text).size)

    def _drop_narrower(self, size: int) -> None:
        """Delete unfinished bundles that wider ones replace, once the checkpoint on disk no longer needs them.

        Not a moment earlier: a hub that is killed in between would find its own copy incomplete.
        """
        for number in self._bundles:
            width = width_at(ENTRIES, number, size)
            folder = self._place(Tile(ENTRIES, number, 1).path).parent
            if Tile(ENTRIES, number, width) == Tile(ENTRIES, number):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for file in folder.glob("[0-9]*"):
                if file.name != str(width):
                    file.unlink()
        self._bundles.clear()

    def _place(self, path: str) -> Path:
        """Return where the file lies; paths are those that `verify` asked for, never a server's."""
        place = Path(os.path.normpath(self._folder / path))
        if not place.is_relative_to(self._folder):
            raise ValueError(f"{path!r} leaves the folder of the copy")
        return place
