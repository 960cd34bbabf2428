# SPDX-License-Identifier: AGPL-3.0-or-later
"""A SOCKS5 proxy (RFC 1928) that writes down every byte that leaves through it."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading


class Capture:
    """One proxy; `sent` holds, per connection in order, the bytes that the client sent after the handshake."""

    def __init__(self) -> None:
        self.sent: list[bytearray] = []
        self.targets: list[tuple[str, int]] = []
        self._lock = threading.Lock()
        capture = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                capture.serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, client: socket.socket) -> None:
        _exactly(client, 1 + _exactly(client, 2)[1] - 1)
        client.sendall(b"\x05\x00")
        kind = _exactly(client, 4)[3]
        host = (
            socket.inet_ntoa(_exactly(client, 4)) if kind == 1 else _exactly(client, _exactly(client, 1)[0]).decode()
        )
        (port,) = struct.unpack(">H", _exactly(client, 2))
        with socket.create_connection((host, port)) as server:
            client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
            with self._lock:
                taken = bytearray()
                self.sent.append(taken)
                self.targets.append((host, port))
            back = threading.Thread(target=_pump, args=(server, client, None), daemon=True)
            back.start()
            _pump(client, server, taken)
            back.join()


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = source.recv(size - len(data))
        if not piece:
            raise ConnectionError("hung up during the handshake")
        data += piece
    return data


def _pump(source: socket.socket, sink: socket.socket, taken: bytearray | None) -> None:
    with contextlib.suppress(OSError):  # either side may hang up
        while data := source.recv(65_536):
            if taken is not None:
                taken += data
            sink.sendall(data)
    with contextlib.suppress(OSError):  # it may be gone already
        sink.shutdown(socket.SHUT_WR)
