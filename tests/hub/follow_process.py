# SPDX-License-Identifier: AGPL-3.0-or-later
"""One home in a process of its own, on a clock that stands still and with a given seed.

Reads its orders as JSON from standard input, makes the hub, hangs cameras with six seconds of footage, reads the
record so many times by the worker's own code, lets its resident look into the inbox, and prints what it knows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

from sunporch.base.clock import ManualClock
from sunporch.hub import setup
from sunporch.hub.config import load
from sunporch.vault import Vault


def main() -> None:
    orders = json.loads(sys.stdin.read())
    folder, now = Path(orders["folder"]), orders["now"]
    values = {name: orders[name] for name in ("portal_url", "socks_proxy")}
    limits = {"retention_days": 30, "retention_bytes": 10**9}
    path = setup.make(folder, Path(orders["pin"]).read_bytes(), values | limits | orders.get("settings", {}))
    from sunporch.hub.cameras.actions import NewCamera, add  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.inbox.models import Match, Notice  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.worker import Worker  # noqa: PLC0415 - Django must know its settings first
    from tests.hub.footage import street_video  # noqa: PLC0415 - Django must know its settings first
    from tests.hub.home import Resident  # noqa: PLC0415 - Django must know its settings first

    clock = ManualClock(now)
    with Vault.open(folder / "vault", clock) as vault:
        for name, place in orders["cameras"].items():
            new = NewCamera(name, "rtsp://127.0.0.1:9/x", "", "", None, tuple(place), 0, 360, 30, False)
            vault.import_file(add(vault, new).id, street_video(), now - 3600)
    worker = Worker(load(path), clock, Random(orders["seed"]))
    read, times, inbox = worker._reading.once, [], []
    resident = Resident("somebody").sign_in() if orders["looks"] else None

    def noted() -> None:
        times.append(round(clock.monotonic() - now, 3))
        read()
        if orders.get("tells"):
            tell(worker, orders["tells"])
        if resident is not None:
            inbox.append(resident.ask("GET", "/inbox"))

    worker._reading.once = noted  # only to write down when
    worker.follow(lambda: len(times) >= orders["readings"])
    worker.close()
    if orders.get("share"):
        choose(load(path), now, orders["share"])
    known = {"times": times, "notices": Notice.objects.count(), "matches": Match.objects.count()}
    known["config"] = str(path)
    sys.stdout.write(json.dumps(known | {"looked": [status for status, _ in inbox]}) + "\n")


def tell(worker, subscription: str) -> None:
    """Let somebody who chose a browser's notices hear of whatever is new, through the worker's own code."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - Django must know its settings first

    from sunporch.hub.notices import news  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.preferences.actions import add_resident  # noqa: PLC0415 - likewise
    from sunporch.web.pings import actions  # noqa: PLC0415 - likewise
    from sunporch.web.pings.models import Choice, Kind, When  # noqa: PLC0415 - likewise

    choice = Choice.objects.select_related("user").first()
    if choice is None:
        user = User.objects.get(username=add_resident("ana", "Ana")[0])
        actions.add_way(user, Kind.PUSH, subscription, "Browser")
        actions.choose(user, actions.Wish(("appeals",), When.SOON, 0), [])
        choice = Choice.objects.get()
    now = worker._clock.now()
    actions.tell(choice.user_id, news.present(now), now, 0)
    while worker._outward.step(Kind.PUSH):
        pass


def choose(hub, now: int, span: list[int]) -> None:
    """Let a resident choose these seconds of the first camera to leave at once."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - Django must know its settings first

    from sunporch.hub.cameras.models import Camera  # noqa: PLC0415 - Django must know its settings first
    from sunporch.hub.coverings.actions import Wish  # noqa: PLC0415 - likewise
    from sunporch.hub.inbox.models import Notice  # noqa: PLC0415 - likewise
    from sunporch.hub.preferences.actions import add_resident  # noqa: PLC0415 - likewise
    from sunporch.hub.release import actions  # noqa: PLC0415 - likewise

    user = User.objects.get(username=add_resident("ana", "Ana")[0])
    with Vault.open(hub.vault_folder, ManualClock(now)) as vault:
        wish = Wish(Notice.objects.get().appeal_id, Camera.objects.get().id, span[0], span[1], [], False)
        made = actions.choose(hub, vault, user, wish, now)
    actions.send_now(made.id, now)


main()
