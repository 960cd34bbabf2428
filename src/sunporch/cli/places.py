# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that a command line names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sunporch.cli.errors import FILE_UNREADABLE
from sunporch.verify.pin import Pin

PIECE_BYTES = 1024 * 1024


def read_file(path: Path) -> bytes:
    """Return a file's bytes, or raise `cli.file-unreadable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FILE_UNREADABLE(where=str(path), reason=error.strerror or str(error)) from error


def read_pieces(path: Path) -> Iterator[bytes]:
    """Yield a large file's bytes piece by piece; raises `cli.file-unreadable`."""
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise FILE_UNREADABLE(where=str(path), reason=error.strerror or str(error)) from error


def read_pin(path: Path | None) -> Pin | None:
    """Return the pin of a pin file, None for none; raises `verify.pin-malformed` or `cli.file-unreadable`."""
    return None if path is None else Pin.parse(read_file(path))
