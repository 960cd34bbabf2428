# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second browser for tests, from another house than Chromium: this machine's Firefox, driven by WebDriver BiDi.

One Firefox a session, with a profile in the session's folder; one user context (cookies, storage, workers) a tab. It
reaches nothing but this machine, and its push service is ours (`tests/autopush.py`); nothing in it is replaced. No
page may have logged an error when the test is over. BiDi: https://www.w3.org/TR/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.autopush import Autopush
from tests.browser import SCREENS

WAIT_SECONDS = 60
PAUSE_SECONDS = 0.02
_CALL = """async (given) => JSON.stringify((await (%s)(JSON.parse(given))) ?? null)"""
_FIELD = """(name) => [...document.querySelectorAll("label")].find((l) => l.textContent.trim() === name).control"""


class Bidi:
    """One BiDi session: a command has one answer; what the browser tells besides is kept in `told`."""

    def __init__(self, url: str) -> None:
        # A loop of its own in a thread of its own: where playwright is at work, this thread has a running one.
        self._thread = ThreadPoolExecutor(1, "bidi")
        self._runner = asyncio.Runner()
        self._last = 0
        self.told: list[dict[str, Any]] = []
        self._do(self._open(url))

    def _do(self, work: Any) -> Any:
        return self._thread.submit(self._runner.run, asyncio.wait_for(work, WAIT_SECONDS)).result()

    async def _open(self, url: str) -> None:
        self._client = aiohttp.ClientSession()
        self._socket = await self._client.ws_connect(url, max_msg_size=0)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; what is refused fails the test."""
        answer = self._do(self._answer_to(method, params))
        assert answer["type"] == "success", (method, answer)
        return answer["result"]

    async def _answer_to(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": params})
        while (told := await self._socket.receive_json()).get("id") != self._last:
            self.told.append(told)
        return told

    def wait_for(self, event: str, **params: Any) -> None:
        """Wait until the browser tells this event with these parameters, and forget all others of its kind."""
        self._do(self._event(event, params))

    async def _event(self, event: str, params: dict[str, Any]) -> None:
        def is_it(told: dict[str, Any]) -> bool:
            return told["method"] == event and told["params"] | params == told["params"]

        while not any(is_it(told) for told in self.told):
            self.told.append(await self._socket.receive_json())
        self.told = [told for told in self.told if told["method"] != event]

    def close(self) -> None:
        self._do(self._socket.close())
        self._do(self._client.close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


class Tab:
    """One tab of one person."""

    def __init__(self, bidi: Bidi, url: str, person: str, context: str) -> None:
        self._bidi, self.url, self.person, self._context = bidi, url, person, context

    def goto(self, path: str) -> None:
        """Open a page of the site and wait until it is loaded."""
        begun = self._bidi.ask("browsingContext.navigate", context=self._context, url=self.url + path)
        self._bidi.wait_for("browsingContext.load", context=self._context, navigation=begun["navigation"])

    def evaluate(self, function: str, given: Any = None) -> Any:
        """Call a function in the page, wait for what it promises, and return that; all by way of JSON."""
        return json.loads(self._call(_CALL % function, json.dumps(given))["value"])

    def until(self, function: str, given: Any = None) -> Any:
        """Call a function in the page until it returns something; return that."""
        return self._soon(lambda: self.evaluate(function, given), function)

    def _call(self, function: str, given: str | dict[str, Any]) -> dict[str, Any]:
        what = {"type": "string", "value": given} if isinstance(given, str) else given
        where = {"context": self._context}
        call = {"functionDeclaration": function, "awaitPromise": True, "target": where, "arguments": [what]}
        answer = self._bidi.ask("script.callFunction", **call)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return answer["result"]

    def find(self, role: str, name: str) -> dict[str, Any]:
        """Wait for the one element that has this role and name for whoever reads the page by ear; return it."""
        locator = {"type": "accessibility", "value": {"role": role, "name": name}}
        return self._soon(
            lambda: self._bidi.ask("browsingContext.locateNodes", context=self._context, locator=locator)["nodes"],
            f"{role} {name!r}",
        )[0]

    def _soon(self, look: Any, what: str) -> Any:
        end = time.monotonic() + WAIT_SECONDS
        while not (found := look()):
            assert time.monotonic() < end, f"no {what} on {self.evaluate('() => document.body.innerText')}"
            time.sleep(PAUSE_SECONDS)
        return found

    def press(self, role: str, name: str, *, leads: bool = False) -> None:
        """Press an element with the mouse; where it `leads` to another page, wait until that is loaded."""
        self._press(self.find(role, name))
        if leads:
            self._bidi.wait_for("browsingContext.load", context=self._context)

    def _press(self, element: dict[str, Any]) -> None:
        which = {"sharedId": element["sharedId"]}
        self._call("(element) => element.scrollIntoView({block: 'center', behavior: 'instant'})", which)
        acts = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": which}},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act(type="pointer", id="mouse", actions=acts)

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        self._press(self._call(_FIELD, label))
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._act(type="key", id="keyboard", actions=keys)

    def _act(self, **source: Any) -> None:
        self._bidi.ask("input.performActions", context=self._context, actions=[source])

    def allow(self, permission: str) -> None:
        """Say "allow" to the question that the browser asks of this site."""
        given = {"descriptor": {"name": permission}, "state": "granted", "origin": self.url}
        self._bidi.ask("permissions.setPermission", userContext=self.person, **given)

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page where `SUNPORCH_SCREENS` names a folder."""
        if SCREENS:
            taken = self._bidi.ask("browsingContext.captureScreenshot", context=self._context, origin="document")
            Path(SCREENS).mkdir(parents=True, exist_ok=True)
            (Path(SCREENS) / f"{name}-firefox.png").write_bytes(base64.b64decode(taken["data"]))


