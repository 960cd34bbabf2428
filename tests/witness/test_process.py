# SPDX-License-Identifier: AGPL-3.0-or-later
"""The co-signer as a process: it keeps its word over kills, ends with its parent, says nothing about who asks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.tlog.checkpoints import cosigned_at
from sunporch.tlog.notes import Note
from sunporch.witness import config
from sunporch.witness.cosigner import Conflict
from tests.witness.people import LEAVES, NOON, Log, cosigner, root, settings

STRIDE = 3  # every run of the suite plays each third point; `make soak` plays all
WAIT_SECONDS = 20
PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from sunporch.cli.main import main; sys.exit(main(sys.argv[1:]))",
    "witness",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A running co-signer; whatever a failed test leaves is ended by `nobody_stays`."""

    started: ClassVar[list[subprocess.Popen]] = []

    def __init__(self, file: Path, port: int, *more: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [*PROGRAM, "run", "--config", str(file), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(self.process)
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                httpx.get(f"{self.url}/readyz").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.02)

    def ask(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=WAIT_SECONDS)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=WAIT_SECONDS)
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture(autouse=True)
def nobody_stays():
    yield
    for process in Process.started:
        if process.poll() is None:
            process.kill()
            process.wait()
    Process.started.clear()


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path / "log")
    yield log
    log.close()


@pytest.fixture
def made(tmp_path):
    """Return the settings file, the port and the public key of a new co-signer."""
    port = free_port()
    file, key = config.init(settings(tmp_path, port=port))
    return file, port, key


def test_it_serves_ends_on_sigterm_and_writes_lines_without_addresses(made, log):
    file, port, key = made
    process = Process(file, port)
    body = log.request(0, 3)
    answer = process.ask(body)
    assert cosigned_at(Note.parse(body.partition(b"\n\n")[2] + answer.content), key)
    process.ask(b"nonsense")
    code, out, err = process.end()
    assert (code, out) == (0, "")
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines] == ["listening", "stopped"]
    assert err.count("127.0.0.1") == 1  # where it listens, not who came


def test_it_ends_when_its_parent_does_even_with_an_open_connection(made):
    file, port, _ = made
    process = Process(file, port, "--parent-pipe")
    with httpx.Client() as open_connection, socket.create_connection(("127.0.0.1", port)) as half:
        assert open_connection.get(f"{process.url}/healthz").status_code == 200
        half.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nold ")
        time.sleep(0.5)
        process.process.stdin.close()
        assert process.process.wait(timeout=WAIT_SECONDS) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{process.url}/healthz")
    process.process.stdout.close()
    process.process.stderr.close()


def test_killed_it_leaves_nobody_who_answers(made):
    file, port, _ = made
    process = Process(file, port, "--parent-pipe")
    process.end(signal.SIGKILL)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{process.url}/healthz")


def test_without_a_parent_pipe_a_closed_input_changes_nothing(made):
    file, port, _ = made
    process = Process(file, port)
    process.process.stdin.close()
    time.sleep(0.3)
    assert httpx.get(f"{process.url}/readyz").text == "ready\n"
    process.process.stdin = None
    process.end()


def test_a_taken_port_is_refused_by_name(made):
    file, port, _ = made
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        done = subprocess.run([*PROGRAM, "run", "--config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "service.port-taken" in done.stderr


def test_settings_can_be_checked_and_printed_without_listening(made):
    file, _, _ = made
    done = subprocess.run([*PROGRAM, "run", "--config", file, "--check-config"], capture_output=True, check=True)
    assert done.stdout == b""
    done = subprocess.run([*PROGRAM, "run", "--config", file, "--print-config"], capture_output=True, check=True)
    assert json.loads(done.stdout)["name"] == "w1.example"
    file.write_text(file.read_text() + "listens = 1\n")
    done = subprocess.run(
        [*PROGRAM, "run", "--config", file, "--check-config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "config.key-unknown" in done.stderr


def test_a_new_co_signer_is_made_by_one_command(tmp_path):
    given = settings(tmp_path)
    arguments = ["--origin", given.origin, "--log-key", given.log_key, "--name", given.name, "--data", given.data_dir]
    done = subprocess.run([*PROGRAM, "init", *arguments], capture_output=True, text=True, check=True)
    shown = json.loads(done.stdout)
    assert shown["key"].startswith("w1.example+")
    assert config.load(Path(shown["config"])).port == config.DEFAULT_PORT
    again = subprocess.run([*PROGRAM, "init", *arguments], capture_output=True, text=True, check=False)
    assert (again.returncode, "witness.data-present" in again.stderr) == (1, True)


@pytest.mark.strace
@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "fsync", "write"])
def test_killed_at_any_system_call_it_never_cosigns_a_second_root(tmp_path, log, call, soak):
    if not shutil.which("strace"):
        pytest.skip("needs strace: apt-get install strace")
    number, points, ended = 1, 0, False
    while not ended:
        folder = tmp_path / str(number)
        cosigner(folder, ManualClock(NOON))._memory.close()
        strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={call}:signal=KILL:when={number}"]
        done = subprocess.run(
            [*strace, sys.executable, "-m", "tests.witness.cosigning", str(folder)],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        said = done.stdout.split()
        ended = "end" in said
        signed = max((int(word) for word in said if word.isdecimal()), default=0)
        again = cosigner(folder, ManualClock(NOON))
        head = again._memory.head()
        assert head.size >= signed
        assert head.root == root(head.size)
        if head.size:
            fork = root(head.size, [b"another story", *LEAVES[1:]])
            with pytest.raises(Error, match=r"witness\.root-second"):
                again.add_checkpoint(log.request(head.size, head.size, root=fork))
            assert again.add_checkpoint(log.request(0, 600, root=fork)) == Conflict(head.size)
        again._memory.close()
        points += not ended
        number += 1 if soak else STRIDE
    print(f"killed at {points} calls of {call}, 0 failures")
    assert points
