# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal rebuild`: the public tables anew from the log, which is the truth."""

from __future__ import annotations

import getpass
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from sunporch.base.clock import system_clock
from sunporch.portal.agencies.actions import write_down
from sunporch.portal.board import actions
from sunporch.portal.record import PublicRecord


class Command(BaseCommand):
    """Verify the whole log and fill the public tables from it, in one transaction."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many entries are shown."""
        del args, options
        clock = system_clock()
        record = PublicRecord(settings.SUNPORCH, clock)
        with record.reading() as state, transaction.atomic():
            actions.forget()
            if record.size:
                actions.show(state.records, state, record.sighting())
            write_down(getpass.getuser(), clock.now(), "rebuilt", f"{record.size} entries")
        self.stdout.write(json.dumps({"entries": record.size}))
