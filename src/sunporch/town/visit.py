# SPDX-License-Identifier: AGPL-3.0-or-later
"""A person of the cast at a site of the town: signs in with password and code, then asks as a browser or app would.

Sign-in is allauth.headless' app client, the same at the portal and at a home hub; the product has no other door.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

from sunporch.base.clock import SystemClock
from sunporch.town import totp
from sunporch.town.errors import ANSWER_REFUSED, SERVER_SILENT

TIMEOUT_SECONDS = 40.0
HTTP_UNAUTHORIZED = 401
# Phones and people waiting at a page know nothing of the town clock.
WALL = SystemClock()


@dataclass(frozen=True)
class Account:
    """What a person needs to sign in at one site."""

    username: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)

    @classmethod
    def new(cls, username: str) -> Account:
        """Make an account with a random password and a random second factor."""
        return cls(username, secrets.token_urlsafe(12), totp.new_secret())

    def code(self) -> str:
        """Return the code that the person's phone shows now."""
        return totp.code(self.totp_secret, WALL.now())


class Visit:
    """One person's session at one site."""

    def __init__(self, base_url: str, account: Account | None = None) -> None:
        self._client = httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._account = account
        self._token = ""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def sign_in(self) -> None:
        """Give password and code; raises `town.answer-refused` with the site's reason."""
        if self._account is None:
            return
        login = {"username": self._account.username, "password": self._account.password}
        answer = self._send("POST", "/_allauth/app/v1/auth/login", json=login)
        if answer.status_code != HTTP_UNAUTHORIZED:  # the second factor is still due
            raise self._refused(answer)
        self._token = answer.json()["meta"]["session_token"]
        answer = self._send("POST", "/_allauth/app/v1/auth/2fa/authenticate", json={"code": self._account.code()})
        if answer.is_error:
            raise self._refused(answer)
        self._token = answer.json()["meta"].get("session_token", self._token)

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Return the JSON answer; raises `town.answer-refused`, whose params hold the server's own error."""
        answer = self.raw(method, path, **request)
        return answer.json() if answer.content else {}

    def raw(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Return the answer as it came; raises `town.answer-refused` as `ask` does."""
        if self._account is not None and not self._token:
            self.sign_in()
        answer = self._send(method, path, **request)
        if answer.is_error:
            raise self._refused(answer)
        return answer

    def until(self, path: str, done: Any, seconds: float, what: str) -> Any:
        """Ask the path again until `done(answer)` holds and return that answer; raises `town.server-silent`."""
        end = WALL.monotonic() + seconds
        while True:
            answer = self.ask("GET", path)
            if done(answer):
                return answer
            if WALL.monotonic() > end:
                raise SERVER_SILENT(where=path, what=what, seconds=round(seconds), last=str(answer)[:400])
            WALL.sleep(0.2)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"X-Session-Token": self._token} if self._token else {}
        return self._client.request(method, path, headers=headers, **request)

    def _refused(self, answer: httpx.Response) -> Exception:
        who = self._account.username if self._account else "anybody"
        try:
            said = answer.json()
        except ValueError:
            said = {}
        error = said.get("error") if isinstance(said, dict) else None
        if not isinstance(error, dict):
            error = {"id": f"http-{answer.status_code}", "what": answer.text[:400], "where": "", "next": ""}
        return ANSWER_REFUSED(
            where=f"{answer.request.method} {answer.request.url.path}",
            who=who,
            status=answer.status_code,
            said=f"{error.get('what')} [{error.get('id')}]",
            error=error,
        )
