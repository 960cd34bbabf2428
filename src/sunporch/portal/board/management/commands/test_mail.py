# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal test-mail`: one mail, to see whether the mail server of the settings takes it."""

from __future__ import annotations

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sunporch.base.config import VALUE_REFUSED
from sunporch.base.errors import Error
from sunporch.portal.errors import TESTMAIL_REFUSED
from sunporch.web.pings import mail
from sunporch.web.pings.message import Message

_SUBJECT = "A test of {origin}: its notices reach you by email."


class Command(BaseCommand):
    """Send one mail the way notices go."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address."""
        parser.add_argument("--to", required=True)

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        """Print what the mail server took; raise `portal.testmail-refused`, or `config.value-refused` without one."""
        del args, options
        given = settings.SUNPORCH
        server = f"{given.smtp_host}:{given.smtp_port}"
        if not given.smtp_host:
            raise VALUE_REFUSED(key="smtp_host", wanted="the name of a mail server", value="")
        word = Message(given.origin, _SUBJECT.format(origin=given.origin), "/", f"{given.address}/")
        try:
            mail.send(given, to, word, f"test-{secrets.token_hex(8)}")
        except Error as error:
            raise TESTMAIL_REFUSED(where=server, reason=error.params["reason"]) from error
        shown = {"taken_by": server, "security": given.smtp_security, "from": given.smtp_from, "to": to}
        self.stdout.write(json.dumps(shown | {"subject": word.text}, indent=2))
