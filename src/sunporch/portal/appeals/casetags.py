# SPDX-License-Identifier: AGPL-3.0-or-later
"""Case tags: equal for equal case numbers of one agency, and telling nobody else anything about the number.

The portal computes them (`POST /api/v1/case-tags`) and checks them again with each draft, because it sees the case
number there anyway; the record shows only the tag, by which everybody can count appeals of one incident (R9).
"""

from __future__ import annotations

import hmac
import unicodedata

from django.conf import settings

from sunporch.base import durable
from sunporch.portal.founding import CASE_KEY

TAG_BYTES = 16


def normalised(case_number: str) -> str:
    """Return the number as it is compared: NFKC, capitals, letters and digits only."""
    folded = unicodedata.normalize("NFKC", case_number).upper()
    return "".join(character for character in folded if character.isalnum())


def case_tag(agency: str, case_number: str) -> str:
    """Return the first 16 bytes (hex) of HMAC-SHA256(agency's secret, normalised case number).

    The agency's secret is HMAC-SHA256(case key of this portal, ORI), so that tags of two agencies never meet.
    """
    key = durable.read_private(settings.SUNPORCH.keys_dir / CASE_KEY)
    secret = hmac.digest(key, f"sunporch/case-tag/v1\0{agency}".encode(), "sha256")
    return hmac.digest(secret, normalised(case_number).encode(), "sha256")[:TAG_BYTES].hex()
