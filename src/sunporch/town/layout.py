# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where everything of one demo town lies: folders, ports, addresses."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from sunporch.base import durable
from sunporch.town.errors import TOWN_ABSENT
from sunporch.town.processes import port_is_free

ORIGIN = "demo.maple-street"
DEFAULT_FOLDER = Path(".town")
DEFAULT_BASE = 8400
WITNESSES = ("witness-1", "witness-2", "witness-3", "witness-4")
QUORUM = 3
# Distance of each part's port from the base; browsers tie keys and cookies to them, so they never move alone.
_PORTS = {
    "page": 0,
    "hub": 1,
    "portal": 2,
    "custodian": 3,
    "hub-omar": 4,
    "desk": 6,
    **{name: 11 + number for number, name in enumerate(WITNESSES)},
    "camera": 154,
}
_BASE_TRIES = 200
_LOWEST_BASE, _HIGHEST_BASE = 10_000, 32_000


@dataclass(frozen=True)
class Layout:
    """One town's folder and first port."""

    folder: Path
    base: int = DEFAULT_BASE

    def port(self, part: str) -> int:
        """Return the part's port."""
        return self.base + _PORTS[part]

    def url(self, part: str) -> str:
        """Return the part's address; always `localhost`, because browsers grant it a secure context."""
        return f"http://localhost:{self.port(part)}"

    def data(self, part: str) -> Path:
        """Return the part's own data folder."""
        return self.folder / part

    def log(self, part: str) -> Path:
        """Return the file that the part's output goes to."""
        return self.folder / "logs" / f"{part}.log"

    @property
    def clock(self) -> Path:
        """The town clock's file."""
        return self.folder / "clock"

    @property
    def people(self) -> Path:
        """Private keys and accounts of the cast (0700)."""
        return self.folder / "people"

    @property
    def pin(self) -> Path:
        """What every tailer pins: origin, hash of leaf 0, trust policy."""
        return self.folder / "pin.json"

    @property
    def log_url(self) -> str:
        """The address of the public log."""
        return f"{self.url('portal')}/log"

    def announce(self) -> None:
        """Write down which town runs from this folder, for `sunporch demo --advance`."""
        durable.write(self.folder / "town.json", json.dumps({"base": self.base}).encode())

    @classmethod
    def announced(cls, folder: Path) -> Layout:
        """Return the running town's layout, or raise `town.town-absent`."""
        try:
            base = json.loads((folder / "town.json").read_text(encoding="ascii"))["base"]
        except FileNotFoundError as error:
            raise TOWN_ABSENT(where=str(folder.resolve())) from error
        return cls(folder, int(base))


def free_base() -> int:
    """Return a random base whose whole set of ports is free now (for tests).

    It lies below the range from which Linux takes ports of outgoing connections (ip_local_port_range, 32768 on),
    so that no connection of the town itself can sit on a port that a part is about to open.
    """
    for _ in range(_BASE_TRIES):
        base = _LOWEST_BASE + secrets.randbelow(_HIGHEST_BASE - _LOWEST_BASE)
        if all(port_is_free(base + step) for step in _PORTS.values()):
            return base
    raise OSError("no stretch of free ports found")
