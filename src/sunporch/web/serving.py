# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serves a site by granian: WSGI, one worker process with threads, so that limits in memory count for everyone."""

from __future__ import annotations

import os
import signal
import threading

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import MPServer

from sunporch.base.clock import SystemClock
from sunporch.service.parent import end_with_pipe
from sunporch.service.port import check_port

THREADS = 32
BACKLOG = 256
# A caller that takes longer to send its headers is cut off (milliseconds): slow senders must not hold the threads.
HEADER_TIMEOUT_MS = 20_000
STOP_SECONDS = 8
_PARENT_POLL_SECONDS = 0.2
_WALL = SystemClock()


def serve(target: str, host: str, port: int, *, parent_pipe: bool) -> None:
    """Serve the WSGI application named `module:name` until SIGTERM; raises `service.port-taken`.

    With `parent_pipe` also until standard input closes: whoever started this process died.
    No access log is written: who asked for what is nobody's business, ours included.
    """
    check_port(host, port)
    if parent_pipe:
        end_with_pipe(lambda: os.kill(os.getpid(), signal.SIGTERM))
    server = MPServer(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        log_access=False,
        log_enabled=False,
        websockets=False,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve()


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone.

    granian's worker calls this: a killed master would leave it alive and answering. Its standard input is closed by
    `multiprocessing`, so it watches who its parent is instead of a pipe.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            _WALL.sleep(_PARENT_POLL_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
