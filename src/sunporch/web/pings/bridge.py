# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pings by Apprise: an address such as `ntfys://...` that leads to a service of the person's own choice."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import apprise

from sunporch.web.errors import APPRISE_REFUSED, APPRISE_UNSENT
from sunporch.web.pings.message import Message

# Seconds that Apprise itself waits for a connection and an answer; an address may not change them.
_TIMEOUTS = ("cto", "rto")


def _asset() -> apprise.AppriseAsset:
    """Return how Apprise behaves here: one after the other, nothing kept on disk, no word about itself."""
    return apprise.AppriseAsset(
        async_mode=False, app_id="Sunporch", app_desc="Sunporch", app_url="", image_url_logo="", image_url_mask=""
    )


def check(untrusted_address: str, schemes: list[str]) -> str:
    """Return the address as a page may show it, its secrets hidden; raises `web.apprise-refused`."""
    scheme = untrusted_address.partition("://")[0].lower()
    if scheme not in schemes:
        raise APPRISE_REFUSED(reason=f"it must begin with one of {', '.join(schemes)}")
    try:
        asked = parse_qs(urlsplit(untrusted_address).query)
    except ValueError as error:
        raise APPRISE_REFUSED(reason="it is no address") from error
    if any(name.lower() in _TIMEOUTS for name in asked):
        raise APPRISE_REFUSED(reason="it may not say how long to wait")
    found = apprise.Apprise.instantiate(untrusted_address, asset=_asset(), suppress_exceptions=True)
    if found is None:
        raise APPRISE_REFUSED(reason="Apprise does not know how to read it")
    return str(found.url(privacy=True)).partition("?")[0]  # type: ignore[no-untyped-call]  # Apprise has no hints


def send(address: str, message: Message) -> None:
    """Hand a message to the service of the address. Raises `web.apprise-unsent`."""
    speaker = apprise.Apprise(asset=_asset())
    taken = speaker.add(address) and speaker.notify(title=message.title, body=f"{message.text}\n{message.url}")
    if not taken:
        raise APPRISE_UNSENT()
