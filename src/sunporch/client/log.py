# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a community's log: static files under one address (C2SP tlog-tiles, and Sunporch's blobs)."""

from __future__ import annotations

import re
from pathlib import Path

from sunporch.base import durable
from sunporch.client.errors import ADDRESS_REFUSED, ANSWER_OVERSIZE, FILE_UNREADABLE, LOG_ABSENT
from sunporch.client.server import Server
from sunporch.tlog.reader import CHECKPOINT, SIZES
from sunporch.tlog.tiles import ENTRIES, TILE_WIDTH, Fetch, Tile, decode_bundle, encode_bundle

# A full bundle is 256 x (2 + 8,192) bytes; a blob with the grid of a large town is the largest file.
MAX_LOG_FILE = 8 * 2**20
# Where a portal serves its log, and a folder of a portal has it.
LOG = "log"
HTTP_NOT_FOUND, HTTP_GONE = 404, 410
_PATH = re.compile(r"[a-z0-9]+(?:[/.-][a-z0-9]+)*")


class LogReader:
    """The log at `base_url` (`https://portal/log`)."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        self._server = Server(base_url, proxy)

    def fetch(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where the log has no such file; raises the `client.` errors."""
        _check(path)
        answer = self._server.ask("GET", f"/{path}", limit=MAX_LOG_FILE, accepted=(HTTP_NOT_FOUND, HTTP_GONE))
        return None if answer.status in (HTTP_NOT_FOUND, HTTP_GONE) else answer.body

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


class LogFolder:
    """The same files in a folder: a downloaded log, or the mirror of what a tail has verified."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where there is none.

        Raises `client.answer-oversize`, and `client.file-unreadable` for whatever stands in a file's place.
        """
        _check(path)
        data = self._read(path)
        if data is None and path.startswith("tile/entries/"):
            return self._within_wider(Tile.parse(path))
        return data

    def _read(self, path: str) -> bytes | None:
        try:
            with (self._folder / path).open("rb") as file:
                data = file.read(MAX_LOG_FILE + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            where = str(self._folder / path)
            raise FILE_UNREADABLE(where=where, reason=error.strerror or str(error)) from error
        if len(data) > MAX_LOG_FILE:
            raise ANSWER_OVERSIZE(where=str(self._folder / path), limit=MAX_LOG_FILE)
        return data

    def _within_wider(self, bundle: Tile) -> bytes | None:
        """Return an unfinished bundle as the beginning of a wider one: a mirror was cut off before its list."""
        for width in range(bundle.width + 1, TILE_WIDTH + 1):
            wider = Tile(ENTRIES, bundle.number, width)
            data = self._read(wider.path)
            if data is not None:
                return encode_bundle(decode_bundle(data, wider)[: bundle.width])
        return None

    def keep(self, path: str, data: bytes | None) -> None:
        """Keep a file durably and in one step, or forget it (None); unfinished bundles give way to wider ones."""
        _check(path)
        target = self._folder / path
        if data is None:
            target.unlink(missing_ok=True)
            return
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write(target, data)
        unfinished = target.parent if target.parent.suffix == ".p" else target.with_name(f"{target.name}.p")
        for narrower in unfinished.glob("[0-9]*"):
            if narrower != target:
                narrower.unlink()


def log_at(place: str) -> Fetch:
    """Return what reads the log at the address or folder, or at `log` inside it; raises `client.log-absent`."""
    for candidate in (place.rstrip("/"), f"{place.rstrip('/')}/{LOG}"):
        remote = place.startswith(("http://", "https://"))
        fetch: Fetch = LogReader(candidate).fetch if remote else LogFolder(Path(candidate)).fetch
        # A damaged log may lack one of the two; then the verification says so.
        if fetch(CHECKPOINT) is not None or fetch(SIZES) is not None:
            return fetch
    raise LOG_ABSENT(where=place)


def _check(path: str) -> None:
    if not _PATH.fullmatch(path):
        raise ADDRESS_REFUSED(address=path, reason="it is not the path of a file of a log")
