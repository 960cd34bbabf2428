# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal operator`, and what `sunporch portal run` says while nobody looks after the machine."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from sunporch.base.clock import system_clock
from sunporch.base.errors import Error
from sunporch.portal.agencies import enrolment
from sunporch.portal.agencies.models import Operator

# The name for signing in of whoever follows the address that `run` prints.
FIRST = "operator"


class Command(BaseCommand):
    """Let somebody make an operator's account in a page; only whoever holds the machine can."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command line gives."""
        parser.add_argument("--name", default="")
        parser.add_argument("--username", default=FIRST)
        parser.add_argument("--first", action="store_true", help="only where there is no operator yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, once, the address of the page; each time another one, and the one before counts no more."""
        del args
        if options["first"] and Operator.objects.exists():
            return
        try:
            made = enrolment.invite_operator(
                getpass.getuser(), options["name"], options["username"], system_clock().now()
            )
        except Error as error:
            if not options["first"]:
                raise
            self._say(f"Nobody looks after this portal yet. {error}")  # which is no reason not to run
            return
        address = settings.SUNPORCH.address + reverse("invitation", args=[made.token])
        if options["first"]:
            self._say(f"Nobody looks after this portal yet. Make the operator's account here: {address}")
        else:
            self._say(json.dumps({"username": made.invitation.pseudonym, "address": address}))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()  # before `run` forks: a child would say it again
