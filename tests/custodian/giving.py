# SPDX-License-Identifier: AGPL-3.0-or-later
"""A custodian that gives out one half and then goes on: `python -m tests.custodian.giving FOLDER LOG CALL`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sunporch.base.clock import ManualClock
from sunporch.client import LogFolder
from sunporch.custodian.keeper import Keeper
from sunporch.custodian.store import Store
from sunporch.verify.pin import Pin
from tests.verify.town import person


class NoPortal:
    def post_entry(self, note: str) -> None:
        raise AssertionError(f"nothing is owed here, yet handed in: {note}")


def keeper_at(folder: Path, log: Path, pin: str, now: int) -> Keeper:
    """Return a custodian that starts on the folder and reads the log."""
    mirror = folder / "mirror"
    mirror.mkdir(mode=0o700, exist_ok=True)
    arguments = (person("library"), Pin.parse(pin.encode()), Store(folder), LogFolder(mirror), ManualClock(now))
    return Keeper(*arguments, LogFolder(log).fetch, NoPortal())


if __name__ == "__main__":
    call = json.loads(Path(sys.argv[3]).read_text())
    keeper = keeper_at(Path(sys.argv[1]), Path(sys.argv[2]), call["pin"], call["now"])
    print("given", keeper.give(bytes.fromhex(call["leaf"]), call["proof"]).half.hex(), flush=True)
    keeper.tick()
    print("mirrored", flush=True)
