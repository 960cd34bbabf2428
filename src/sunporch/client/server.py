# SPDX-License-Identifier: AGPL-3.0-or-later
"""One server and how it is asked: no redirects, no cookies, one fixed set of headers, bounded time and size.

Nothing that is sent tells one hub from another: the User-Agent carries no version, environment proxies and
`.netrc` are not read, cookies are never stored, and every question is spelled the same way.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import IO, Any

import httpcore
import httpx

from sunporch.client.connection import CONNECT_SECONDS, IDLE_SECONDS, Deadline, Transport
from sunporch.client.errors import (
    ADDRESS_REFUSED,
    ANSWER_MALFORMED,
    ANSWER_OVERSIZE,
    ANSWER_REFUSED,
    SERVER_UNREACHABLE,
)
from sunporch.docket.fields import UNSHOWN

USER_AGENT = "sunporch"
ANSWER_SECONDS = 60.0
TRANSFER_SECONDS = 900.0
MAX_ANSWER = 2 * 2**20
MAX_REFUSAL = 64 * 2**10
MAX_SAID = 2_000
READ_PIECE = 64 * 2**10
MAX_PORT = 65_535

_UNREACHABLE = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProxyError,
    httpcore.ConnectionNotAvailable,
)
# A server that falls while it answers: the libraries call that a breach of the protocol, and say it in words only.
_HUNG_UP = ("Server disconnected without sending", "peer closed connection without sending")
_MALFORMED = (httpcore.ProtocolError, httpx.ProtocolError, httpx.DecodingError, httpcore.UnsupportedProtocol)

type Json = Any
type Content = bytes | Iterable[bytes]
type Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """A whole answer: HTTP status, media type without parameters, bytes."""

    status: int
    media_type: str
    body: bytes

    def json(self, where: str) -> Json:
        """Return the body as JSON, or raise `client.answer-malformed`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ANSWER_MALFORMED(where=where, reason="it is not JSON") from error


