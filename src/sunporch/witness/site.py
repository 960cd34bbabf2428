# SPDX-License-Identifier: AGPL-3.0-or-later
"""The co-signer's three addresses. Nothing about who asks is written anywhere."""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ExceptionHandler

from sunporch.base.errors import Error
from sunporch.tlog.notes import MAX_NOTE
from sunporch.witness.cosigner import Conflict, Cosigner
from sunporch.witness.errors import (
    BODY_LATE,
    BODY_OVERSIZED,
    LOG_UNSIGNED,
    ORIGIN_UNKNOWN,
    PROOF_WRONG,
    REQUEST_MALFORMED,
    ROOT_SECOND,
    SIZE_REFUSED,
)

MAX_BODY = MAX_NOTE + 4096  # bytes: a checkpoint and 63 lines of proof
BODY_SECONDS = 5
SIZE_MEDIA_TYPE = "text/x.tlog.size"
STATUS = {
    REQUEST_MALFORMED: 400,
    SIZE_REFUSED: 400,
    LOG_UNSIGNED: 403,
    ORIGIN_UNKNOWN: 404,
    BODY_LATE: 408,
    BODY_OVERSIZED: 413,
    PROOF_WRONG: 422,
    ROOT_SECOND: 422,
}
CANNOT_ANSWER = 503


def site(cosigner: Cosigner) -> Starlette:
    """Return the ASGI application."""

    async def add_checkpoint(request: HttpRequest) -> Response:
        body = await _body(request)
        answer = await run_in_threadpool(cosigner.add_checkpoint, body)
        if isinstance(answer, Conflict):
            return Response(f"{answer.size}\n", 409, headers={"Content-Type": SIZE_MEDIA_TYPE})
        return PlainTextResponse(answer)

    async def ready(request: HttpRequest) -> Response:  # noqa: ARG001 - Starlette hands it over
        await run_in_threadpool(cosigner.ready)
        return PlainTextResponse("ready\n")

    async def healthy(request: HttpRequest) -> Response:  # noqa: ARG001 - Starlette hands it over
        return PlainTextResponse("healthy\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/readyz", ready),
            Route("/healthz", healthy),
        ],
        # Starlette's type wants a handler of any Exception; this one is registered for ours alone.
        exception_handlers={Error: cast("ExceptionHandler", _refuse)},
    )


async def _body(request: HttpRequest) -> bytes:
    """Return the body; raise `witness.body-oversized` or `witness.body-late` before it costs anything."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise BODY_OVERSIZED(most=MAX_BODY)
    except TimeoutError as error:
        raise BODY_LATE(seconds=BODY_SECONDS) from error
    return bytes(body)


async def _refuse(request: HttpRequest, error: Error) -> Response:  # noqa: ARG001 - Starlette hands it over
    return JSONResponse({"error": error.as_json()}, STATUS.get(error.kind, CANNOT_ANSWER))
