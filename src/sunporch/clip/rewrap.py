# SPDX-License-Identifier: AGPL-3.0-or-later
"""Re-sealing for another device: a recipient seals its half anew; the header, and so `c`, never changes."""

from __future__ import annotations

from sunporch.clip.header import Recipient, parse
from sunporch.clip.open import RecipientHalf
from sunporch.clip.seal import encapsulate


def rewrap(header: bytes, half: RecipientHalf, recipient: Recipient) -> bytes:
    """Return the sealing of `s_A || salt` for a device that the header does not name (`clip.open.recipient_half`)."""
    return encapsulate(parse(header).core(), recipient, half.s_a, half.salt)
