# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small door of its own process: `python -m tests.service.door PORT`."""

from __future__ import annotations

import asyncio
import sys

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sunporch.base.clock import SystemClock
from sunporch.service.serving import serve

CLOSING_SECONDS = 0.3


async def ready(request: Request) -> Response:
    return PlainTextResponse("ready\n")


async def never(request: Request) -> Response:
    await asyncio.Event().wait()
    return PlainTextResponse("never\n")


if __name__ == "__main__":

    def close() -> None:
        print("closing", flush=True)
        SystemClock().sleep(CLOSING_SECONDS)
        print("closed", flush=True)

    door = Starlette(routes=[Route("/readyz", ready), Route("/never", never)])
    serve(door, "127.0.0.1", int(sys.argv[1]), parent_pipe=True, close=close)
