# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts each part of the town as its own process, watches it, and ends it cleanly.

Each part runs in its own session and carries a mark that its workers inherit, so that they end with it. It holds the
read end of a pipe on its standard input: when this process dies, even by SIGKILL, the pipe closes and every part
ends by itself.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base.clock import SystemClock
from sunporch.base.errors import Error
from sunporch.town.errors import PART_LATE, PART_STOPPED, PORT_TAKEN
from sunporch.town.processes import LOOPBACK, family, lines_of, port_is_free, port_owner, tail

READY_SECONDS = 60
STOP_SECONDS = 10
MAX_RESTARTS = 3
LOG_LINES = 20
POLL_SECONDS = 0.1
PROBE_SECONDS = 3.0
MARK = "SUNPORCHTOWNPART"
# Waiting for processes is real waiting: the town clock does not concern it.
WALL = SystemClock()


@dataclass(frozen=True)
class Part:
    """One process of the town: its name, how it is started, where it answers and writes its log.

    `probe` is the path that answers 200 once the part is ready; empty where an open port is enough.
    """

    name: str
    command: tuple[str, ...]
    port: int
    log: Path
    probe: str = "/readyz"
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """The running parts of one town."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._token = secrets.token_hex(8)
        self._parts: dict[str, Part] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._restarts: dict[str, int] = {}
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._failure: Error | None = None
        self._watcher: threading.Thread | None = None

    def start(self, parts: Sequence[Part]) -> None:
        """Start the parts in order and wait until each is ready.

        Raises `town.port-taken` before anything runs, `town.part-late` or `town.part-stopped` after.
        """
        for part in parts:
            if part.port and not port_is_free(part.port):
                raise PORT_TAKEN(where=part.name, port=part.port, part=part.name, owner=port_owner(part.port))
        for part in parts:
            with self._lock:
                self._parts[part.name] = part
                self._restarts[part.name] = 0
                self._launch(part)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
            self._watcher.start()
        for part in parts:
            self.wait_ready(part.name)

    def _launch(self, part: Part) -> None:
        part.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with part.log.open("ab") as log:
            self._running[part.name] = subprocess.Popen(
                part.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self._environment | dict(part.environment) | {MARK: self._mark(part.name)},
                start_new_session=True,
            )

    def wait_ready(self, name: str, seconds: float = READY_SECONDS) -> None:
        """Wait until the part answers its probe; raise `town.part-late` with its last log lines."""
        part = self._parts[name]
        end = WALL.monotonic() + seconds
        while not _ready(part):
            self.check()
            if WALL.monotonic() > end:
                raise self._late(part, seconds)
            WALL.sleep(POLL_SECONDS)

    def wait_said(self, name: str, beginning: str, seconds: float = READY_SECONDS) -> str:
        """Wait until the part has written a line that begins so, and return the line; raises `town.part-late`."""
        part = self._parts[name]
        end = WALL.monotonic() + seconds
        while True:
            found = [line for line in lines_of(part.log) if line.startswith(beginning)]
            if found:
                return found[-1]
            self.check()
            if WALL.monotonic() > end:
                raise self._late(part, seconds)
            WALL.sleep(POLL_SECONDS)

    def _late(self, part: Part, seconds: float) -> Error:
        lines = tail(part.log, LOG_LINES)
        return PART_LATE(where=part.name, part=part.name, seconds=round(seconds), lines=lines, log=part.log)

    def check(self) -> None:
        """Raise the error that stopped the town, if one did."""
        if self._failure is not None:
            raise self._failure

    def _watch(self) -> None:
        while not self._closing.wait(POLL_SECONDS):
            with self._lock:
                if self._closing.is_set():
                    return
                ended = [name for name, process in self._running.items() if _has_ended(process)]
                for name in ended:
                    self._revive(name)
            if self._failure is not None:
                return

    def _revive(self, name: str) -> None:
        """Restart a part that ended by itself, or record why the town stops. The lock is held."""
        part = self._parts[name]
        self._end_group(name, self._running.pop(name))
        if self._restarts[name] >= MAX_RESTARTS:
            lines = tail(part.log, LOG_LINES)
            times = self._restarts[name] + 1
            self._failure = PART_STOPPED(where=name, part=name, times=times, lines=lines, log=part.log)
            return
        self._restarts[name] += 1
        self._launch(part)

    def pids(self) -> dict[str, list[int]]:
        """Return the process ids of every part by name, grandchildren included, the part's leader first."""
        with self._lock:
            leaders = {name: process.pid for name, process in self._running.items()}
        return {name: family(f"{MARK}={self._mark(name)}", leader) for name, leader in leaders.items()}

    def _mark(self, name: str) -> str:
        return f"{self._token}/{name}"

    def stop_part(self, name: str) -> None:
        """End one part for as long as `resume_part` is not called (for "two witnesses are down")."""
        with self._lock:
            process = self._running.pop(name)
        self._end({name: process})

    def resume_part(self, name: str) -> None:
        """Start a part again that `stop_part` ended, and wait for it."""
        with self._lock:
            self._launch(self._parts[name])
        self.wait_ready(name)

    def allow_restart(self, name: str) -> None:
        """Forget earlier restarts of the part: someone kills it on purpose."""
        with self._lock:
            self._restarts[name] = 0

    def stop(self) -> None:
        """End all parts: SIGTERM in reverse order, 10 s for all together, then SIGKILL to what is left."""
        self._closing.set()
        with self._lock:
            running = dict(reversed(self._running.items()))
            self._running.clear()
        if self._watcher is not None:
            self._watcher.join()
        self._end(running)

    def _end(self, running: Mapping[str, subprocess.Popen[bytes]]) -> None:
        for process in running.values():
            process.terminate()
        end = WALL.monotonic() + STOP_SECONDS
        while not all(map(_has_ended, running.values())) and WALL.monotonic() < end:
            WALL.sleep(POLL_SECONDS)
        for name, process in running.items():
            self._end_group(name, process)

    def _end_group(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Kill what is left of the part and reap its leader."""
        for pid in family(f"{MARK}={self._mark(name)}", process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Say whether it ended, without reaping it: until then its id cannot become another program's session."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _ready(part: Part) -> bool:
    if not part.port:
        return True
    connection = http.client.HTTPConnection(LOOPBACK, part.port, timeout=PROBE_SECONDS)
    try:
        if not part.probe:
            connection.connect()
            return True
        connection.request("GET", part.probe, headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
