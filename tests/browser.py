# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real browser for tests: one Chromium a session, one fresh profile a test, and what no page of ours may do.

`people` opens windows; after the test every window must have had no error on its console, no request to a third
party and no violated CSP. `check` looks at a page: axe, headings, and (where `SUNPORCH_SCREENS` names a folder) a
screenshot for whoever made it to look at.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)

# Django refuses its ORM inside a running event loop; playwright's synchronous API runs one in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

PHONE, DESKTOP = (390, 844), (1280, 900)
WAIT_MS = 15_000
SETTLE_MS = 100
REFUSED, SERVER_FAULT = 400, 500
SERIOUS = ("serious", "critical")
STICKS_OUT = """() => [...document.body.querySelectorAll("*")]
  .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
  .map((element) => element.outerHTML.slice(0, 80)).slice(-1)[0]"""
SCREENS = os.environ.get("SUNPORCH_SCREENS", "")


@dataclass
class Window:
    """One browser window of one person; `said` is every error that it met, `expected` the refusals of a test."""

    page: Page
    context: BrowserContext
    origins: set[str]
    said: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    leaving: bool = False

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(f"page error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        for event in ("domcontentloaded", "requestfailed", "download"):
            self.page.on(event, self._arrived)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium's own line about an answer says no address; `_response` does.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.said.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        """A page may refuse with its own status; anything else that a page asks for must be there."""
        refused = response.request.is_navigation_request() and response.status < SERVER_FAULT
        if response.status >= REFUSED and not refused and response.status not in self.expected:
            self.said.append(f"{response.status} from {response.url}")

    def _arrived(self, *_: object) -> None:
        self.leaving = False

    def settle(self) -> None:
        """Let a click that leads to another page get there: what is looked at is the page that a person sees."""
        self.page.wait_for_timeout(SETTLE_MS)
        waited = 0
        while self.leaving and waited < WAIT_MS:
            self.page.wait_for_timeout(SETTLE_MS)
            waited += SETTLE_MS
        self.page.wait_for_load_state("load")

    def _request(self, request: Request) -> None:
        self.leaving = self.leaving or request.is_navigation_request()
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" not in self.origins:
            self.said.append(f"third party: {request.url}")

    def check(self, name: str = "") -> None:
        """Axe finds nothing serious, no heading level is skipped, nothing is wider than the window."""
        self.settle()
        bad = [*self.axe(), *self.headings(), *self.too_wide()]
        assert not bad, (self.page.url, bad)
        if SCREENS and name:
            self.shoot(name)

    def axe(self, *rules: str) -> list[str]:
        """Return what axe finds serious or critical, by all of its rules or by those named."""
        only = {"runOnly": list(rules)} if rules else {}
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **only})
        serious = [item for item in found["violations"] if item["impact"] in SERIOUS]
        return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in serious]

    def headings(self) -> list[str]:
        """Return what is wrong with the headings: the first is of level 1, and none skips a level."""
        levels = self.page.eval_on_selector_all("h1,h2,h3,h4,h5,h6", "all => all.map(h => +h.tagName[1])")
        well = levels[:1] == [1] and all(b <= a + 1 for a, b in itertools.pairwise(levels))
        return [] if well else [f"headings of levels {levels}"]

    def too_wide(self) -> list[str]:
        """Return by how much the page is wider than the window, and what sticks out."""
        wide = self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        return [f"{wide} px wider than the window: {self.page.evaluate(STICKS_OUT)}"] if wide > 0 else []

    def shoot(self, name: str) -> None:
        """Keep screenshots of the page: this width, light and dark, and what is seen first."""
        folder = Path(SCREENS)
        folder.mkdir(parents=True, exist_ok=True)
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")
        self.page.evaluate("() => window.scrollTo(0, 0)")
        self.page.screenshot(path=folder / f"{name}-{width}-top.png")


class People:
    """Opens windows for the people of a test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.windows: list[Window] = []

    def window(self, url: str, size: tuple[int, int] = DESKTOP, also: tuple[str, ...] = (), **options) -> Window:
        """Open a fresh profile at the site; `also` are other origins that its pages may talk to."""
        options = {"locale": "en-GB"} | options
        context = self._browser.new_context(base_url=url, viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(WAIT_MS)
        made = Window(context.new_page(), context, {url.rstrip("/"), *also})
        made.watch()
        self.windows.append(made)
        return made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of a session."""
    if _installed() is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = started(playwright)
        yield browser
        browser.close()


def started(playwright: Playwright) -> Browser:
    """Start the Chromium of this machine."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=_installed(), args=root)


def _installed() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def people(chromium: Browser) -> Iterator[People]:
    """Windows of this test, closed after it; none of them may have met an error."""
    made = People(chromium)
    yield made
    said = [line for window in made.windows for line in window.said]
    for window in made.windows:
        window.context.close()
    assert not said, said
