# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a community's log: static files under one address (C2SP tlog-tiles, and Sunporch's blobs)."""

from __future__ import annotations

import re

from sunporch.client.errors import ADDRESS_REFUSED
from sunporch.client.server import Server

# A full bundle is 256 x (2 + 8,192) bytes; a blob with the grid of a large town is the largest file.
MAX_LOG_FILE = 8 * 2**20
HTTP_NOT_FOUND, HTTP_GONE = 404, 410
_PATH = re.compile(r"[a-z0-9]+(?:[/.-][a-z0-9]+)*")


class LogReader:
    """The log at `base_url` (`https://portal/log`)."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        self._server = Server(base_url, proxy)

    def fetch(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where the log has no such file; raises the `client.` errors."""
        if not _PATH.fullmatch(path):
            raise ADDRESS_REFUSED(address=path, reason="it is not the path of a file of a log")
        answer = self._server.ask("GET", f"/{path}", limit=MAX_LOG_FILE, accepted=(HTTP_NOT_FOUND, HTTP_GONE))
        return None if answer.status in (HTTP_NOT_FOUND, HTTP_GONE) else answer.body

    def close(self) -> None:
        """Close the connections."""
        self._server.close()
