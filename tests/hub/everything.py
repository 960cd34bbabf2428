# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana's home after everything has happened there once, so that every page of the hub has something to show."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.test import Client

from sunporch.clip import keys
from sunporch.docket.entries import Access
from sunporch.hub.inbox.models import Alarm
from sunporch.hub.preferences.models import Preference
from sunporch.hub.shares.thread import info
from sunporch.hub.takeout import actions as takeout
from sunporch.web.errors import PUSH_GONE
from sunporch.web.pings import push
from sunporch.web.pings.models import Kind, Way
from tests.hub.footage import people_video
from tests.hub.home import Home, Resident, share
from tests.hub.maple import Street, device

PIN, LETTER, BROWSER = "2580", "May we have the minute before?", "Firefox"


def everything(home: Home, street: Street) -> Mapping[str, Sequence[Any]]:
    """Let everything happen to Ana, and give Omar a PIN; return VALUES: what may stand in an address, by name."""
    push.make_key(home.hub.push_key)
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start, video=people_video)
    hall = home.camera("hall", indoor=True)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    ana = Resident("ana").sign_in()
    shared = share(home, ana, appeal, porch, start + 1, start + 3)
    street.maple.good(Access, "diaz", disclosure=shared.disclosure, e=keys.public(device("one look")), purpose="view")
    letter = keys.encrypt(LETTER.encode(), keys.public(shared.d_x25519_secret), info(shared.c, "disclosure"))
    sealed = base64.b64encode(letter).decode()
    street.portal.mail[shared.c] = [{"to": "disclosure", "sealed": sealed, "by": "diaz", "at": home.clock.now()}]
    home.turn()
    _, waiting = ana.wish(appeal, porch, start + 1, start + 3)
    body = {"appeal": appeal, "camera": porch.id, "from": start + 1, "to": start + 3}
    ready = ana.ask("POST", "/coverings", body)[1]["id"]
    home.finding.step()
    finding = ana.ask("POST", "/coverings", body)[1]["id"]
    now = home.clock.now()
    Alarm.objects.create(kind="x", subject="y", what="w", next="n", first_seen=now - 60, last_seen=now)
    browser = {"user": ana.user, "kind": Kind.PUSH, "name": BROWSER, "trouble_id": PUSH_GONE.id}
    Way.objects.create(target='{"endpoint": "https://push.example/7"}', **browser)
    omar = Resident("omar").user
    Preference.objects.filter(user=omar).update(pin=make_password(PIN))
    wish = takeout.Wish(porch.id, start + 1, start + 3, covered=False, sound=False, title="Bicycle", hours=24, most=9)
    link, token = takeout.make(home.vault, ana.user, wish, now)
    home.making.step()
    opened = Client().post(f"/film/{token}/")["Location"].split("/")[-2]
    return {
        "link_id": [link.id],
        "token": [token],
        "opened": [opened],
        "camera_id": [porch.id, hall.id],
        "index": [appeal],
        "covering_id": [ready, finding],
        "release_id": [waiting["id"], shared.id],
        "disclosure": [shared.disclosure],
        "adult_id": [omar.pk],
        "pk": [1],
    }
