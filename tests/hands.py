# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do with a page, whoever serves it: without Django, so that every run of tests can use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Frame, Page, expect

from sunporch.town.visit import Account
from tests.browser import Window

HOLD_MS = 1_600
# A telephone or laptop that knows its owner by finger or face.
AUTHENTICATOR = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
AUTHENTICATOR |= {"isUserVerified": True, "automaticPresenceSimulation": True}
NEW_PASSWORD = "four words and more"


class Hand:
    """What a person's hand does on a page, counted: clicks, fields filled in, and screens seen."""

    def __init__(self, page) -> None:
        self.page = page
        self.clicks = self.fields = 0
        self.screens: list[str] = []
        # Told before anything of the new page can be seen: whoever saw a page has counted it.
        page.on("framenavigated", self._seen)
        self._seen(page.main_frame)

    def _seen(self, frame: Frame) -> None:
        address = re.sub(r"[0-9a-f]{64}|\d+", "N", urlsplit(frame.url).path.removeprefix("/"))
        if frame == self.page.main_frame and address not in self.screens:
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


_NAME_OF_FOCUS = """() => {
  const at = document.activeElement;
  return `${at.tagName} ${at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent}`;
}"""
MOST_STOPS = 80


def reach(page: Page, name: str, *, link: bool = False) -> None:
    """Press the Tab key until the focus is on the field, the button or the link that bears the name."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        kind, found = _focused(page)
        if (kind == "A") == link and (name in found if link else found.startswith(name)):
            return
    raise AssertionError(f"the Tab key never comes to {name!r} on {page.url}")


def choose(page: Page, first: str, wanted: str) -> None:
    """Choose one of several with the arrow keys; `first` is where the Tab key comes to them."""
    reach(page, first)
    page.keyboard.press("Space")
    for _ in range(MOST_STOPS):
        if _focused(page)[1].startswith(wanted):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrow keys never come to {wanted!r} on {page.url}")


def _focused(page: Page) -> tuple[str, str]:
    kind, _, name = page.evaluate(_NAME_OF_FOCUS).partition(" ")
    return kind, " ".join(name.split())


def follow(page: Page, name: str, *, link: bool = False) -> None:
    """Go where a button or a link leads, with the keyboard alone."""
    reach(page, name, link=link)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def hold(page: Page, name: str) -> None:
    """Press a button with the mouse or finger and keep it down."""
    button = page.get_by_role("button", name=name)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(HOLD_MS)
    page.mouse.up()


def carry_passkeys(window: Window) -> None:
    """Give the window's device a virtual authenticator that says yes for its owner."""
    devtools = window.context.new_cdp_session(window.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def invite(page: Page, name: str, pseudonym: str, role: str = "Officer") -> str:
    """Invite somebody from the registrar's page, and return the link that is shown once."""
    page.goto("/work/people/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name of the person").fill(name)
    page.get_by_label(re.compile(rf"^\s*{role}:")).check()
    page.get_by_label("Pseudonym in the public record").fill(pseudonym)
    page.get_by_role("button", name="Make the link").click()
    return page.get_by_label("The link").inner_text()


def join(window: Window, link: str) -> None:
    """Make an account with the link."""
    page = window.page
    page.goto(link)
    page.get_by_label("Choose a password").fill(NEW_PASSWORD)
    page.get_by_label("The same password again").fill(NEW_PASSWORD)
    secret = page.locator("form code").inner_text()
    page.get_by_label("Code that the app shows").fill(Account("", NEW_PASSWORD, secret).fresh_code())
    page.get_by_role("button", name="Make my account").click()


def published(window: Window) -> str:
    """Wait until the page says that it is recorded, and return what it says."""
    place = window.page.locator(".notice.public .big")
    expect(place).to_be_visible(timeout=30_000)
    return place.inner_text()


def write_appeal(
    page: Page,
    end: int,
    text: str,
    *,
    around: str = "44.9431, -93.1004",
    metres: int = 200,
    hours: int = 1,
    look: Callable[[str], Any] = str,
) -> Hand:
    """Write an appeal about the hours before `end` (Unix seconds), from the start page to the form's last page."""
    page.goto("/work/")
    hand = Hand(page)
    hand.go("button", "Write an appeal")
    look("form-offence")
    hand.fill("Offence", "Burglary or breaking and entering")
    hand.click("radio", "Find out who did it")
    hand.go("button", "Continue")
    look("form-what")
    hand.fill("What happened, and what do you look for?", text)
    hand.fill("Case number", "24-001234")
    hand.go("button", "Continue")
    hand.fill("Around", around)
    if metres != 200:
        hand.fill("Metres around it", str(metres))
    hand.go("button", "Take the cells around it")
    look("form-where")
    hand.go("button", "Continue")
    hand.fill("From", local(end - hours * 3600))
    hand.fill("To", local(end))
    look("form-when")
    hand.go("button", "Continue")
    look("form-who")
    hand.go("button", "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check and sign")
    return hand


def local(seconds: int) -> str:
    """Return a moment as a field of a browser takes it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M")
