# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `sunporch portal restore` does once the folder is there: write it down, and say what to do next."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal.agencies.actions import write_down
from sunporch.portal.viewer.store import lost_files

_NEXT = (
    "Before you start it: `sunporch portal catch-up SOURCE --config {file}`, where SOURCE is the newest copy of the "
    "record (a key custodian's folder `mirror`, or an address that mirrors `/log/`). Without one, start it: if "
    "co-signers have signed more than lies here it records nothing, and `sunporch portal doctor` says so "
    "(`log-newest`)."
)


class Command(BaseCommand):
    """Write down that this portal is a copy."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what was restored."""
        parser.add_argument("file")
        parser.add_argument("--made-at", type=int, required=True)
        parser.add_argument("--entries", type=int, required=True)

    def handle(self, *args: Any, file: str, made_at: int, entries: int, **options: Any) -> None:
        """Print the settings file, how old it is, how much of the record it has, which files are lost, what to do."""
        del args, options
        made = datetime.fromtimestamp(made_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        write_down(getpass.getuser(), system_clock().now(), "restored", made)
        said = {
            "config": file,
            "made_at": made,
            "entries": entries,
            "clips_without_file": lost_files(),
            "next": _NEXT.format(file=file),
        }
        self.stdout.write(json.dumps(said, indent=2))
