# SPDX-License-Identifier: AGPL-3.0-or-later
"""A co-signer to be killed: `python -m tests.witness.cosigning FOLDER`; it says what it signed, line by line."""

from __future__ import annotations

import sys
from pathlib import Path

from sunporch.base.clock import ManualClock
from tests.witness.people import NOON, Log, cosigner


def main(folder: Path) -> None:
    log = Log(folder / "log")
    asked = cosigner(folder, ManualClock(NOON))
    old = 0
    for new in (3, 257, 600):
        asked.add_checkpoint(log.request(old, new))
        sys.stdout.write(f"signed {new}\n")
        sys.stdout.flush()
        old = new
    sys.stdout.write("end\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
