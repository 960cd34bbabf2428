# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hands a whole question on to a site and its whole answer back, whatever its status: what a desk's own door does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from sunporch.client.server import Server


@dataclass(frozen=True)
class Relayed:
    """What came before an answer's bytes: its status, and its headers by lower-case name (a name may repeat)."""

    status: int
    headers: tuple[tuple[str, str], ...]

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
        sink: IO[bytes],
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Relayed:
        """Write the answer's bytes, at most `limit`, to `sink`; raises the `client.` errors but `-refused`."""
        return Relayed(*self._server.relay(method, path, sink, limit=limit, headers=headers, content=content))

    def close(self) -> None:
        """Close the connections."""
        self._server.close()
