# SPDX-License-Identifier: AGPL-3.0-or-later
r"""The custody receipt: a custodian's signed word that it holds the half key of a clip, and until when.

Text: `sunporch/custody-receipt/v1\n<origin>\n{"c","d","expires"}\n` (canonical strict JSON), Ed25519, base64.
"""

from __future__ import annotations

from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.base.strictjson import dumps

DAY = 86_400
HEADING = "sunporch/custody-receipt/v1"


def expiry(now: int, retention_days: int) -> int:
    """Return the end of a lease begun at `now`: midnight UTC that began the day, plus the policy's days.

    One number per policy and day, so that it names no request.
    """
    return (now // DAY + retention_days) * DAY


def text(origin: str, c: str, d: str, expires: int) -> bytes:
    """Return the bytes that the custodian signs (`c` hex, `d` verifier key text, `expires` seconds)."""
    return f"{HEADING}\n{origin}\n{dumps({'c': c, 'd': d, 'expires': expires})}\n".encode()


def sign(signer: SignerKey, origin: str, c: str, d: str, expires: int) -> str:
    """Return the receipt: the custodian's signature in base64."""
    return to_base64(signer.sign(text(origin, c, d, expires)))


def check(key: VerifierKey, untrusted_receipt: str, origin: str, c: str, d: str, expires: int) -> bool:
    """Say whether the receipt is that custodian's for exactly these values."""
    try:
        signature = from_base64(untrusted_receipt, "the custody receipt")
    except Error:
        return False
    return len(signature) == 64 and key.verify(signature, text(origin, c, d, expires))
