# SPDX-License-Identifier: AGPL-3.0-or-later
"""Being somebody of the cast: signs in at a site through its own pages, and hands the session to the visitor.

The product has no bypass. This process knows the cast's passwords and codes, goes through the sign-in pages as a
browser would, and passes on the cookie that it got; cookies ignore ports, so a browser on this machine sends it.
"""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import Any

import httpx

from sunporch.base.errors import Error
from sunporch.town.errors import SERVER_SILENT
from sunporch.town.visit import Account

TIMEOUT_SECONDS = 20
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Guest:
    """One person at one site: one session, made anew when the site has ended it."""

    def __init__(self, site: str, account: Account) -> None:
        self.site, self.account = site, account
        self._lock = threading.Lock()
        self._browser = httpx.Client(base_url=site, timeout=TIMEOUT_SECONDS, follow_redirects=True, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._browser.close()

    def ask(self, path: str) -> Any:
        """Return the JSON answer to a GET, signing in where the session is over; raises `town.server-silent`."""
        with self._lock:
            try:
                answer = self._browser.get(path)
                if answer.status_code == HTTPStatus.UNAUTHORIZED:
                    self._sign_in()
                    answer = self._browser.get(path)
                if not answer.is_success:
                    raise self._silent(path, f"HTTP {answer.status_code}")
                return answer.json()
            except httpx.HTTPError as error:
                raise self._silent(path, str(error)) from error

    def cookie(self, path: str) -> tuple[str, str]:
        """Return name and value of the session's cookie, which the site takes now: it answered `path`."""
        self.ask(path)
        found = [(name, value) for name, value in self._browser.cookies.items() if name.endswith("_session")]
        if not found:
            raise self._silent(path, "no session")
        return found[0]

    def _sign_in(self) -> None:
        self._browser.cookies.clear()
        login = self._browser.get("/sign-in/")
        fields = {"login": self.account.username, "password": self.account.password}
        code = self._browser.post("/sign-in/", data=fields | _token(login), headers={"Origin": self.site})
        fields = {"code": self.account.fresh_code()} | _token(code)
        self._browser.post("/sign-in/code/", data=fields, headers={"Origin": self.site})

    def _silent(self, path: str, last: str) -> Error:
        what = f"{self.account.username} at {path}"
        return SERVER_SILENT(where=self.site, what=what, seconds=TIMEOUT_SECONDS, last=last)


def _token(page: httpx.Response) -> dict[str, str]:
    found = _TOKEN.search(page.text)
    return {"csrfmiddlewaretoken": found[1]} if found else {}
