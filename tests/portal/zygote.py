# SPDX-License-Identifier: AGPL-3.0-or-later
"""A process that has loaded everything and forks a child for each deed, so that a kill costs no start of Python.

One JSON line on standard input asks for a deed: `{"do", "folder", "witnesses", ...}`. The child stops itself before
it opens any file; the answer is its pid, so that strace can be tied to it. After the child's end comes its status.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "sunporch.portal.settings"
django.setup()

from django.conf import settings  # noqa: E402 - only after setup
from django.db import connections  # noqa: E402

from sunporch.base.clock import OFFSET_VARIABLE, SystemClock  # noqa: E402
from sunporch.portal import config  # noqa: E402
from sunporch.portal.agencies.models import Account  # noqa: E402
from sunporch.portal.agencies.permissions import person_of  # noqa: E402
from sunporch.portal.appeals import actions  # noqa: E402
from sunporch.portal.record import public_record  # noqa: E402
from sunporch.portal.sequencer.loop import Sequencer  # noqa: E402


def main() -> None:
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            _do(wanted)
            os._exit(0)
        os.waitpid(pid, os.WUNTRACED)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


def _do(wanted: dict) -> None:
    data = Path(wanted["folder"]) / "portal"
    os.environ[OFFSET_VARIABLE] = str(Path(wanted["folder"]) / "clock")
    clock = SystemClock(Path(os.environ[OFFSET_VARIABLE]))
    settings.SUNPORCH = config.Settings(
        origin=wanted["origin"], data_dir=data, secret_key="x" * 48, witnesses=wanted["witnesses"]
    )
    connections.settings["default"]["NAME"] = str(settings.SUNPORCH.database)
    if wanted["do"] == "drain":
        sequencer = Sequencer(settings.SUNPORCH, clock)
        while sequencer.turn():
            pass
        sequencer.close()
    else:
        with public_record().reading() as state:
            person = person_of(Account.objects.get(pseudonym=wanted["person"]), state, clock.now())
        actions.countersign(person, wanted["draft"], wanted["note"], clock.now())


if __name__ == "__main__":
    main()
