# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serves the custodian by granian inside this one process, so that no worker can outlive it, and keeps it at work."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

import structlog
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette

from sunporch.base.clock import SystemClock
from sunporch.custodian.errors import PORT_TAKEN

BACKLOG = 128  # connections that wait, and calls in work
HEADER_TIMEOUT_MS = 10_000
STOP_SECONDS = 5
_STANDARD_INPUT = 0
_LINE = structlog.processors.JSONRenderer(sort_keys=True)
# What granian has to say (errors only) goes the same way as our own lines; its default is standard output.
_GRANIAN_LOG = {
    "formatters": {"line": {"()": structlog.stdlib.ProcessorFormatter, "processor": _LINE}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}
# Waiting between two looks, and ending, are real waiting: the town clock of a demo does not concern them.
_WALL = SystemClock()


def log_to_stderr() -> structlog.stdlib.BoundLogger:
    """Return a logger that writes one JSON object per line to standard error."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, _LINE],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return structlog.stdlib.get_logger()


class Work:
    """Calls `tick` every so many seconds from a thread of its own, until `stop`.

    A failure that `tick` did not foresee ends the process: a custodian that no longer destroys must not go on
    answering.
    """

    def __init__(self, tick: Callable[[], None], seconds: float) -> None:
        self._tick, self._seconds = tick, seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="keeper", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        try:
            while not self._stopping.is_set():
                self._tick()
                self._stopping.wait(self._seconds)
        finally:
            if not self._stopping.is_set():
                os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Begin no further tick; what is under way is abandoned with the process, as in a crash."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)


def check_port(host: str, port: int) -> None:
    """Raise `custodian.port-taken`: granian would share the port silently (SO_REUSEPORT)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PORT_TAKEN(where=f"{host}:{port}", reason=str(error)) from error


def serve(site: Starlette, host: str, port: int, *, parent_pipe: bool) -> None:
    """Serve until SIGTERM, SIGINT, or (with `parent_pipe`) until standard input closes."""
    asyncio.run(_serve(site, host, port, parent_pipe))


async def _serve(site: Starlette, host: str, port: int, parent_pipe: bool) -> None:
    log = log_to_stderr()
    server = Server(
        site,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=_GRANIAN_LOG,
        log_access=False,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # A connection that its client keeps open must not keep the process alive.
        threading.Thread(target=_end_late, daemon=True).start()
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it so

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if parent_pipe:

        def watch() -> None:
            # Not through sys.stdin: a thread inside its buffer would be fatal to the interpreter's own end.
            while os.read(_STANDARD_INPUT, 4096):
                pass  # nobody says anything; only the end matters
            loop.call_soon_threadsafe(stop)

        threading.Thread(target=watch, name="parent-pipe", daemon=True).start()
    log.info("listening", host=host, port=port)
    await server.serve()
    log.info("stopped")


def _end_late() -> None:
    _WALL.sleep(STOP_SECONDS)
    os._exit(0)