class Firefox:
    """A running Firefox and its vendor's push service."""

    def __init__(self, folder: Path) -> None:
        self.push = Autopush()
        profile = folder / "profile"
        profile.mkdir()
        prefs = {
            "dom.push.serverURL": f"ws://{self.push.host}/",
            "dom.push.testing.allowInsecureServerURL": True,
            "dom.push.connection.enabled": True,
            "alerts.useSystemBackend": False,  # no desktop shows notices here: Firefox draws them itself
            # All that is not this machine lies behind a proxy that nobody runs.
            "network.proxy.type": 1,
            "network.proxy.socks": "127.0.0.1",
            "network.proxy.socks_port": 9,
            "network.proxy.socks_remote_dns": True,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items()]
        (profile / "user.js").write_text("".join(lines))
        command = [installed() or "firefox", "--headless", "--no-remote", "--remote-debugging-port=0", "--profile"]
        home = os.environ | {"HOME": str(folder)}
        with (folder / "firefox.log").open("wb") as log:
            self._process = subprocess.Popen([*command, profile], stdout=log, stderr=log, env=home)
        try:
            self._bidi = Bidi(self._address(profile / "WebDriverBiDiServer.json", folder / "firefox.log"))
        except BaseException:
            self._process.kill()
            raise
        self._bidi.ask("session.new", capabilities={})
        self._bidi.ask("session.subscribe", events=["browsingContext.load", "log.entryAdded"])
        self.tabs: list[Tab] = []

    def _address(self, file: Path, log: Path) -> str:
        end = time.monotonic() + WAIT_SECONDS
        while not (file.exists() and file.read_text().endswith("}")):
            assert self._process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(PAUSE_SECONDS)
        told = json.loads(file.read_text())
        return f"ws://{told['ws_host']}:{told['ws_port']}/session"

    def tab(self, url: str) -> Tab:
        """Open a tab for a new person at the site."""
        person = self._bidi.ask("browser.createUserContext")["userContext"]
        context = self._bidi.ask("browsingContext.create", type="tab", userContext=person)["context"]
        made = Tab(self._bidi, url, person, context)
        self.tabs.append(made)
        return made

    def leave(self) -> list[str]:
        """Forget everybody; return the errors that their pages logged."""
        for tab in self.tabs:
            self._bidi.ask("browser.removeUserContext", userContext=tab.person)
        logged = [told["params"] for told in self._bidi.told if told["method"] == "log.entryAdded"]
        self.tabs, self._bidi.told = [], []
        return [entry["text"] for entry in logged if entry["level"] == "error"]

    def close(self) -> None:
        try:
            self._bidi.ask("browser.close")
            self._process.wait(WAIT_SECONDS)
        finally:
            self._process.kill()
            self._bidi.close()
            self.push.close()


def installed() -> str | None:
    """Return this machine's Firefox, the one with long support first."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    if installed() is None:
        pytest.skip("no Firefox: apt-get install firefox-esr")
    made = Firefox(tmp_path_factory.mktemp("firefox"))
    yield made
    made.close()


@pytest.fixture
def firefox(_running: Firefox) -> Iterator[Firefox]:
    """Tabs of this test, closed after it; none of them may have logged an error."""
    yield _running
    assert _running.leave() == []
