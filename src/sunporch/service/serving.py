# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serves a Starlette application by granian inside this one process, so that no worker can outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

import structlog
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette

from sunporch.base.clock import SystemClock
from sunporch.service.parent import end_with_pipe
from sunporch.service.port import check_port

BACKLOG = 128  # connections that wait, and calls in work
HEADER_TIMEOUT_MS = 5_000
STOP_SECONDS = 8  # for what is in work; whoever asks us to end waits 10 s
_LINE = structlog.processors.JSONRenderer(sort_keys=True)
# What granian has to say (errors only) goes the same way as our own lines; its default is standard output.
_GRANIAN_LOG = {
    "formatters": {"line": {"()": structlog.stdlib.ProcessorFormatter, "processor": _LINE}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}
# Ending is real waiting: the town clock of a demo does not concern it.
_WALL = SystemClock()


def serve(site: Starlette, host: str, port: int, *, parent_pipe: bool, close: Callable[[], None]) -> NoReturn:
    """Serve until SIGTERM, SIGINT, or (with `parent_pipe`) until standard input closes; then `close` and end.

    The process ends here: granian's threads outlive its server for a moment, and one of them in Python while the
    interpreter takes itself apart is fatal (SIGABRT, seen in one of ten ends on a busy machine).
    One JSON object per line goes to standard error, and nothing about who calls. Raises `service.port-taken`.
    """
    check_port(host, port)
    asyncio.run(_serve(site, host, port, parent_pipe))
    close()
    sys.stderr.flush()
    os._exit(0)


async def _serve(site: Starlette, host: str, port: int, parent_pipe: bool) -> None:
    log = _log_to_stderr()
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
        # What is in work is finished; a connection that its client keeps open must not keep the process alive.
        threading.Thread(target=_end_late, name="end-late", daemon=True).start()
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it so

    def stop_soon() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: a signal ended it a moment ago
            loop.call_soon_threadsafe(stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if parent_pipe:
        end_with_pipe(stop_soon)
    log.info("listening", host=host, port=port)
    await server.serve()
    log.info("stopped")


def _log_to_stderr() -> structlog.stdlib.BoundLogger:
    structlog.configure(
        processors=[structlog.processors.add_log_level, _LINE],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return structlog.stdlib.get_logger()


def _end_late() -> None:
    _WALL.sleep(STOP_SECONDS)
    os._exit(0)
