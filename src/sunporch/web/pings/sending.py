# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets pings out, one kind of way each: a mail server that does not answer holds up no browser's push."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils import translation

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.web.pings import actions, mail
from sunporch.web.pings.config import PingSettings
from sunporch.web.pings.message import Message
from sunporch.web.pings.models import Kind, Ping

PAUSE_SECONDS = 2.0
_LOGGER = logging.getLogger("sunporch.web.pings")

type Send = Callable[[str, Message, str], None]


@dataclass(frozen=True)
class Outward:
    """How a site speaks: its settings, its clock, and what it says for each text's code."""

    settings: PingSettings
    clock: Clock
    words: Callable[[str], Message]

    def ways(self) -> Mapping[Kind, Send]:
        """Return how each kind of way is gone: (target, message, number) -> None, raising the `web.` errors."""
        return {Kind.MAIL: lambda target, message, number: mail.send(self.settings, target, message, number)}

    def step(self, kind: Kind) -> bool:
        """Send the ping of this kind that is due longest; say whether one was and it was taken."""
        ping = actions.claim(kind, self.clock.now())
        if ping is None:
            return False
        try:
            with translation.override(actions.language_of(ping)):
                self.ways()[kind](ping.way.target, self.words(ping.text), _number(ping))
        except Error as error:
            actions.failed(ping, error, for_good=False)
            _LOGGER.warning("a notice did not go out: %s", error.id)
            return False
        actions.sent(ping)
        return True

    def run(self, kind: Kind, stop: threading.Event) -> None:
        """Send what is due by this kind of way until told to stop; after a failure it pauses."""
        while not stop.is_set():
            if not self.step(kind):
                stop.wait(PAUSE_SECONDS)


def _number(ping: Ping) -> str:
    return f"ping-{ping.pk}-{ping.first_due_at}"
