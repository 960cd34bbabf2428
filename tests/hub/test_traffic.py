# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promise 4: what leaves a house says nothing about what is in it. Three hubs, one log, every byte captured."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from sunporch.base.clock import ManualClock
from sunporch.hub import schedule
from tests.hub.home import NOW
from tests.hub.maple import FAR, PORCH, Street
from tests.hub.socks import Capture
from tests.outside import PushService

ROOT = Path(__file__).resolve().parent.parent.parent
READINGS, SEED = 4, 7


def home(
    folder: Path, street: Street, capture: Capture, cameras, *, looks: bool = False, **more: object
) -> subprocess.Popen:
    orders = {
        "folder": str(folder),
        "now": NOW,
        "seed": SEED,
        "readings": READINGS,
        "portal_url": street.portal.door.url,
        "socks_proxy": f"socks5h://127.0.0.1:{capture.port}",
        "pin": str(street.maple.folder / "pin.json"),
        "cameras": cameras,
        "looks": looks,
    } | more
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hub.follow_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    process.stdin.write(json.dumps(orders))
    process.stdin.close()
    process.stdin = None
    return process


@pytest.mark.promise(4)
@pytest.mark.requirement("R14", "R15", "S4", "R16")
def test_what_leaves_ana_omar_and_a_home_without_a_camera_there_is_byte_for_byte_the_same(tmp_path):
    clock = ManualClock(NOW)
    street = Street.build(tmp_path / "town", clock)
    captures = {name: Capture() for name in ("ana", "omar", "ben")}
    processes = {}
    try:
        street.maple.ask(NOW - 4000, NOW - 3000)
        cameras = {"ana": {"porch": PORCH, "back": PORCH}, "omar": {"door": PORCH}, "ben": {"gate": FAR}}
        for who, captured in captures.items():
            processes[who] = home(tmp_path / who, street, captured, cameras[who], looks=who == "omar")
        knows = {}
        for who, process in processes.items():
            out, error = process.communicate(timeout=50)
            assert process.returncode == 0, error
            knows[who] = json.loads(out.splitlines()[-1])
        # They differ in what they have, know and did ...
        assert {who: (k["notices"], k["matches"]) for who, k in knows.items()} == {
            "ana": (1, 2),
            "omar": (1, 1),
            "ben": (0, 0),
        }
        assert knows["omar"]["looked"] == [200] * READINGS
        # ... and in nothing that left: the same bytes, in the same connections, at the same instants.
        sent = {who: [bytes(data) for data in capture.sent] for who, capture in captures.items()}
        assert sent["ana"] == sent["omar"] == sent["ben"]
        assert captures["ana"].targets == captures["omar"].targets == captures["ben"].targets
        assert knows["ana"]["times"] == knows["omar"]["times"] == knows["ben"]["times"]
        assert b"".join(sent["ana"]).count(b"GET /log/checkpoint ") == READINGS
        assert all(part.startswith(b"GET /log/") for data in sent["ana"] for part in data.split(b"\r\n\r\n") if part)
        assert b"/log/blob/" in b"".join(sent["ana"])
    finally:
        for process in processes.values():
            with process:
                process.kill()
        for capture in captures.values():
            capture.close()
        street.close()


@pytest.mark.promise(4)
@pytest.mark.requirement("R16", "S4")
def test_a_push_that_ana_chose_changes_no_byte_and_no_instant_of_what_portal_and_log_are_asked(tmp_path):
    clock, service = ManualClock(NOW), PushService()
    street = Street.build(tmp_path / "town", clock)
    captures = {name: Capture() for name in ("ana", "omar")}
    processes = {}
    try:
        street.maple.ask(NOW - 4000, NOW - 3000)
        pushed = {"tells": service.subscription(), "settings": {"push_services": [service.host]}}
        for who, captured in captures.items():
            more = pushed if who == "ana" else {}
            processes[who] = home(tmp_path / who, street, captured, {"porch": PORCH}, **more)
        times = {}
        for who, process in processes.items():
            out, error = process.communicate(timeout=50)
            assert process.returncode == 0, error
            times[who] = json.loads(out.splitlines()[-1])["times"]
        assert [json.loads(word)["text"] for word in service.words()] == ["Something is waiting in your home hub."]
        elsewhere = ("127.0.0.1", service.port)
        asked = {
            who: [
                (target, bytes(data))
                for target, data in zip(capture.targets, capture.sent, strict=True)
                if target != elsewhere
            ]
            for who, capture in captures.items()
        }
        assert captures["ana"].targets.count(elsewhere) == 1  # through the proxy, like everything
        assert elsewhere not in captures["omar"].targets
        assert asked["ana"] == asked["omar"]
        assert times["ana"] == times["omar"]
    finally:
        for process in processes.values():
            with process:
                process.kill()
        for capture in captures.values():
            capture.close()
        street.close()
        service.close()


def test_the_plan_is_the_generators_alone_and_every_reading_lies_within_a_fifth_of_its_time():
    one = schedule.instants(0.0, 300, Random(3))
    other = schedule.instants(0.0, 300, Random(3))
    first = [next(one) for _ in range(200)]
    assert first == [next(other) for _ in range(200)]
    steps = [after - before for before, after in itertools.pairwise(first)]
    assert all(240 <= step <= 360 for step in steps) and max(steps) - min(steps) > 60


def test_a_reading_that_takes_long_delays_no_later_one():
    clock = ManualClock(NOW)
    start = clock.monotonic()
    plan = [start, start + 300, start + 600, start + 900]
    times = []
    for at in schedule.due(iter(plan), clock, lambda: False):
        times.append(at - start)
        clock.advance(450 if at == start else 1)
    assert times == [0, 600, 900]


def test_a_hub_that_is_told_to_stop_reads_no_more():
    clock = ManualClock(NOW)
    stop = []
    for _ in schedule.due(schedule.instants(clock.monotonic(), 300, Random(1)), clock, lambda: bool(stop)):
        stop.append(1)
    assert len(stop) == 1
