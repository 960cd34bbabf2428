# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a log is: a portal's address, the address of its log, or a folder with its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sunporch.cli.errors import FILE_UNREADABLE, LOG_ABSENT
from sunporch.client import LogFolder, LogReader
from sunporch.tlog.reader import CHECKPOINT, SIZES
from sunporch.tlog.tiles import Fetch
from sunporch.verify.pin import Pin

LOG = "log"
PIECE_BYTES = 1024 * 1024


def log_at(place: str) -> Fetch:
    """Return what reads the log at the address or folder, or at `log` inside it; raises `cli.log-absent`."""
    for candidate in (place.rstrip("/"), f"{place.rstrip('/')}/{LOG}"):
        remote = place.startswith(("http://", "https://"))
        fetch: Fetch = LogReader(candidate).fetch if remote else _folder(Path(candidate))
        # A damaged log may lack one of the two; then the verification says so.
        if fetch(CHECKPOINT) is not None or fetch(SIZES) is not None:
            return fetch
    raise LOG_ABSENT(where=place)


def _folder(path: Path) -> Fetch:
    """Return what reads a log's folder; whatever stands in a file's place is `cli.file-unreadable`."""
    folder = LogFolder(path)

    def fetch(name: str) -> bytes | None:
        try:
            return folder.fetch(name)
        except OSError as error:
            raise FILE_UNREADABLE(where=str(path / name), reason=error.strerror or str(error)) from error

    return fetch


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
