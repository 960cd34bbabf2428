# SPDX-License-Identifier: AGPL-3.0-or-later
"""A home's worker without its threads: it reads and lets leave by its own code, in turn, until the clip is shared.

In one thread each thing that is made durable has its own number, and strace can kill the process at any of them. (It
counts each thread apart: among threads, the one that starts first would hide the first steps of all others.) With
`read` it only reads, so that a later run finds nothing new but its own share.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sunporch.base.clock import system_clock
from sunporch.hub import setup
from sunporch.hub.config import load


def main() -> None:
    settings = Path(sys.argv[1])
    setup.enter(settings)
    from sunporch.hub.release.models import Release  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.worker import Worker  # noqa: PLC0415 - likewise

    worker = Worker(load(settings), system_clock())
    worker._reading.begin()
    if sys.argv[2:] == ["read"]:
        worker._reading.once()
        worker.close()
        return
    while Release.objects.get().state != "shared":
        worker._reading.once()
        worker._finding.step()
        worker._leaving.step()
    sys.stdout.write("shared\n")
    sys.stdout.flush()
    worker.close()


main()
