# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal backup`: what the portal needs to come back, sealed, into a new file."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal import backups
from sunporch.portal.agencies.actions import write_down
from sunporch.portal.agencies.store import BACKED_UP


class Command(BaseCommand):
    """Write a backup, and in the journal that it was written."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Print the file and its size in bytes."""
        del args, options
        now = system_clock().now()
        size = backups.write(settings.SUNPORCH, file, now)
        write_down(getpass.getuser(), now, BACKED_UP, file.name)
        self.stdout.write(json.dumps({"file": str(file), "bytes": size}))
