# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of a home hub, as they stand in `DATA/hub.toml`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base import config
from sunporch.web.pings import config as pings

DOOR = "hub"
# Not `SUNPORCH_HUB_...`: those are settings. The site's processes learn from it which file is theirs.
FILE_VARIABLE = "SUNPORCH_SETTINGS_OF_HUB"
POLL_SECONDS = 300
UNDO_SECONDS = 600
UNDO_RANDOM_SECONDS = 1200
# Services that a household can run or choose itself, and none that acts on the hub's own machine.
APPRISE_SCHEMES = (
    *("gotify", "gotifys", "hassio", "hassios", "json", "jsons", "mailto", "mailtos", "matrix", "matrixs"),
    *("ntfy", "ntfys", "pover", "signal", "signals", "tgram"),
)


@dataclass(frozen=True)
class Settings(pings.PingSettings):
    """One household's hub."""

    data_dir: Path = field(metadata={"doc": "Folder of the archive, the database and the copy of the record (0700)."})
    portal_url: str = field(metadata={"doc": "Address of the town's portal; the record lies under its `/log/`."})
    pin_file: Path = field(metadata={"doc": "Origin, hash of leaf 0 and trust policy of the town, as JSON."})
    secret_key: str = field(
        metadata={"doc": "Seals sessions and second factors; made by `hub init`.", "secret": True}
    )
    retention_days: int = field(
        default=0, metadata={"doc": "Footage older than this is erased unless held; 0 = not set, and no start."}
    )
    retention_bytes: int = field(
        default=0, metadata={"doc": "Beyond this many bytes the oldest footage goes; 0 = not set, and no start."}
    )
    listen_host: str = field(default="127.0.0.1", metadata={"doc": "Address on which the hub's pages answer."})
    port: int = field(default=8401, metadata={"doc": "Port on which the hub's pages answer."})
    poll_seconds: int = field(
        default=POLL_SECONDS, metadata={"doc": "How often the record is read, give or take a fifth at random."}
    )
    undo_seconds: int = field(
        default=UNDO_SECONDS, metadata={"doc": "A clip waits at least this long in the hub before it leaves."}
    )
    undo_random_seconds: int = field(
        default=UNDO_RANDOM_SECONDS, metadata={"doc": "At most this much longer, drawn at random for each clip."}
    )
    hosts: list[str] = field(
        default_factory=list, metadata={"doc": "Names under which the hub's pages answer, besides localhost."}
    )
    socks_proxy: str = field(
        default="", metadata={"doc": "`socks5h://host:port` through which all leaves the house, or empty."}
    )

    apprise_schemes: list[str] = field(
        kw_only=True,
        default_factory=lambda: list(APPRISE_SCHEMES),
        metadata={"doc": "What a resident's Apprise address may begin with; the hub's machine asks them."},
    )

    @property
    def address(self) -> str:
        """The address under which residents open the hub, without a slash at its end."""
        return self.site_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def push_key(self) -> Path:
        """The hub's key for push services (0600)."""
        return self.data_dir / pings.KEY_FILE

    @property
    def log_url(self) -> str:
        """The address of the public record."""
        return f"{self.portal_url.rstrip('/')}/log"

    @property
    def database(self) -> Path:
        """The file of the embedded database."""
        return self.data_dir / "hub.sqlite3"

    @property
    def pids_file(self) -> Path:
        """Process ids of a running hub."""
        return self.data_dir / "pids.json"

    @property
    def vault_folder(self) -> Path:
        """The folder of the home archive."""
        return self.data_dir / "vault"

    @property
    def mirror_folder(self) -> Path:
        """The folder of the hub's own copy of the public record."""
        return self.data_dir / "mirror"


def load(path: Path | None) -> Settings:
    """Return the settings from file and environment; raises the `config.` errors."""
    settings = config.load(Settings, DOOR, path)
    pings.check(settings)
    return settings


def current() -> Settings | None:
    """Return the settings of the file that the environment names, or None where none is named."""
    name = os.environ.get(FILE_VARIABLE)
    return load(Path(name)) if name else None
