# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana's home for tests: the hub's real parts, driven step by step on a clock that stands still."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from sunporch.base.clock import ManualClock
from sunporch.client import CustodianClient, LogReader, PortalClient
from sunporch.hub import household
from sunporch.hub.cameras.actions import NewCamera, add
from sunporch.hub.cameras.models import Camera
from sunporch.hub.config import Settings
from sunporch.hub.coverings.finding import Finding
from sunporch.hub.following import Town
from sunporch.hub.inbox.reading import Reading
from sunporch.hub.mirror import Mirror
from sunporch.hub.preferences.actions import add_resident
from sunporch.hub.release.leaving import Leaving
from sunporch.hub.release.models import Release
from sunporch.hub.shares.ending import Ending
from sunporch.hub.shares.thread import Thread
from sunporch.hub.takeout.making import Making
from sunporch.vault import Vault
from tests.hub.footage import street_video
from tests.hub.maple import PORCH, Street

NOW = 1_780_000_000 // 86_400 * 86_400 + 10 * 3600
SECONDS = 6


PERIOD, TYPING_SECONDS = 30, 10


def code(secret: str) -> str:
    """The six digits of RFC 6238, once there is time enough left to type them, as people wait too."""
    left = PERIOD - time.time() % PERIOD
    if left < TYPING_SECONDS:
        time.sleep(left)
    digest = hmac.digest(base64.b32decode(secret), (int(time.time()) // PERIOD).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


@dataclass
class Home:
    """One hub; `start` stands for a new process of its worker."""

    folder: Path
    clock: ManualClock
    street: Street
    undo_seconds: int = 600
    undo_random_seconds: int = 1200
    hub: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.hub = Settings(
            data_dir=self.folder,
            portal_url=self.street.portal.door.url,
            pin_file=self.street.maple.folder / "pin.json",
            secret_key="of a home in a test",
            retention_days=3,
            retention_bytes=10**9,
            undo_seconds=self.undo_seconds,
            undo_random_seconds=self.undo_random_seconds,
        )
        self.vault = Vault.create(self.hub.vault_folder, self.clock)
        self._closing: list[Any] = []
        self.start()

    def start(self) -> None:
        """Make the worker's parts anew: nothing that was only in memory is left."""
        log, self.portal = LogReader(self.hub.log_url), PortalClient(self.hub.portal_url)
        custodians: dict[str, CustodianClient] = {}

        def custodian_at(url: str) -> CustodianClient:
            if url not in custodians:
                custodians[url] = CustodianClient(url)
                self._closing.append(custodians[url])
            return custodians[url]

        self._closing += [log, self.portal]
        self.town = Town(self.street.maple.pin, Mirror(self.hub.mirror_folder))
        self.reading = Reading(self.clock, self.vault, self.town, log.fetch)
        self.leaving = Leaving(self.clock, self.vault, self.town, self.portal, custodian_at)
        self.finding = Finding(self.clock, self.vault, lambda: False)
        self.making = Making(self.clock, self.vault, lambda: False)
        self.ending = Ending(self.clock, self.portal, custodian_at)
        self.thread = Thread(self.clock, self.town, self.portal)
        self.reading.begin()

    def close(self) -> None:
        for client in self._closing:
            client.close()
        self.vault.close()

    def camera(
        self,
        name: str = "porch",
        place=PORCH,
        *,
        indoor: bool = False,
        sound: bool = False,
        start_s: int | None = None,
        video=street_video,
    ) -> Camera:
        """Hang a camera; with `start_s` it recorded six seconds then."""
        new = NewCamera(name, "rtsp://127.0.0.1:9/x", "", "", None, place, 0, 360, 30, indoor, sound)
        made = add(self.vault, new)
        if start_s is not None:
            self.vault.import_file(made.id, video(SECONDS), start_s)
        return made

    def turn(self, times: int = 1, seconds: float = 0) -> None:
        """Let the worker do what it would in one round: read, let leave, end, write."""
        for _ in range(times):
            self.reading.once()
            self.finding.step()
            self.making.step()
            self.leaving.step()
            self.ending.step()
            self.thread.send()
            self.thread.receive()
            self.clock.advance(seconds)


class Resident:
    """A signed-in resident at the hub's API."""

    def __init__(self, username: str = "ana") -> None:
        self.username, self.password, self.secret = add_resident(username, username.title())
        self.client = Client(SERVER_NAME="localhost")
        self.headers: dict[str, str] = {}

    @property
    def user(self) -> User:
        """Their row."""
        return User.objects.get(username=self.username)

    def sign_in(self) -> Resident:
        login = {"username": self.username, "password": self.password}
        path = "/_allauth/app/v1/auth"
        answer = self.client.post(f"{path}/login", login, content_type="application/json")
        assert answer.status_code == 401, answer.content
        headers = {"X-Session-Token": answer.json()["meta"]["session_token"]}
        answer = self.client.post(
            f"{path}/2fa/authenticate", {"code": code(self.secret)}, content_type="application/json", headers=headers
        )
        assert answer.status_code == 200, answer.content
        self.headers = {"X-Session-Token": answer.json()["meta"].get("session_token", headers["X-Session-Token"])}
        return self

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(self.client, method.lower())(f"/api/v1{path}", headers=self.headers, **data)
        kind = answer.headers.get("Content-Type", "")
        return answer.status_code, answer.json() if kind.startswith("application/json") else answer.content

    def wish(self, appeal: int, camera: Camera, from_s: int, to_s: int, **more: Any) -> tuple[int, Any]:
        body = {"appeal": appeal, "camera": camera.id, "from": from_s, "to": to_s} | more
        return self.ask("POST", "/releases", body)


def at_home(monkeypatch, settings, home: Home) -> None:
    """Point the site's pages at this home."""
    settings.HUB = home.hub
    monkeypatch.setattr(household, "hub", lambda: home.hub)
    monkeypatch.setattr(household, "vault", lambda: home.vault)
    monkeypatch.setattr(household, "clock", lambda: home.clock)


def share(home: Home, resident: Resident, appeal: int, camera: Camera, from_s: int, to_s: int) -> Release:
    """Choose, send now, and let the worker do what it can."""
    _, made = resident.wish(appeal, camera, from_s, to_s)
    assert resident.ask("POST", f"/releases/{made['id']}/send-now")[0] == 200
    home.turn(2, seconds=6)
    return Release.objects.get(id=made["id"])
