# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's parts run, are watched, and end; real processes on ports from the operating system."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sunporch.base.errors import Error
from sunporch.town import supervisor as room
from sunporch.town.processes import family, port_owner
from sunporch.town.supervisor import Part, Supervisor

SERVER = """
import http.server, os, signal, subprocess, sys, threading
port, mode = int(sys.argv[1]), sys.argv[2]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
print("serving", port, flush=True)
if mode == "dies":
    [print("last words", n) for n in range(30)]; sys.exit(3)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "parent":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
def watch():
    sys.stdin.read(); os._exit(0)
threading.Thread(target=watch, daemon=True).start()
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def make(tmp_path):
    def part(mode: str = "plain", name: str = "portal") -> Part:
        port = free_port()
        return Part(name, (sys.executable, "-c", SERVER, str(port), mode), port, tmp_path / f"{name}.log")

    return part


@pytest.fixture
def town():
    supervisor = Supervisor({})
    yield supervisor
    supervisor.stop()


def wait_until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_every_part_runs_in_its_own_session_and_is_listed_with_its_grandchildren(town, make):
    town.start([make("parent", "hub"), make("plain", "portal")])
    wait_until(lambda: len(town.pids()["hub"]) == 2)
    pids = town.pids()
    assert len(pids["portal"]) == 1
    assert os.getsid(pids["hub"][0]) == pids["hub"][0] != os.getsid(0)


def test_a_killed_part_comes_back_and_its_workers_do_not_linger(town, make):
    town.start([make("parent", "hub")])
    wait_until(lambda: len(town.pids()["hub"]) == 2)
    leader, worker = town.pids()["hub"]
    os.kill(leader, signal.SIGKILL)
    wait_until(lambda: town.pids().get("hub", [leader])[0:1] != [leader])
    town.wait_ready("hub")
    assert not alive(worker)


def test_a_part_that_keeps_dying_stops_the_town_with_its_last_twenty_lines(town, make):
    with pytest.raises(Error) as refused:
        town.start([make("dies")])
    assert refused.value.id == "town.part-stopped"
    assert "last words 29" in refused.value.what
    assert "last words 10" in refused.value.what
    assert "last words 9\n" not in refused.value.what


def test_a_part_that_never_answers_is_named_with_its_log(town, make, monkeypatch):
    monkeypatch.setattr(room, "READY_SECONDS", 1)
    part = make()
    silent = Part("custodian", (sys.executable, "-c", "import time; time.sleep(60)"), part.port, part.log)
    town.start([Part("idle", silent.command, 0, part.log)])
    with town._lock:
        town._parts["custodian"] = silent
        town._launch(silent)
    with pytest.raises(Error) as refused:
        town.wait_ready("custodian", seconds=0.5)
    assert refused.value.id == "town.part-late"
    assert "custodian" in refused.value.what


def test_a_port_in_use_is_refused_before_anything_starts_and_names_its_owner(town, make):
    part = make()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", part.port))
        taken.listen()
        with pytest.raises(Error) as refused:
            town.start([make(name="hub"), part])
        assert refused.value.id == "town.port-taken"
        assert str(os.getpid()) in refused.value.what
        assert f"process {os.getpid()}" in port_owner(part.port)
    assert town.pids() == {}


def test_a_part_that_ignores_the_polite_signal_is_ended_with_its_whole_group(make, monkeypatch):
    monkeypatch.setattr(room, "STOP_SECONDS", 0.5)
    supervisor = Supervisor({})
    supervisor.start([make("stubborn")])
    leader = supervisor.pids()["portal"][0]
    supervisor.stop()
    assert not alive(leader)
    assert family(f"{room.MARK}={supervisor._mark('portal')}", leader) == []


def test_a_part_stopped_on_purpose_stays_down_until_it_is_resumed(town, make):
    part = make(name="witness-3")
    town.start([part])
    town.stop_part("witness-3")
    assert "witness-3" not in town.pids()
    town.resume_part("witness-3")
    assert town.pids()["witness-3"]


def test_every_part_ends_when_its_town_does(tmp_path, make):
    part = make("plain")
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom sunporch.town.supervisor import Part, Supervisor\n"
        "town = Supervisor({})\n"
        "town.start([Part('portal', tuple(sys.argv[3:]), int(sys.argv[1]), Path(sys.argv[2]))])\n"
        "print(town.pids()['portal'][0], flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(part.port), str(part.log), *part.command],
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not alive(child))
