# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal catch-up`: what the world has of this log and a restored copy lacks."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal.agencies.actions import write_down
from sunporch.portal.sequencer.catchup import CatchUp


class Command(BaseCommand):
    """Take the missing entries, then make the public tables anew."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address or folder of the newer log."""
        parser.add_argument("source")

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        """Print how many entries were taken, and then what `rebuild` prints."""
        del args, options
        taken = CatchUp(settings.SUNPORCH, source).run()
        write_down(getpass.getuser(), system_clock().now(), "caught up", f"{taken} entries")
        self.stdout.write(json.dumps({"taken": taken}))
        call_command("rebuild")
