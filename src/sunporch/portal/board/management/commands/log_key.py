# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal log-key`: make the log's next key, and put it in the old one's place once the record names it."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal.agencies.actions import write_down
from sunporch.portal.record import PublicRecord
from sunporch.portal.sequencer import logkeys


class Command(BaseCommand):
    """Change the key that signs the log."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `next` or `activate`."""
        parser.add_argument("act", choices=("next", "activate"))

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        """Print the public key that was made or put in place."""
        del args, options
        clock = system_clock()
        if act == "next":
            signer = logkeys.make_next(settings.SUNPORCH)
        else:
            with PublicRecord(settings.SUNPORCH, clock).reading() as state:
                signer = logkeys.activate(settings.SUNPORCH, state.trust_policy_text)
        write_down(getpass.getuser(), clock.now(), f"log-key-{act}", signer.verifier.key_id.hex())
        self.stdout.write(json.dumps({"log_key": str(signer.verifier)}))
