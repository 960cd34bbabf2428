# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal account add|end|list`."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sunporch.base.clock import system_clock
from sunporch.portal.agencies import actions
from sunporch.portal.agencies.models import Account


class Command(BaseCommand):
    """Accounts of named people."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command line gives."""
        parser.add_argument("act", choices=("add", "end", "list"))
        parser.add_argument("--name", default="")
        parser.add_argument("--key", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and print one JSON line."""
        del args
        operator, now = getpass.getuser(), system_clock().now()
        match options["act"]:
            case "add":
                made = actions.add_account(operator, now, options["name"], options["key"])
                shown: Any = {
                    "username": made.username,
                    "password": made.password,
                    "totp_secret": made.totp_secret,
                }
            case "end":
                actions.end_account(operator, now, options["key"])
                shown = {"ended": options["key"]}
            case _:
                rows = Account.objects.select_related("user").order_by("pseudonym")
                shown = [
                    {"key": row.pseudonym, "name": row.user.first_name, "active": row.user.is_active} for row in rows
                ]
        self.stdout.write(json.dumps(shown, ensure_ascii=False))
