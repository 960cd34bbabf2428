# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal's settings: one TOML file, written by `sunporch portal init`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base import config
from sunporch.web.pings import config as pings

DOOR = "portal"
# Names the settings file to the processes that `portal run` starts; not a setting itself.
FILE_VARIABLE = "SUNPORCH_SITE_FILE"
DEFAULT_PORT = 8402


@dataclass(frozen=True)
class Settings(pings.PingSettings):
    """What an operator decides."""

    origin: str = field(metadata={"doc": "name of the log for ever; a demo's begins with `demo.`"})
    data_dir: Path = field(metadata={"doc": "folder of database, log, files and keys (0700)"})
    secret_key: str = field(metadata={"secret": True, "doc": "at least 32 characters; seals second factors"})
    listen_host: str = field(default="127.0.0.1", metadata={"doc": "address to listen on"})
    port: int = field(default=DEFAULT_PORT, metadata={"doc": "TCP port"})
    witnesses: list[str] = field(
        default_factory=list,
        metadata={"doc": "addresses of the independent co-signers, each asked for every checkpoint"},
    )
    hosts: list[str] = field(
        default_factory=list, metadata={"doc": "names under which people reach the portal, besides localhost"}
    )
    s3_bucket: str = field(
        default="",
        metadata={
            "doc": "bucket for headers and sealed files of clips, without versions; empty = the folder `files`. Log, "
            "database and keys always lie in `data_dir`: only there is an entry durable before it is signed"
        },
    )
    s3_endpoint: str = field(
        default="", metadata={"doc": "address of the S3 server, asked as `ENDPOINT/BUCKET/...` and signed `s3v4`"}
    )
    s3_region: str = field(default="us-east-1", metadata={"doc": "region that the signatures name"})
    s3_access_key: str = field(default="", metadata={"doc": "name of the key that may read, write, list and delete"})
    s3_secret_key: str = field(default="", metadata={"secret": True, "doc": "secret of that key"})
    s3_prefix: str = field(default="clips/", metadata={"doc": "what the names of all objects begin with"})

    backup_recipient: str = field(
        default="",
        metadata={
            "doc": "public key (age) that backups are sealed to, as `sunporch portal backup-key` prints it; its "
            "other half never lies on this machine"
        },
    )

    @property
    def address(self) -> str:
        """The address under which people open the portal, without a slash at its end."""
        return self.site_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.data_dir / "portal.sqlite3"

    @property
    def log_dir(self) -> Path:
        """The public log, as it is served under `/log/`."""
        return self.data_dir / "log"

    @property
    def files_dir(self) -> Path:
        """Headers and sealed files of clips."""
        return self.data_dir / "files"

    @property
    def keys_dir(self) -> Path:
        """The log's key, the portal's own key, the secret of the case tags (0700)."""
        return self.data_dir / "keys"

    @property
    def push_key(self) -> Path:
        """The portal's key for push services (0600)."""
        return self.keys_dir / pings.KEY_FILE

    @property
    def pids_file(self) -> Path:
        """Process ids of a running portal."""
        return self.data_dir / "pids.json"


def load(path: Path | None) -> Settings:
    """Return the settings of the file and the environment; raises the `config.` errors."""
    settings = config.load(Settings, DOOR, path)
    pings.check(settings)
    return settings


def of_this_process() -> Settings:
    """Return the settings of the file that `portal run` named to this process.

    Without one (type checks, migrations, tests, which put their own in place) a portal that exists nowhere.
    """
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return load(Path(named))
    return Settings(origin="demo.nowhere", data_dir=Path("/nonexistent"), secret_key="of-no-portal" * 4)
