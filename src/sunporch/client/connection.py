# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connections that end by a deadline for the whole exchange, and that can go through one SOCKS5 proxy.

httpx bounds each single read; a server that sends one byte every few seconds (slowloris) would hold a hub for
hours. Here every read and write is given only what is left of one deadline. SOCKS5 (RFC 1928) is spoken with names
resolved by the proxy, so that a hub behind Tor asks no resolver about the portal.
"""

from __future__ import annotations

import functools
import ipaddress
import ssl
import struct
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from sunporch.base.clock import SystemClock
from sunporch.client.errors import ADDRESS_REFUSED

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 20.0
MAX_CONNECTIONS = 8
KEEPALIVE_SECONDS = 30.0
WRITE_PIECE = 16_384
SOCKS_DEFAULT_PORT = 1080
# Waiting is real waiting: only `monotonic` is used, which the town clock never shifts.
_WALL = SystemClock()


class Deadline(threading.local):
    """When the exchange of the current thread must be over, in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._end = 0.0

    def start(self, seconds: float) -> float:
        """Begin an exchange that may last so many seconds; return its end, with which another thread goes on."""
        self._end = _WALL.monotonic() + seconds
        return self._end

    def go_on(self, end: float) -> None:
        """Go on in this thread with an exchange that another one began."""
        self._end = end

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one step may take; raise httpcore.ReadTimeout when none are left."""
        left = self._end - _WALL.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("no whole answer in time")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is bounded by the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_PIECE):
            self._inner.write(buffer[start : start + WRITE_PIECE], self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens connections, through the proxy if there is one."""

    def __init__(self, deadline: Deadline, proxy: tuple[str, int] | None) -> None:
        self._deadline = deadline
        self._proxy = proxy
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        target_host, target_port = self._proxy or (host, port)
        inner = self._plain.connect_tcp(
            target_host, target_port, self._deadline.left(timeout), local_address, socket_options
        )
        stream = _Stream(inner, self._deadline)
        if self._proxy is not None:
            try:
                _ask_proxy(stream, host, port)
            except BaseException:
                stream.close()
                raise
        return stream


def _ask_proxy(stream: httpcore.NetworkStream, host: str, port: int) -> None:
    """Ask a SOCKS5 proxy without authentication to connect (RFC 1928 sections 3-6)."""
    stream.write(b"\x05\x01\x00", CONNECT_SECONDS)
    if _read_exactly(stream, 2) != b"\x05\x00":
        raise httpcore.ProxyError("the proxy does not speak SOCKS5 without a password")
    try:
        address = ipaddress.ip_address(host)
        target = (b"\x01" if address.version == 4 else b"\x04") + address.packed
    except ValueError:
        name = host.encode("ascii")
        target = b"\x03" + bytes([len(name)]) + name
    stream.write(b"\x05\x01\x00" + target + struct.pack(">H", port), CONNECT_SECONDS)
    version, status, _, kind = _read_exactly(stream, 4)
    if version != 5 or status != 0:
        raise httpcore.ProxyError(f"the proxy could not connect (SOCKS5 reply {status})")
    length = {1: 4, 4: 16}.get(kind) or _read_exactly(stream, 1)[0]
    _read_exactly(stream, length + 2)


def _read_exactly(stream: httpcore.NetworkStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = stream.read(size - len(data), CONNECT_SECONDS)
        if not piece:
            raise httpcore.ProxyError("the proxy hung up")
        data += piece
    return data


class _Body(httpx.SyncByteStream):
    """The answer's bytes as they arrive."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once in a process, since reading them takes longer than many a call."""
    return httpx.create_ssl_context(trust_env=False)


class Transport(httpx.BaseTransport):
    """What carries requests: a bounded pool of bounded connections."""

    def __init__(self, deadline: Deadline, proxy: str) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=_Backend(deadline, _proxy_address(proxy)),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpcore's exceptions."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(_iterable(answer.stream)))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _iterable(stream: Any) -> Iterable[bytes]:
    """Narrow httpcore's union: a synchronous pool always answers with a synchronous stream."""
    if not isinstance(stream, Iterable):
        raise TypeError("httpcore's synchronous pool answered with an asynchronous stream")
    return stream


def _proxy_address(untrusted_proxy: str) -> tuple[str, int] | None:
    """Return host and port of `socks5h://host[:port]`, or None for no proxy; raises `client.address-refused`."""
    if not untrusted_proxy:
        return None
    try:
        parts = urlsplit(untrusted_proxy)
        port = parts.port or SOCKS_DEFAULT_PORT
    except ValueError as error:
        raise ADDRESS_REFUSED(address=untrusted_proxy, reason=str(error)) from error
    if parts.scheme != "socks5h" or not parts.hostname:
        raise ADDRESS_REFUSED(address=untrusted_proxy, reason="only socks5h:// proxies are used")
    return parts.hostname, port
