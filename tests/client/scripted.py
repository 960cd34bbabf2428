# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server that says exactly the bytes it was told to say, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

type Script = Callable[[socket.socket, bytes], None]


def answer(status: str, body: bytes = b"", *headers: str) -> Script:
    """Answer one request and hang up."""

    def say(connection: socket.socket, asked: bytes) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        connection.sendall("\r\n".join(head).encode() + body)

    return say


class Scripted:
    """A listening server; `asked` holds the bytes of each request, `url` its address."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.asked.append(b"")
                self.asked[-1] = read_request(connection)
                script(connection, self.asked[-1])

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def read_request(connection: socket.socket) -> bytes:
    """Return head and body of one request (Content-Length or chunked)."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def scripted(*scripts: Script) -> Iterator[Scripted]:
    server = Scripted(*scripts)
    try:
        yield server
    finally:
        server.close()
