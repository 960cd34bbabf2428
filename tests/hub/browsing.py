# SPDX-License-Identifier: AGPL-3.0-or-later
"""Residents in front of a browser: signing in, and counting what they had to look at and press."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.cache import cache
from playwright.sync_api import Locator, Page, expect

from tests.firefox import Tab
from tests.hands import hold  # noqa: F401 - residents have it
from tests.hub.home import Resident, code

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


def arrive(tab: Tab, resident: Resident) -> None:
    """Sign in with password and code, in Firefox."""
    cache.clear()
    tab.goto("/sign-in/")
    tab.fill("Name", resident.username)
    tab.fill("Password", resident.password)
    tab.press("button", "Continue", leads=True)
    tab.fill("Code", code(resident.secret))
    tab.press("button", "Sign in", leads=True)
    tab.find("button", "Sign out")


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
