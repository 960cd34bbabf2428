# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks a witness to co-sign a checkpoint (C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sunporch.base.digests import to_base64
from sunporch.client.errors import ANSWER_MALFORMED
from sunporch.client.server import Server

HTTP_CONFLICT = 409
SIZE_MEDIA_TYPE = "text/x.tlog.size"
MAX_COSIGNATURES = 16 * 2**10
WITNESS_SECONDS = 10.0


@dataclass(frozen=True)
class Cosigned:
    """The witness signed: `lines` are signature lines to add to the checkpoint."""

    lines: bytes


@dataclass(frozen=True)
class Conflict:
    """The witness last saw another size than `old`: ask again with a proof from `size`."""

    size: int


class WitnessClient:
    """The witness at `base_url`."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        self._server = Server(base_url, proxy)

    def add_checkpoint(self, old: int, proof: Sequence[bytes], checkpoint: bytes) -> Cosigned | Conflict:
        """Send the signed checkpoint with the consistency proof from size `old` (32-byte hashes).

        Returns the cosignature lines, or the size that the witness knows (409). Raises the `client.` errors.
        """
        lines = [f"old {old}\n", *(f"{to_base64(item)}\n" for item in proof), "\n"]
        answer = self._server.ask(
            "POST",
            "/add-checkpoint",
            content="".join(lines).encode() + checkpoint,
            limit=MAX_COSIGNATURES,
            seconds=WITNESS_SECONDS,
            accepted=(HTTP_CONFLICT,),
        )
        if answer.status != HTTP_CONFLICT:
            return Cosigned(answer.body)
        text = answer.body.decode("ascii", "replace").removesuffix("\n")
        if answer.media_type != SIZE_MEDIA_TYPE or not text.isascii() or not text.isdecimal():
            raise ANSWER_MALFORMED(where=self._server.base_url, reason="a conflict without the size it knows")
        return Conflict(int(text))

    def close(self) -> None:
        """Close the connections."""
        self._server.close()
