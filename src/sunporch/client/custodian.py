# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks a key custodian: hand over a half key, get it back after an access entry, withdraw, ask how it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sunporch.base.digests import from_base64, to_base64
from sunporch.client.errors import ANSWER_MALFORMED
from sunporch.client.server import Json, Server


@dataclass(frozen=True)
class Receipt:
    """The custodian keeps the half until `expires` (Unix seconds); `signature` is base64."""

    expires: int
    signature: str


@dataclass(frozen=True)
class Half:
    """The half key, sealed to the ephemeral key of the access entry; the lease ends at `expires`."""

    sealed: bytes
    expires: int


class CustodianClient:
    """The custodian at `base_url`."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        self._server = Server(base_url, proxy)

    def put_half(self, c: str, *, header: str, salt: str, sealed_sha256: str, s_k: bytes, d: str) -> Receipt:
        """Hand over the half key of clip `c`; hex `salt`, `sealed_sha256`; `d` is the vkey of the disclosure."""
        request = {"header": header, "salt": salt, "sealed_sha256": sealed_sha256, "s_k": to_base64(s_k), "d": d}
        answer = self._server.ask_json("PUT", f"/halves/{c}", json=request)
        return Receipt(self._field(answer, "expires", int), self._field(answer, "receipt", str))

    def access(self, leaf: bytes, proof: str) -> Half:
        """Show a recorded access entry (leaf and tlog-proof) and return the half key it opens."""
        answer = self._server.ask_json("POST", "/access", json={"leaf": to_base64(leaf), "proof": proof})
        half = from_base64(self._field(answer, "half", str), "the half key")
        return Half(half, self._field(answer, "expires", int))

    def withdraw(self, note: str) -> None:
        """Hand over a signed withdrawal."""
        self._server.ask("POST", "/withdrawals", json={"note": note})

    def status(self) -> Json:
        """Return what the custodian says about itself."""
        return self._server.ask_json("GET", "/status")

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _field[T](self, untrusted_answer: Any, name: str, kind: type[T]) -> T:
        value = untrusted_answer.get(name) if isinstance(untrusted_answer, dict) else None
        if type(value) is not kind:
            raise ANSWER_MALFORMED(where=self._server.base_url, reason=f"{name} is missing or of another kind")
        return value
