# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal as an operator runs it: real processes, a real port, kills, pipes and signals."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sunporch.docket import entries, wire
from sunporch.portal.board import actions as board_actions
from tests.portal.running import WAIT_SECONDS, Portal, alive, children, until
from tests.portal.street import DAY, TOWN, Street
from tests.portal.test_clips import recorded_appeal
from tests.web.headings import well_ordered

# Three processes start here; on a busy machine of two cores that takes its time.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def asked(street):
    """An appeal that was recorded before the portal runs."""
    return recorded_appeal(street)


@pytest.fixture
def portal(street):
    made = Portal(street)
    try:
        made.wait_ready()
        yield made
    finally:
        made.end()


def event(street: Street, number: int) -> str:
    start = street.now() + DAY + number
    return street.signed(entries.Event, "okafor-2c1d", cells=(TOWN.centre,), from_=start, to=start + 9, kind="vote")


def post(portal: Portal, number: int) -> str:
    answer = portal.client.post("/api/v1/entries", json={"note": event(portal.street, number)})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def recorded(portal: Portal, entry_id: str) -> dict:
    answer = portal.client.get(f"/api/v1/entries/{entry_id}?wait=30").json()
    assert answer["state"] == "recorded", answer
    return answer


@pytest.mark.promise(7)
def test_entries_survive_the_kill_of_each_process_and_are_recorded_once_after_its_restart(portal):
    size = portal.street.state().size
    run = portal.process.pid
    # Children are forked: what a thread of the parent had locked would stay locked in them.
    assert [task.name for task in Path(f"/proc/{run}/task").iterdir()] == [str(run)]
    for number, name in enumerate(("sequencer", "worker", "web")):
        entry_id = post(portal, number)
        pid = portal.pids()[name]
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid, name=name: portal.pids().get(name) not in (pid, None), f"{name} is restarted", portal)
        portal.wait_ready()
        assert recorded(portal, entry_id)["index"] == size + number
    assert portal.process.poll() is None
    sizes = (portal.street.data / "log/checkpoints/sizes").read_text().split()
    assert sizes == sorted(set(sizes), key=int)


def test_everything_ends_when_standard_input_closes_and_no_worker_goes_on_answering(portal):
    family = portal.family()
    assert len(family) >= 5  # run, web, its worker, sequencer, worker
    portal.process.stdin.close()
    assert portal.process.wait(WAIT_SECONDS) == 0
    until(lambda: not any(alive(pid) for pid in family), "all processes are gone", portal)
    assert not portal.answers("/healthz")
    assert not (portal.street.data / "pids.json").exists()


def test_everything_ends_when_the_first_process_is_killed_without_a_word(portal):
    family = portal.family()
    os.kill(portal.process.pid, signal.SIGKILL)
    portal.process.wait()
    until(lambda: not any(alive(pid) for pid in family), "all processes are gone", portal)
    assert not portal.answers("/healthz")


def test_a_signal_ends_everything_in_order(portal):
    family = portal.family()
    portal.process.terminate()
    assert portal.process.wait(WAIT_SECONDS) == 0
    until(lambda: not any(alive(pid) for pid in family), "all processes are gone", portal)


def test_granians_worker_ends_when_its_master_is_killed_and_a_new_one_answers(portal):
    master = portal.pids()["web"]
    (worker,) = (
        pid for pid in children(master) if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(master, signal.SIGKILL)
    until(lambda: not alive(worker), "the old worker is gone", portal)
    portal.wait_ready()


def test_granians_worker_ends_by_itself_when_nobody_is_left_to_end_it(portal):
    run, master = portal.pids()["run"], portal.pids()["web"]
    family = portal.family()
    os.kill(master, signal.SIGSTOP)  # so that it cannot end its worker when its own parent goes
    os.kill(run, signal.SIGKILL)
    os.kill(master, signal.SIGKILL)
    portal.process.wait()
    try:
        until(lambda: not any(alive(pid) for pid in family), "all processes are gone", portal)
    finally:
        for pid in filter(alive, family):
            os.kill(pid, signal.SIGKILL)


def test_a_child_that_keeps_dying_stops_the_portal_with_a_named_error(portal):
    for _ in range(4):
        pid = portal.pids()["worker"]
        os.kill(pid, signal.SIGKILL)
        until(
            lambda pid=pid: portal.process.poll() is not None or portal.pids().get("worker") != pid,
            "worker is restarted or the portal has stopped",
        )
    portal.process.wait(WAIT_SECONDS)
    assert "web.child-stopped" in Path(portal.log.name).read_text()


def test_a_taken_port_is_a_named_error(portal):
    done = subprocess.run(
        [sys.executable, "-m", "sunporch.portal.command", "web", "--config", str(portal.config)],
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode != 0
    assert "service.port-taken" in done.stderr


def test_an_upload_that_breaks_off_leaves_nothing_and_the_portal_goes_on(portal):
    street = portal.street
    note, narrative = street.appeal()
    text = {"salt": narrative.salt.hex(), "text": narrative.text}
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    board_actions.hand_in(entry_id, "request", street.cosign(note, "kim-77b0"), [text], street.now())
    request = recorded(portal, entry_id)["index"]
    c, header, sealed, _ = street.clip(request)
    assert portal.client.put(f"/api/v1/uploads/{c}/header", content=header).status_code == 201
    with socket.create_connection(("127.0.0.1", portal.port)) as connection:
        head = f"PUT /api/v1/uploads/{c}/sealed HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(sealed)}\r\n\r\n"
        connection.sendall(head.encode() + sealed[:1000])
    assert portal.client.put(f"/api/v1/uploads/{c}/sealed", content=sealed).status_code == 201
    stored = street.data / "files" / c[:2] / f"{c}.sealed"
    assert stored.read_bytes() == sealed
    until(
        lambda: [p.name for p in stored.parent.iterdir() if p.name.startswith(".")] == [], "nothing is left", portal
    )


@pytest.mark.requirement("S11")
def test_whoever_goes_by_headings_misses_none_on_any_page_that_links_lead_to(asked, portal):
    """Every page from the first one on, in both languages, whatever new ones come."""
    waiting, seen = ["/", "/nothing-here"], set()
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("/log/", "/static/", "/feeds/", "/es/feeds/", "/en/feeds/")):
            continue
        seen.add(path)
        answer = portal.client.get(path)
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = answer.text
        assert well_ordered(page), path
        waiting += [html.unescape(link).partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', page)]
    wanted = {f"{language}{path}" for language in ("", "/es") for path in ("/", "/agencies/", "/rules/", "/record/")}
    assert wanted | {f"/appeals/{asked}/"} <= seen
