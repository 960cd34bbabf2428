# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets pings out, one kind of way each: a mail server that does not answer holds up no browser's push."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils import translation

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.web.errors import PUSH_GONE, PUSH_REFUSED, WAY_PROXIED
from sunporch.web.pings import actions, bridge, mail, push
from sunporch.web.pings.config import PingSettings
from sunporch.web.pings.message import Message
from sunporch.web.pings.models import Kind, Ping

PAUSE_SECONDS = 2.0
_LOGGER = logging.getLogger("sunporch.web.pings")

type Send = Callable[[str, Message, str], None]
# What no second try can mend.
_FOR_GOOD = (PUSH_GONE, PUSH_REFUSED, WAY_PROXIED)


@dataclass(frozen=True)
class Outward:
    """How a site speaks: its settings, its key for push services, its clock, and what it says for each text's code.

    Through a `proxy` (`socks5h://...`) only pushes go; the other ways then refuse, and nothing leaves beside it.
    """

    settings: PingSettings
    push_key: Path
    clock: Clock
    words: Callable[[str], Message]
    proxy: str = ""

    def ways(self) -> Mapping[Kind, Send]:
        """Return how each kind of way is gone: (target, message, number) -> None, raising the `web.` errors."""
        return {Kind.MAIL: self._mail, Kind.PUSH: self._push, Kind.APPRISE: self._apprise}

    def _mail(self, target: str, message: Message, number: str) -> None:
        self._refuse_proxied()
        mail.send(self.settings, target, message, number)

    def _push(self, target: str, message: Message, number: str) -> None:
        del number  # the browser shows a second one in the first one's place
        subscription = push.check(target, self.settings.push_services)
        push.send(self.push_key, self.settings.push_contact, self.proxy, subscription, message)

    def _apprise(self, target: str, message: Message, number: str) -> None:
        del number
        self._refuse_proxied()
        bridge.check(target, self.settings.apprise_schemes)
        bridge.send(target, message)

    def _refuse_proxied(self) -> None:
        if self.proxy:
            raise WAY_PROXIED()

    def step(self, kind: Kind) -> bool:
        """Send the ping of this kind that is due longest; say whether one was and it was taken."""
        ping = actions.claim(kind, self.clock.now())
        if ping is None:
            return False
        try:
            with translation.override(actions.language_of(ping)):
                self.ways()[kind](ping.way.target, self.words(ping.text), _number(ping))
        except Error as error:
            actions.failed(ping, error, for_good=error.kind in _FOR_GOOD)
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
