# SPDX-License-Identifier: AGPL-3.0-or-later
"""The receipt of a share on one sheet of paper, made by typst; its stop code is the whole message that ends it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno
import typst
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from sunporch.hub.inbox import notice
from sunporch.hub.shares.models import Share

_SHEET = Path(__file__).parent / "receipt.typ"


def stop_code(share: Share) -> str:
    """Return the JSON message that stops the share wherever it is posted: the pre-signed withdrawal, ASCII alone."""
    return json.dumps({"note": share.withdrawal_note}, separators=(",", ":"))


def receipt(share: Share, portal_url: str) -> bytes:
    """Return the receipt as PDF in the page's language. It does not say whose home it is, nor which camera."""
    picture = io.BytesIO()
    code = stop_code(share)
    segno.make(code, error="l", micro=False).save(picture, kind="svg", xmldecl=False, border=2)
    release = share.release
    told: dict[str, Any] = {
        "lang": get_language(),
        "title": gettext("Receipt of a shared clip"),
        "facts": [
            [gettext("Clip"), gettext("entry %(n)s of the town's public record") % {"n": share.disclosure}],
            [gettext("Shared with"), release.appeal.agency_name or release.appeal.fields["agency"]],
            [gettext("For"), notice.offence_in(release.appeal, get_language())],
            [gettext("Recorded"), f"{_when(release.from_s)} \N{EN DASH} {_when(release.to_s)}"],
            [gettext("Shared since"), _when(share.shared_at)],
            [gettext("Shared until"), _when(share.expires)],
            [gettext("SHA-256 of what was sent"), release.released_sha256],
        ],
        "stop": gettext("Stop code"),
        "stop_what": gettext(
            "This code ends the share. It is signed already: anybody who has this sheet can post it, without an "
            "account, from anywhere. Then the key custodian destroys its half of the key. Keep the sheet where only "
            "people you trust find it. Whoever opened the clip before may keep what they saw."
        ),
        "how": gettext(
            "Take the file stop.json that is attached to this document, or scan the square, whose text is that file, "
            "or type the code below on one line. Then run both lines:"
        ),
        "commands": [_post(f"{portal_url.rstrip('/')}/api/v1/entries"), _post(f"{share.custodian_url}/withdrawals")],
        "check": gettext("To check the receipt without any server:"),
        "check_command": f"sunporch verify --receipt sunporch-clip-{share.disclosure}.receipt.json",
        "code": code,
        "qr": picture.getvalue().decode(),
    }
    made: bytes = typst.compile(_SHEET, sys_inputs={"told": json.dumps(told)})
    return made


def _post(url: str) -> str:
    return f'curl -H "Content-Type: application/json" --data @stop.json {url}'


def _when(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{date_format(at, gettext('j F Y'))}, {at:%H:%M:%S} UTC"