class Server:
    """One base address; `proxy` is empty or `socks5h://host:port`. Safe to use from several threads."""

    def __init__(self, base_url: str, proxy: str = "") -> None:
        try:
            url = httpx.URL(base_url)
        except httpx.InvalidURL as error:
            raise ADDRESS_REFUSED(address=base_url, reason=str(error)) from error
        plain = not (url.userinfo or url.query or url.fragment) and (url.port or 1) <= MAX_PORT
        if url.scheme not in ("http", "https") or not url.host or not plain:
            raise ADDRESS_REFUSED(address=base_url, reason="it is not a plain web address")
        self.base_url = str(url).rstrip("/")
        self._deadline = Deadline()
        self._client = httpx.Client(
            transport=Transport(self._deadline, proxy),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(IDLE_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Json = None,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
        seconds: float = ANSWER_SECONDS,
        accepted: tuple[int, ...] = (),
    ) -> Answer:
        """Return a whole answer of at most `limit` bytes that arrived within `seconds`.

        A status outside 200-299 and `accepted` raises `client.answer-refused`, whose `params["error"]` is the
        server's own error; other failures raise `client.server-unreachable`, `-oversize` or `-malformed`.
        """
        where = f"{method} {self.base_url}{path}"
        self._deadline.start(seconds)
        with _named(where), self._send(method, path, json, content, headers) as response:
            if response.is_success or response.status_code in accepted:
                body = b"".join(_pieces(response, limit, where))
                return Answer(response.status_code, _media_type(response), body)
            body = b"".join(_pieces(response, MAX_REFUSAL, where))
        raise _refusal(where, response.status_code, body)

    def ask_json(self, method: str, path: str, **request: Any) -> Json:
        """Return the JSON of an answer; raises as `ask` does."""
        return self.ask(method, path, **request).json(f"{method} {self.base_url}{path}")

    def download(self, path: str, sink: IO[bytes], *, limit: int, headers: Mapping[str, str] | None = None) -> int:
        """Write the answer to `sink` piece by piece and return its size in bytes; raises as `ask` does."""
        where = f"GET {self.base_url}{path}"
        self._deadline.start(TRANSFER_SECONDS)
        with _named(where), self._send("GET", path, None, None, headers) as response:
            if response.is_success:
                return sum(sink.write(piece) for piece in _pieces(response, limit, where))
            body = b"".join(_pieces(response, MAX_REFUSAL, where))
        raise _refusal(where, response.status_code, body)

    def relay(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[int, Headers, Generator[bytes]]:
        """Return an answer's status, whatever it is, its headers, and its bytes as they come, for any thread to take.

        Raises as `ask`, also while the bytes come. Whoever wants no more of them closes the generator.
        """
        where = f"{method} {self.base_url}{path}"
        end = self._deadline.start(TRANSFER_SECONDS)
        with ExitStack() as opened:
            opened.enter_context(_named(where))
            response = opened.enter_context(self._send(method, path, None, content, headers))
            found = tuple((name.lower(), value) for name, value in response.headers.multi_items())
            return response.status_code, found, self._rest(opened.pop_all(), end, _pieces(response, limit, where))

    def _rest(self, opened: ExitStack, end: float, pieces: Iterator[bytes]) -> Generator[bytes]:
        with opened:
            while True:
                self._deadline.go_on(end)  # each piece may be asked for by another thread
                piece = next(pieces, b"")
                if not piece:
                    return
                yield piece

    def _send(
        self, method: str, path: str, json: Json, content: Content | None, headers: Mapping[str, str] | None
    ) -> Any:
        return self._client.stream(
            method, self.base_url + path, json=json, content=content, headers=dict(headers or {})
        )


class _named:  # noqa: N801 - reads as a word where it is used
    """Turns the libraries' exceptions into errors of this room."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _UNREACHABLE) or (isinstance(error, _MALFORMED) and str(error).startswith(_HUNG_UP)):
            raise SERVER_UNREACHABLE(
                where=self._where, reason=printable(str(error)) or type(error).__name__
            ) from error
        if isinstance(error, _MALFORMED):
            raise ANSWER_MALFORMED(where=self._where, reason=printable(str(error))) from error


def _pieces(response: httpx.Response, limit: int, where: str) -> Iterator[bytes]:
    """Yield the answer's raw bytes; a packed answer is refused, so that no small answer can grow large."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ANSWER_MALFORMED(where=where, reason="it is packed although it was asked for as it is")
    size = 0
    for piece in response.iter_raw(READ_PIECE):
        size += len(piece)
        if size > limit:
            raise ANSWER_OVERSIZE(where=where, limit=limit)
        yield piece


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).split(";")[0].strip().lower()


def _refusal(where: str, status: int, untrusted_body: bytes) -> Exception:
    """Return `client.answer-refused` with the server's own error, or with a plain one where it gave none."""
    error = _server_error(untrusted_body) or {
        "id": f"http.status-{status}",
        "what": f"{http.client.responses.get(status, 'Unknown status')}.",
        "where": "",
        "next": "Try again later; if it stays so, tell the server's operator.",
    }
    said = f"{error['what']} [{error['id']}]"
    return ANSWER_REFUSED(where=where, status=status, said=said, advice=error["next"], error=error)


def _server_error(untrusted_body: bytes) -> dict[str, Any] | None:
    """Return `{"id","what","where","next", "clauses"?}` from a refusal's body, made safe to print, or None."""
    try:
        error = json.loads(untrusted_body)["error"]
        found: dict[str, Any] = {name: printable(error[name]) for name in ("id", "what", "where", "next")}
        if "clauses" in error:
            found["clauses"] = [
                {name: printable(clause[name]) for name in ("id", "cite", "sentence")} for clause in error["clauses"]
            ]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return found


def printable(untrusted_text: str) -> str:
    """Return the text without control characters (they could rewrite a terminal), at most 2,000 characters."""
    if not isinstance(untrusted_text, str):
        raise TypeError("not text")
    return UNSHOWN.sub(" ", untrusted_text[:MAX_SAID])
