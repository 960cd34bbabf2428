# SPDX-License-Identifier: AGPL-3.0-or-later
"""Residents in front of a browser: signing in, and counting what they had to look at and press."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.cache import cache
from playwright.sync_api import Locator, Page, expect

from tests.hub.home import Resident, code

HOLD_MS = 1_600
MOST_TABS = 80


def enter(page: Page, resident: Resident) -> None:
    """Sign in with password and code."""
    cache.clear()  # a code counts once, and here the same person may sign in twice in its half minute
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(resident.username)
    page.get_by_label("Password").fill(resident.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(code(resident.secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def hold(page: Page, name: str) -> None:
    """Press a button with the mouse or finger and keep it down."""
    button = page.get_by_role("button", name=name)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(HOLD_MS)
    page.mouse.up()


@dataclass
class Steps:
    """How many pages somebody saw."""

    page: Page
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("framenavigated", self._note)

    def _note(self, frame) -> None:
        path = urlsplit(frame.url).path
        if self.seen[-1:] != [path]:
            self.seen.append(path)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by the keyboard")
