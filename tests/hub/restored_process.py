# SPDX-License-Identifier: AGPL-3.0-or-later
"""A restored home's worker without its threads: it reads, lets leave and stops sharing by its own code, in turn.

Arguments: the settings file, and the clips (entries of the record) that its resident stops sharing. Prints what the
home then knows of clips that were on their way, of its shares, its alarms and its messages.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sunporch.base.clock import system_clock
from sunporch.hub import setup
from sunporch.hub.config import load

TURNS = 3


def main() -> None:
    settings = Path(sys.argv[1])
    setup.enter(settings)
    from django.contrib.auth.models import User  # noqa: PLC0415 - Django must know its settings first

    from sunporch.hub.inbox.models import Alarm  # noqa: PLC0415 - likewise
    from sunporch.hub.release.models import Release  # noqa: PLC0415 - likewise
    from sunporch.hub.shares import actions as shares  # noqa: PLC0415 - likewise
    from sunporch.hub.shares.models import Message, Share  # noqa: PLC0415 - likewise
    from sunporch.hub.takeout.models import Link  # noqa: PLC0415 - likewise
    from sunporch.hub.worker import Worker  # noqa: PLC0415 - likewise

    clock = system_clock()
    worker = Worker(load(settings), clock)
    worker._reading.begin()
    for _ in range(TURNS):
        worker._reading.once()
        worker._leaving.step()
        for disclosure in sys.argv[2:]:
            shares.withdraw(int(disclosure), User.objects.get(), clock.now())
        worker._ending.step()
        worker._making.step()
        worker._thread.send()
    known = {
        "releases": dict(Release.objects.values_list("id", "state")),
        "troubles": dict(Release.objects.values_list("id", "trouble_id")),
        "shares": dict(Share.objects.values_list("disclosure", "withdrawn_at")),
        "alarms": sorted(Alarm.objects.filter(ended_at=None).values_list("kind", flat=True)),
        "messages": Message.objects.count(),
        "links": list(Link.objects.values_list("state", "cleared")),
    }
    sys.stdout.write(json.dumps(known) + "\n")
    worker.close()


main()
