# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serves the co-signer by granian inside this one process, so that no worker can outlive it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading

import structlog
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette

from sunporch.witness.errors import PORT_TAKEN

BACKLOG = 128  # connections that wait, and requests in work
HEADER_TIMEOUT_MS = 5_000
_LINE = structlog.processors.JSONRenderer(sort_keys=True)
# What granian has to say (errors only) goes the same way as our own lines; its default is standard output.
_GRANIAN_LOG = {
    "formatters": {"line": {"()": structlog.stdlib.ProcessorFormatter, "processor": _LINE}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


def log_to_stderr() -> structlog.stdlib.BoundLogger:
    """Return a logger that writes one JSON object per line to standard error."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, _LINE],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return structlog.stdlib.get_logger()


def serve(site: Starlette, host: str, port: int, parent_pipe: bool) -> None:
    """Serve until SIGTERM, SIGINT, or (with `parent_pipe`) until standard input closes.

    Raises `witness.port-taken`.
    """
    _check_port(host, port)
    asyncio.run(_serve(site, host, port, parent_pipe))


def _check_port(host: str, port: int) -> None:
    """Raise `witness.port-taken`: granian would share the port silently (SO_REUSEPORT)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PORT_TAKEN(where=f"{host}:{port}", reason=str(error)) from error


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
        # What is in work is finished first; slow callers are cut off after `BODY_SECONDS` and `HEADER_TIMEOUT_MS`.
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it so

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if parent_pipe:

        def watch() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(stop)

        threading.Thread(target=watch, name="parent-pipe", daemon=True).start()
    log.info("listening", host=host, port=port)
    await server.serve()
    log.info("stopped")
