# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site's own processes under one parent: started together, watched, restarted three times, ended together.

The parent forks each child from itself: what it has imported before, they neither read again nor hold twice. It has
no thread and no open database, because neither may cross a fork (sqlite.org/howtocorrupt.html, 2.6).
Each child holds the read end of a pipe on its standard input. When the parent dies, however it dies, the pipe
closes and the child ends itself (`service.parent`). The parent does the same with its own standard input when it is
run with `--parent-pipe`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import FrameType

from django.db import connections

from sunporch.base import durable
from sunporch.base.clock import SystemClock
from sunporch.base.errors import Error
from sunporch.service.parent import STANDARD_INPUT, pipe_closes
from sunporch.web.errors import CHILD_STOPPED

MAX_RESTARTS = 3
STOP_SECONDS = 10
POLL_SECONDS = 0.1
FAILED = 1
_ENDS = (signal.SIGTERM, signal.SIGINT)
_FORK = multiprocessing.get_context("fork")
# Watching processes is real waiting: the town clock of a demo does not concern it.
_WALL = SystemClock()


@dataclass(frozen=True)
class Child:
    """One process of a site: its name, and what it does until it is told to end; that returns the exit code."""

    name: str
    work: Callable[[], int]


class Family:
    """The children of one site, and the file that names their process ids."""

    def __init__(self, children: Sequence[Child], pids_file: Path, *, parent_pipe: bool) -> None:
        self._children = list(children)
        self._pids_file = pids_file
        self._parent_pipe = parent_pipe
        self._running: dict[str, ForkProcess] = {}
        self._pipes: dict[str, int] = {}
        self._ended: dict[str, int] = {child.name: 0 for child in children}
        self._stopping = False

    def run(self) -> None:
        """Start all, restart whoever ends, until `stop` is called; raise `web.child-stopped` after three restarts."""
        try:
            for child in self._children:
                self._start(child)
            while not self._told_to_stop():
                for child in self._children:
                    if not self._running[child.name].is_alive():
                        self._revive(child)
        finally:
            self._end_all()

    def stop(self) -> None:
        """Ask `run` to end all children and return."""
        self._stopping = True

    def _told_to_stop(self) -> bool:
        """Wait a moment for it."""
        if self._parent_pipe:
            return pipe_closes(POLL_SECONDS) or self._stopping
        _WALL.sleep(POLL_SECONDS)
        return self._stopping

    def _start(self, child: Child) -> None:
        connections.close_all()
        end, self._pipes[child.name] = os.pipe()
        process = _FORK.Process(target=_live, args=(child, end, list(self._pipes.values())), name=child.name)
        with _signals_wait():
            process.start()
        os.close(end)
        self._running[child.name] = process
        self._write_pids()

    def _revive(self, child: Child) -> None:
        self._ended[child.name] += 1
        self._bury(child.name)
        if self._ended[child.name] > MAX_RESTARTS:
            raise CHILD_STOPPED(where=child.name, child=child.name, times=self._ended[child.name])
        self._start(child)

    def _write_pids(self) -> None:
        pids = {"run": os.getpid()} | {name: process.pid for name, process in self._running.items()}
        durable.write(self._pids_file, json.dumps(pids).encode())

    def _end_all(self) -> None:
        for process in reversed(self._running.values()):
            process.terminate()
        end = _WALL.monotonic() + STOP_SECONDS
        for name, process in list(self._running.items()):
            while process.is_alive() and _WALL.monotonic() < end:
                _WALL.sleep(POLL_SECONDS)
            self._bury(name)
        self._pids_file.unlink(missing_ok=True)

    def _bury(self, name: str) -> None:
        """Kill what is left of a child's process group and reap it."""
        process = self._running.pop(name)
        process.kill()
        if process.pid is not None:
            with contextlib.suppress(ProcessLookupError):  # all of it may have ended already
                os.killpg(process.pid, signal.SIGKILL)
        process.join()
        process.close()
        os.close(self._pipes.pop(name))


def _live(child: Child, end: int, pipes: Sequence[int]) -> None:
    """Be a child: hold no pipe of a sister's, stand under no handler of the parent's, and do the work."""
    os.setpgid(0, 0)  # a group of its own, so that whatever it starts can be ended with it
    os.dup2(end, STANDARD_INPUT)
    for pipe in (end, *pipes):
        os.close(pipe)
    for number in _ENDS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    try:
        code = child.work()
    except Error as error:
        print(error, file=sys.stderr)  # noqa: T201  # the process's own log
        code = FAILED
    sys.exit(code)


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Let a signal to end come after a fork: a child that still has its parent's handler would not hear it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_by_signal(then: Callable[[], None]) -> None:
    """Call `then` on SIGTERM and SIGINT."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        then()

    for number in _ENDS:
        signal.signal(number, handle)


def run_family(children: Sequence[Child], pids_file: Path, *, parent_pipe: bool) -> None:
    """Run a site's processes until a signal, or until the parent's pipe closes; raise `web.child-stopped`.

    What is imported before need not be read again by any of them, but must not have started a thread.
    """
    gc.freeze()  # or the first collection of each child would copy what they share
    family = Family(children, pids_file, parent_pipe=parent_pipe)
    end_by_signal(family.stop)
    family.run()
