# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes that serve, and how they end: by signal, by their parent's death, by both at once, many times."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from sunporch.base.clock import SystemClock
from sunporch.service.port import check_port
from tests.client.test_server import failing

WALL = SystemClock()
WAIT_SECONDS = 20
ENDINGS = 3  # for each way to end; `make soak` plays more
MANY_ENDINGS = 100


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Door:
    """A running process."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.door", str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(WAIT_SECONDS * 50):
            try:
                assert httpx.get(f"{self.url}/readyz").text == "ready\n"
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self.process.stderr.read()
                WALL.sleep(0.02)
        raise AssertionError("never ready")

    def ended(self) -> tuple[int, bytes, bytes]:
        """Return exit code and what was written to standard output and standard error."""
        try:
            return self.process.wait(WAIT_SECONDS), self.process.stdout.read(), self.process.stderr.read()
        finally:
            self.close()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def by_signal(door):
    door.process.send_signal(signal.SIGTERM)


def by_interrupt(door):
    door.process.send_signal(signal.SIGINT)


def by_pipe(door):
    door.process.stdin.close()


def by_both(door):
    door.process.send_signal(signal.SIGTERM)
    door.process.stdin.close()
    door.process.send_signal(signal.SIGTERM)


WAITS = "from sunporch.service.parent import end_with_pipe as e; import time; e(print); time.sleep(0.2)"


def test_a_process_that_ends_while_it_waits_for_its_parent_is_not_killed_by_that():
    with subprocess.Popen([sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.wait(WAIT_SECONDS) == 0, process.stderr.read()


@pytest.mark.parametrize("way", [by_signal, by_interrupt, by_pipe, by_both])
def test_a_process_that_is_told_to_end_never_dies_of_its_own_end(way, soak):
    for _ in range(MANY_ENDINGS if soak else ENDINGS):
        door = Door()
        way(door)
        code, out, err = door.ended()
        assert (code, out) == (0, b"closing\nclosed\n"), err
        assert [json.loads(line)["event"] for line in err.splitlines()] == ["listening", "stopped"]


def test_a_pipe_that_closes_after_the_end_began_is_no_error():
    door = Door()
    by_signal(door)
    assert door.process.stdout.readline() == b"closing\n"
    assert b"listening" in door.process.stderr.readline()
    assert b"stopped" in door.process.stderr.readline()
    by_pipe(door)
    assert door.ended() == (0, b"closed\n", b"")


def test_a_process_ends_with_its_parent_although_a_caller_keeps_its_connection():
    door = Door()
    with httpx.Client() as caller, socket.create_connection(("127.0.0.1", door.port)) as half:
        caller.get(f"{door.url}/readyz")
        half.sendall(b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhal")
        by_pipe(door)
        assert door.ended()[0] == 0
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", door.port), 1):
        pass


def test_a_caller_who_never_gets_an_answer_does_not_keep_the_process_alive():
    door = Door()
    with socket.create_connection(("127.0.0.1", door.port)) as caller:
        caller.sendall(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        WALL.sleep(0.2)
        by_signal(door)
        assert door.ended()[0] == 0


def test_what_it_writes_names_nobody_who_called():
    door = Door()
    httpx.get(f"{door.url}/readyz", headers={"User-Agent": "Ana's phone"})
    by_signal(door)
    _, out, err = door.ended()
    assert out == b"closing\nclosed\n"
    assert err.count(b"127.0.0.1") == 1  # where it listens
    assert b"Ana" not in err
    assert b"readyz" not in err


def test_a_port_that_another_program_uses_is_refused_by_name():
    with socket.create_server(("127.0.0.1", 0)) as other, failing("service.port-taken"):
        check_port("127.0.0.1", other.getsockname()[1])
    check_port("127.0.0.1", free_port())
