# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer on the officer's own machine: its scripts from this release, everything else from the portal.

A portal that serves a bad viewer is stopped here: no script but those of the installed package can run, wherever the
portal's pages point. What such a portal can still do is lie in words; what is signed, the page's own module shows.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Generator
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sunporch.base.errors import Error
from sunporch.client import Relay, Relayed
from sunporch.clip.header import MAX_SEALED
from sunporch.desk.errors import CALL_OVERSIZE, CALLER_FOREIGN
from sunporch.web.viewer_files import ADDRESS, type_of, viewer_files

MAX_CALL = 1 << 20  # bytes of a question: an entry with its texts
FIRST_PAGE = "/work/clips/"
METHODS = ["GET", "HEAD", "POST", "PUT"]
FOREIGN, OVERSIZE, UNREACHABLE = 403, 413, 502

_ASKED = ("accept", "accept-language", "content-type", "cookie", "if-none-match", "if-range", "range", "x-csrftoken")
_ANSWERED = (
    *("content-type", "content-language", "content-range", "accept-ranges", "cache-control", "etag", "vary"),
    *("content-length", "repr-digest", "set-cookie", "retry-after", "allow", "content-disposition"),
)
_SOURCE = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")


def site(relay: Relay, port: int) -> Starlette:
    """Return the ASGI application for `http://localhost:<port>`."""
    own = viewer_files()
    names = (f"localhost:{port}", f"127.0.0.1:{port}")

    async def start(request: Request) -> Response:
        _check_caller(request, names)
        return RedirectResponse(FIRST_PAGE)

    async def file(request: Request) -> Response:
        _check_caller(request, names)
        path = request.path_params["path"]
        if path not in own:
            return PlainTextResponse("This release has no such file, and the portal's is not served here.\n", 404)
        return Response(own[path], headers=_hardened(request), media_type=type_of(path))

    async def nothing(request: Request) -> Response:
        _check_caller(request, names)
        return PlainTextResponse("Only the files of this release are served here.\n", 404)

    async def page(request: Request) -> Response:
        _check_caller(request, names)
        content = await _body(request)
        return await run_in_threadpool(_relayed, relay, request, content)

    routes = [
        Route("/", start),
        Route(ADDRESS + "{path:path}", file),
        Route("/static/{path:path}", nothing),
        Route("/{path:path}", page, methods=METHODS),
    ]
    return Starlette(routes=routes, exception_handlers={Error: _refuse})


def _check_caller(request: Request, names: tuple[str, ...]) -> None:
    """Raise `desk.caller-foreign` unless this machine's own browser asks, from a page of this very address.

    A page elsewhere could otherwise send forms here with the officer's cookie, or rebind its name to this machine.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin", "")
    address = f"http://{names[0]}"
    if host not in names:
        raise CALLER_FOREIGN(where=host[:128], reason="the name is not this machine's", address=address)
    if origin and origin != f"http://{host}":
        raise CALLER_FOREIGN(where=origin[:128], reason="it comes from another site", address=address)


async def _body(request: Request) -> bytes | None:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > MAX_CALL:
            raise CALL_OVERSIZE(most=MAX_CALL)
    return bytes(found) or None


def _relayed(relay: Relay, request: Request, content: bytes | None) -> Response:
    """Ask the portal, and answer as it did, but without anything that it might want a browser to run."""
    headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
    if request.method not in ("GET", "HEAD"):
        # The portal knows its own address only; that the caller is our own page was checked before.
        headers |= {"origin": _origin(relay.base_url), "referer": relay.base_url + request.url.path}
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    answer, pieces = relay.ask(request.method, path, limit=MAX_SEALED, headers=headers, content=content)
    made = StreamingResponse(_passed(pieces), answer.status, _hardened(request, answer))
    for name in _ANSWERED:
        for value in answer.all(name):
            made.headers.append(name, value)
    if "javascript" in made.headers.get("content-type", "").lower():
        made.headers["content-type"] = "text/plain; charset=utf-8"
    for value in answer.all("location"):
        made.headers["location"] = value.removeprefix(_origin(relay.base_url))
    return made


async def _passed(pieces: Generator[bytes]) -> AsyncIterator[bytes]:
    """Pass an answer on as it comes, as fast as the browser takes it; where that leaves, the portal is left too."""
    lock = threading.Lock()

    def take() -> bytes:
        with lock:
            return next(pieces, b"")

    def leave() -> None:
        with lock:  # a thread may still wait for the portal
            pieces.close()

    try:
        while piece := await run_in_threadpool(take):
            yield piece
    finally:
        asyncio.get_running_loop().run_in_executor(None, leave)


def _hardened(request: Request, answer: Relayed | None = None) -> dict[str, str]:
    """Return the headers that stand on every answer: scripts and styles are this release's, whoever made the page."""
    here = f"http://{request.headers['host']}"
    policy = {
        "default-src": "'none'",
        "script-src": f"{here}{ADDRESS}js/",
        "style-src": f"{here}{ADDRESS}",
        "img-src": "'self' data: blob:",
        "media-src": "blob:",
        "connect-src": " ".join(("'self'", *_custodians(answer))),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # with none at all, a browser would say `null` for where a form comes from
    }


def _custodians(answer: Relayed | None) -> list[str]:
    """Return the key custodians that the portal's page may ask; only this release's own modules can ask them."""
    found = []
    for policy in answer.all("content-security-policy") if answer is not None else ():
        for directive in policy.split(";"):
            name, *sources = directive.split() or [""]
            if name == "connect-src":
                found += [source for source in sources if _SOURCE.fullmatch(source)]
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette hands it over
    if not isinstance(error, Error):
        raise error
    status = {CALLER_FOREIGN: FOREIGN, CALL_OVERSIZE: OVERSIZE}.get(error.kind, UNREACHABLE)
    return PlainTextResponse(f"{error.what}\n{error.next}\n{error.id}\n", status)
