# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer and signer as one static folder of this release: portals serve it, and so does an officer's own desk.

Reads the installed package and imports nothing of Django, so that doors without it serve and compare the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

# Where the folder lies below a site's address.
ADDRESS = "/static/web/"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def viewer_files() -> dict[str, bytes]:
    """Return every file of the folder: its path below `ADDRESS`, its bytes."""
    return dict(_within(files("sunporch.web") / "static" / "web", ""))


def viewer_hashes() -> dict[str, str]:
    """Return the hex SHA-256 of every file of the folder."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in sorted(viewer_files().items())}


def type_of(path: str) -> str:
    """Return the media type of one of the folder's files."""
    return TYPES.get(path[path.rindex(".") :] if "." in path else "", "application/octet-stream")


def _within(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _within(item, f"{before}{item.name}/")
        else:
            yield before + item.name, item.read_bytes()
