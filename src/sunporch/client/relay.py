# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hands a whole question on to a site and its whole answer back, whatever its status: what a desk's own door does."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from sunporch.client.server import Headers, Server


@dataclass(frozen=True)
class Relayed:
    """What came before an answer's bytes: its status, and its headers by lower-case name (a name may repeat)."""

    status: int
    headers: Headers

    def all(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for found, value in self.headers if found == name]


class Relay:
    """The site at `base_url`. It keeps nothing: cookies belong to whoever asks."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        self._server = Server(base_url, proxy)

    @property
    def base_url(self) -> str:
        """The site's address without a slash at its end."""
        return self._server.base_url

    def ask(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[Relayed, Generator[bytes]]:
        """Return what came before an answer's bytes, and these, at most `limit`, as they come, for any thread.

        Raises the `client.` errors but `-refused`, also while the bytes come. Whoever wants no more of them closes
        the generator.
        """
        status, found, pieces = self._server.relay(method, path, limit=limit, headers=headers, content=content)
        return Relayed(status, found), pieces

    def close(self) -> None:
        """Close the connections."""
        self._server.close()
