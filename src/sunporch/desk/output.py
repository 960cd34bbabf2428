# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one file that an opened clip goes into: whole and checked, or not there at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sunporch.base import durable
from sunporch.clip.index import Index
from sunporch.desk.errors import MEDIA_DIFFERS, OUTPUT_EXISTS, OUTPUT_UNWRITABLE


@dataclass(frozen=True)
class Opened:
    """An opened clip: the log index of its `access` entry, the file, its digest (hex), the clip's own index."""

    access: int
    file: Path
    sha256: str
    index: Index


class Output:
    """A private file beside `path` that becomes `path` once everything was written and checked.

    Made before anything is put on record, so that a folder without rights or room fails first. Use as a `with` block:
    leaving it removes what was not finished.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
        self._file: BinaryIO | None = None

    def __enter__(self) -> Output:
        if self._path.exists():
            raise OUTPUT_EXISTS(where=str(self._path))
        try:
            handle = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise OUTPUT_UNWRITABLE(where=str(self._path), reason=str(error)) from error
        self._file = os.fdopen(handle, "wb")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        self._beside.unlink(missing_ok=True)

    def write(self, index: Index, media: Iterator[bytes], access: int) -> Opened:
        """Write the media and give the file its name.

        Raises `desk.media-differs`, `desk.output-unwritable`, and what `media` raises.
        """
        if self._file is None:
            raise ValueError("an output is used inside its `with` block")
        short, long = hashlib.sha256(), hashlib.sha512()
        try:
            for piece in media:
                short.update(piece)
                long.update(piece)
                self._file.write(piece)
            if (short.hexdigest(), long.hexdigest()) != (index.media_sha256, index.media_sha512):
                raise MEDIA_DIFFERS(where=str(self._path))
            self._file.flush()
            os.fsync(self._file.fileno())
            if self._path.exists():
                raise OUTPUT_EXISTS(where=str(self._path))
            self._beside.rename(self._path)
            durable.sync_directory(self._path.parent)
        except OSError as error:
            raise OUTPUT_UNWRITABLE(where=str(self._path), reason=str(error)) from error
        return Opened(access, self._path, short.hexdigest(), index)
