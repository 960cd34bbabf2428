# SPDX-License-Identifier: AGPL-3.0-or-later
"""The receipt of a share: proof that it is on the record, and the word that takes it back, in one file."""

from __future__ import annotations

from sunporch.base import strictjson
from sunporch.base.digests import to_base64
from sunporch.hub.following import Town

FORMAT = "sunporch/receipt/v1"


def receipt_text(town: Town, index: int, withdrawal: str) -> str:
    """Return the receipt of the disclosure at `index`: leaf, tlog-proof and pre-signed withdrawal, as strict JSON.

    `sunporch verify --receipt` checks it offline; anybody can post the withdrawal.
    """
    leaf, proof = town.proof(index)
    value = {
        "format": FORMAT,
        "origin": town.origin,
        "leaf": to_base64(leaf),
        "proof": proof.decode(),
        "withdrawal": withdrawal,
    }
    return strictjson.dumps(value) + "\n"
