# SPDX-License-Identifier: AGPL-3.0-or-later
"""A person of the cast at a site of the town: signs in with password and code, then asks as an app would.

Sign-in is allauth.headless' app client, the same at the portal and at a home hub; the product has no other door.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sunporch.base.clock import SystemClock
from sunporch.client.server import Answer, Server
from sunporch.town import totp
from sunporch.town.errors import SERVER_SILENT

SIGN_IN = "/_allauth/app/v1/auth"
POLL_SECONDS = 0.2
TYPING_SECONDS = 10
HTTP_UNAUTHORIZED = 401
# Phones and people waiting at a page know nothing of the town clock.
WALL = SystemClock()


@dataclass
class Account:
    """What a person needs to sign in at one site."""

    username: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    _used: str = field(default="", repr=False)

    @classmethod
    def new(cls, username: str) -> Account:
        """Make an account with a random password and a random second factor."""
        return cls(username, secrets.token_urlsafe(12), totp.new_secret())

    def code(self) -> str:
        """Return the code that the person's phone shows now."""
        return totp.code(self.totp_secret, WALL.now())

    def spent(self) -> bool:
        """Say whether the code of this moment was used from here; sites take each once."""
        return self.code() == self._used

    def fresh_code(self) -> str:
        """Return a code not used before (sites take each once) that holds long enough to be typed; waits for it."""
        while self.spent() or totp.PERIOD - WALL.now() % totp.PERIOD < TYPING_SECONDS:
            WALL.sleep(POLL_SECONDS)
        self._used = self.code()
        return self._used


class Visit:
    """One person's session at one site."""

    def __init__(self, base_url: str, account: Account) -> None:
        self._server = Server(base_url)
        self.account = account
        self._session: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def sign_in(self) -> None:
        """Give password and code; raises `client.answer-refused` with the site's reason."""
        login = {"username": self.account.username, "password": self.account.password}
        first = self._server.ask_json("POST", f"{SIGN_IN}/login", json=login, accepted=(HTTP_UNAUTHORIZED,))
        half = {"X-Session-Token": first["meta"]["session_token"]}
        second = self._server.ask_json(
            "POST", f"{SIGN_IN}/2fa/authenticate", json={"code": self.account.fresh_code()}, headers=half
        )
        # Kept once both were taken: whoever holds half a session would never sign in again.
        self._session = {"X-Session-Token": second["meta"].get("session_token", half["X-Session-Token"])}

    def raw(self, method: str, path: str, **request: Any) -> Answer:
        """Return the whole answer; raises `client.answer-refused`, whose params hold the server's own error."""
        if not self._session:
            self.sign_in()
        return self._server.ask(method, path, headers=self._session, **request)

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        """Return the JSON answer, an empty object where there is none; raises as `raw` does."""
        answer = self.raw(method, path, json=json)
        return answer.json(path) if answer.body else {}

    def until(self, path: str, done: Callable[[Any], Any], seconds: float, what: str) -> Any:
        """Ask the path again until `done(answer)` is true and return that answer; raises `town.server-silent`."""
        end = WALL.monotonic() + seconds
        while True:
            answer = self.ask("GET", path)
            if done(answer):
                return answer
            if WALL.monotonic() > end:
                raise SERVER_SILENT(where=path, what=what, seconds=round(seconds), last=str(answer)[:400])
            WALL.sleep(POLL_SECONDS)
