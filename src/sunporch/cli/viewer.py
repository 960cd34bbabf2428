# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch verify --viewer URL`: whether the viewer that a site serves is the one of this release."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from importlib import metadata
from typing import Any
from urllib.parse import urljoin, urlsplit

from sunporch.client import Relay
from sunporch.web.viewer_files import ADDRESS, viewer_hashes

MAX_FILE = 2 << 20  # bytes
FOUND = 200
# A page that everybody may see and that runs the viewer's modules.
PAGE = "/record/"


@dataclass(frozen=True)
class ViewerReport:
    """What was compared: `same`, `different` and `absent` files, and `foreign` scripts that a page loads."""

    release: str
    place: str
    same: tuple[str, ...]
    different: tuple[str, ...]
    absent: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Say whether the site's viewer is this release's, whole, and nothing beside it."""
        return not (self.different or self.absent or self.foreign)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {"format": "sunporch/viewer-check/v1", "ok": self.ok, **asdict(self)}

    def as_text(self) -> str:
        """Return the report for people."""
        kinds = (
            (self.different, "is not the file of this release"),
            (self.absent, "is missing"),
            (self.foreign, "is a script that this release does not have"),
        )
        lines = [f"{path} {words}." for paths, words in kinds for path in paths]
        if self.ok:
            lines.append(f"All {len(self.same)} files of the viewer are those of sunporch {self.release}.")
        else:
            lines.append(
                f"This is not the viewer of sunporch {self.release}; perhaps it is another release's. "
                "Until you know, do not open clips there: use `sunporch desk serve`."
            )
        return "\n".join(lines)


def compare(place: str) -> ViewerReport:
    """Fetch every file of the viewer from a site and compare it; raises the `client.` errors."""
    relay = Relay(place)
    try:
        same: list[str] = []
        different: list[str] = []
        absent: list[str] = []
        wanted = viewer_hashes()
        for path, digest in wanted.items():
            found = _fetched(relay, ADDRESS + path)
            if found is None:
                absent.append(path)
            else:
                (same if hashlib.sha256(found).hexdigest() == digest else different).append(path)
        scripts = _scripts(relay)
    finally:
        relay.close()
    known = {ADDRESS + path for path in wanted}
    foreign = sorted(script for script in scripts if script not in known)
    release = metadata.version("sunporch")
    return ViewerReport(release, relay.base_url, tuple(same), tuple(different), tuple(absent), tuple(foreign))


def _fetched(relay: Relay, path: str) -> bytes | None:
    answer, pieces = relay.ask("GET", path, limit=MAX_FILE)
    found = b"".join(pieces)
    return found if answer.status == FOUND else None


def _scripts(relay: Relay) -> set[str]:
    """Return what the page runs: paths of the site, whole addresses of others, `inline` for a script within it."""
    page = _fetched(relay, PAGE)
    if page is None:
        return set()
    reader = _Scripts()
    reader.feed(page.decode("utf-8", "replace"))
    here, found = urlsplit(relay.base_url + PAGE), set()
    for source in reader.found:
        parts = urlsplit(urljoin(here.geturl(), source)) if source else None
        own = parts is not None and (parts.scheme, parts.netloc) == (here.scheme, here.netloc)
        found.add("inline" if parts is None else parts.path if own else parts.geturl())
    return found


class _Scripts(HTMLParser):
    """Collects the addresses of scripts; an empty one for a script in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of scripts; a block of data runs nothing."""
        values = dict(attrs)
        if tag == "script" and values.get("type") != "application/json":
            self.found.append(values.get("src") or "")
