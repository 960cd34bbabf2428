# SPDX-License-Identifier: AGPL-3.0-or-later
"""People at work in a browser: the real portal over a street's folder, each signed in, with keys of their own."""

from __future__ import annotations

import os
import re

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from tests.browser import DESKTOP, People, Window
from tests.portal.running import Portal
from tests.portal.street import Street

IMPORT = "async (text) => { await (await import('/static/web/js/keys.js')).importFile(text); }"


class Office:
    """The running portal, and whoever opens a window to it."""

    def __init__(self, street: Street, people: People, **more: object) -> None:
        self.street, self._people = street, people
        for name in ("council-1", "council-2"):
            street.account(name)
        self.portal = Portal(street, **more)
        self.portal.wait_ready()
        self.url = f"http://127.0.0.1:{self.portal.port}"

    def close(self) -> None:
        self.portal.end()

    def sign_in(self, name: str, size=DESKTOP, *, key: bool = True, **options) -> Window:
        """Open a window in which the person is signed in, with the keys of their key file in this browser."""
        window = self._people.window(self.url, size, **options)
        client = Client()
        client.force_login(User.objects.get(username=name))
        cookie = client.cookies["portal_session"]
        window.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
        window.page.goto("/work/")
        if key:
            text = f"{self.street.keys[name].secret_text()}\n{os.urandom(32).hex()}\n"
            window.page.evaluate(IMPORT, text)
        return window


class Hand:
    """What a person's hand does on a page, counted: clicks, fields filled in, and screens seen."""

    def __init__(self, page) -> None:
        self.page = page
        self.clicks = self.fields = 0
        self.screens: list[str] = []
        page.on("domcontentloaded", self._seen)
        self._seen()

    def _seen(self, *_: object) -> None:
        address = re.sub(
            r"[0-9a-f]{64}|\d+", "N", self.page.url.partition("?")[0].partition("//")[2].partition("/")[2]
        )
        if address not in self.screens:
            self.screens.append(address)

    def click(self, role: str, name, **more) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name, **more).click()

    def go(self, role: str, name, **more) -> None:
        """Click what leads to another page, and be there."""
        with self.page.expect_navigation():
            self.click(role, name, **more)

    def fill(self, label: str, value: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).fill(value)

    def counted(self) -> tuple[int, int, int]:
        """Return screens, clicks, fields."""
        return len(self.screens), self.clicks, self.fields


def published(window: Window) -> str:
    """Wait until the page says that it is recorded, and return what it says."""
    place = window.page.locator(".notice.public .big")
    expect(place).to_be_visible(timeout=30_000)
    return place.inner_text()
