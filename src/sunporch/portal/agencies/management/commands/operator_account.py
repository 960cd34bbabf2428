# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal operator`."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal.agencies import actions


class Command(BaseCommand):
    """Let somebody see the operator's page; only whoever holds the machine can."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command line gives."""
        parser.add_argument("--name", default="")
        parser.add_argument("--username", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account and print password and second factor, once."""
        del args
        made = actions.add_operator(getpass.getuser(), system_clock().now(), options["name"], options["username"])
        shown = {"username": made.username, "password": made.password, "totp_secret": made.totp_secret}
        self.stdout.write(json.dumps(shown, ensure_ascii=False))
