# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's addresses (spine, 6). Nothing about who asks is written anywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error, ErrorKind
from sunporch.custodian import errors as refused
from sunporch.custodian.keeper import Deposit, Keeper
from sunporch.custodian.limits import MOST_HALVES, MOST_OPENINGS, MOST_WITHDRAWALS, Limits

# A leaf of 8 KiB in base64 and a proof with a checkpoint of 64 signatures, and room to spare.
MOST_BODY = 256 * 2**10
BODY_SECONDS = 10
STATUS: dict[ErrorKind, int] = {
    refused.ACCESS_VOID: 403,
    refused.HALF_UNKNOWN: 404,
    refused.ACCESS_REPEATED: 409,
    refused.APPEAL_CLOSED: 409,
    refused.HALF_EXISTS: 409,
    refused.LEASE_ENDED: 410,
    refused.CALL_OVERSIZE: 413,
    refused.CLIP_MISMATCHED: 422,
    refused.EXPIRY_MISMATCHED: 422,
    refused.PROOF_REFUSED: 422,
    refused.WITHDRAWAL_REFUSED: 422,
    refused.CALLS_TOO_MANY: 429,
    refused.RECORD_UNREACHABLE: 503,
    refused.RECORD_STALE: 503,
    refused.KEY_UNENROLLED: 503,
    refused.TABLE_UNREADABLE: 503,
    refused.ROOTKEY_UNREADABLE: 503,
    refused.HALVES_EXHAUSTED: 507,
}
MALFORMED = 400


def site(keeper: Keeper, limits: Limits) -> Starlette:
    """Return the ASGI application."""

    async def put_half(request: HttpRequest) -> Response:
        limits.spend("half", _address(request), MOST_HALVES)
        call = await _call(request, "header", "salt", "sealed_sha256", "s_k", "d")
        half = from_base64(call["s_k"], "s_k")
        deposit = Deposit(
            request.path_params["c"], call["header"], call["salt"], call["sealed_sha256"], half, call["d"]
        )
        kept = await run_in_threadpool(keeper.take, deposit)
        return JSONResponse({"expires": kept.expires, "receipt": kept.receipt})

    async def access(request: HttpRequest) -> Response:
        limits.spend("access", _address(request), MOST_OPENINGS)
        call = await _call(request, "leaf", "proof")
        opened = await run_in_threadpool(keeper.give, from_base64(call["leaf"], "the leaf"), call["proof"])
        return JSONResponse({"half": to_base64(opened.half), "expires": opened.expires})

    async def withdraw(request: HttpRequest) -> Response:
        limits.spend("withdrawal", _address(request), MOST_WITHDRAWALS)
        call = await _call(request, "note")
        await run_in_threadpool(keeper.withdraw, call["note"])
        return JSONResponse({"withdrawn": 1})

    async def status(request: HttpRequest) -> Response:  # noqa: ARG001 - Starlette hands it over
        return JSONResponse(await run_in_threadpool(keeper.status))

    async def ready(request: HttpRequest) -> Response:  # noqa: ARG001 - Starlette hands it over
        if not keeper.ready():
            raise refused.RECORD_UNREACHABLE(reason="it was not read yet.")
        return PlainTextResponse("ready\n")

    async def healthy(request: HttpRequest) -> Response:  # noqa: ARG001 - Starlette hands it over
        return PlainTextResponse("healthy\n")

    # Any page may ask: there are no cookies and no accounts here, only what the record allows.
    cors = Middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST", "PUT"], allow_headers=["Content-Type"]
    )
    routes: list[tuple[str, Callable[[HttpRequest], Any], str]] = [
        ("/halves/{c:str}", put_half, "PUT"),
        ("/access", access, "POST"),
        ("/withdrawals", withdraw, "POST"),
        ("/status", status, "GET"),
        ("/readyz", ready, "GET"),
        ("/healthz", healthy, "GET"),
    ]
    return Starlette(
        routes=[Route(path, answer, methods=[method]) for path, answer, method in routes],
        middleware=[cors],
        exception_handlers={Error: _refuse},
    )


def _address(request: HttpRequest) -> str:
    return request.client.host if request.client is not None else ""


async def _call(request: HttpRequest, *names: str) -> dict[str, str]:
    """Return the JSON call with exactly these texts; raise `custodian.call-oversize` or `-malformed`."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BODY:
                    raise refused.CALL_OVERSIZE(most=MOST_BODY, seconds=BODY_SECONDS)
    except TimeoutError as error:
        raise refused.CALL_OVERSIZE(most=MOST_BODY, seconds=BODY_SECONDS) from error
    try:
        call = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise refused.CALL_MALFORMED(reason="it is not JSON") from error
    if not isinstance(call, dict) or set(call) != set(names) or not all(isinstance(v, str) for v in call.values()):
        raise refused.CALL_MALFORMED(reason=f"it is not exactly the texts {', '.join(names)}")
    return call


async def _refuse(request: HttpRequest, error: Exception) -> Response:  # noqa: ARG001 - Starlette hands it over
    if not isinstance(error, Error):
        raise error
    return JSONResponse({"error": error.as_json()}, STATUS.get(error.kind, MALFORMED))
