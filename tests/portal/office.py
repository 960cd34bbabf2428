# SPDX-License-Identifier: AGPL-3.0-or-later
"""People at work in a browser: the real portal over a street's folder, each signed in, with keys of their own."""

from __future__ import annotations

import os

from django.contrib.auth.models import User
from django.test import Client

from tests.browser import DESKTOP, People, Window
from tests.hands import Hand, published  # noqa: F401 - an office's people have them
from tests.portal.running import Portal
from tests.portal.street import Street

IMPORT = "async (text) => { await (await import('/static/web/js/keys.js')).importFile(text); }"


class Office:
    """The running portal, and whoever opens a window to it."""

    def __init__(self, street: Street, people: People, **more: object) -> None:
        self.street, self._people = street, people
        for name in ("council-1", "council-2"):
            if not User.objects.filter(username=name).exists():
                street.account(name)
        self.portal = Portal(street, **more)
        self.portal.wait_ready()
        self.url = f"http://127.0.0.1:{self.portal.port}"

    def close(self) -> None:
        self.portal.end()

    def window(self, name: str, size=DESKTOP, **options) -> Window:
        """Open a window in which the person has a session; without a name, nobody has."""
        window = self._people.window(self.url, size, **options)
        if name:
            client = Client()
            client.force_login(User.objects.get(username=name))
            cookie = client.cookies["portal_session"]
            window.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
        return window

    def sign_in(self, name: str, size=DESKTOP, *, key: bool = True, **options) -> Window:
        """Open a window in which the person is signed in, with the keys of their key file in this browser."""
        window = self.window(name, size, **options)
        window.page.goto("/work/")
        if key:
            text = f"{self.street.keys[name].secret_text()}\n{os.urandom(32).hex()}\n"
            window.page.evaluate(IMPORT, text)
        return window
