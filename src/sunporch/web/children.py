# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site's own processes under one parent: started together, watched, restarted three times, ended together.

Each child holds the read end of a pipe on its standard input. When the parent dies, however it dies, the pipe
closes and the child ends itself (`service.parent`). The parent does the same with its own standard input when it is
run with `--parent-pipe`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sunporch.base import durable
from sunporch.base.clock import SystemClock
from sunporch.base.errors import Error
from sunporch.service.parent import end_with_pipe
from sunporch.web.errors import CHILD_STOPPED

MAX_RESTARTS = 3
STOP_SECONDS = 10
POLL_SECONDS = 0.1
# Watching processes is real waiting: the town clock of a demo does not concern it.
_WALL = SystemClock()


@dataclass(frozen=True)
class Child:
    """One process of a site: its name and its whole command line."""

    name: str
    command: tuple[str, ...]


class Family:
    """The children of one site, and the file that names their process ids."""

    def __init__(self, children: Sequence[Child], pids_file: Path) -> None:
        self._children = list(children)
        self._pids_file = pids_file
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, int] = {child.name: 0 for child in children}
        self._stopping = threading.Event()

    def run(self) -> None:
        """Start all, restart whoever ends, until `stop` is called; raise `web.child-stopped` after three restarts."""
        try:
            for child in self._children:
                self._start(child)
            while not self._stopping.wait(POLL_SECONDS):
                for child in self._children:
                    if self._running[child.name].poll() is not None:
                        self._revive(child)
        finally:
            self._end_all()

    def stop(self) -> None:
        """Ask `run` to end all children and return."""
        self._stopping.set()

    def _start(self, child: Child) -> None:
        # Its own session, so that whatever the child starts can be ended with it.
        self._running[child.name] = subprocess.Popen(  # noqa: S603  # our own command lines
            child.command, stdin=subprocess.PIPE, start_new_session=True
        )
        self._write_pids()

    def _revive(self, child: Child) -> None:
        self._ended[child.name] += 1
        _end_session(self._running[child.name])
        if self._ended[child.name] > MAX_RESTARTS:
            raise CHILD_STOPPED(where=child.name, child=child.name, times=self._ended[child.name])
        self._start(child)

    def _write_pids(self) -> None:
        pids = {"run": os.getpid()} | {name: process.pid for name, process in self._running.items()}
        durable.write(self._pids_file, json.dumps(pids).encode())

    def _end_all(self) -> None:
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.terminate()
        end = _WALL.monotonic() + STOP_SECONDS
        for process in self._running.values():
            while process.poll() is None and _WALL.monotonic() < end:
                _WALL.sleep(POLL_SECONDS)
            _end_session(process)
        self._pids_file.unlink(missing_ok=True)


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the child's process group and reap it."""
    with contextlib.suppress(ProcessLookupError):  # all of it may have ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def end_by_signal(then: Callable[[], None]) -> None:
    """Call `then` on SIGTERM and SIGINT."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        then()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def run_family(children: Sequence[Child], pids_file: Path, *, parent_pipe: bool) -> Error | None:
    """Run a site's processes until a signal, or until the parent's pipe closes; return the error that ended it."""
    family = Family(children, pids_file)
    end_by_signal(family.stop)
    if parent_pipe:
        end_with_pipe(family.stop)
    try:
        family.run()
    except Error as error:
        return error
    return None
