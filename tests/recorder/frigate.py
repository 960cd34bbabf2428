# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Frigate as its API is described, without our code: a login by cookie, and its settings as JSON."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.outside import spoken_with

LOGIN = {"user": "ana", "password": "right"}


class Frigate:
    """Answers on loopback; `streams` is what it passes on, `config` replaces its settings, `open` wants no login.

    With a `certificate` it speaks TLS.
    """

    def __init__(
        self, *streams: str, open: bool = False, config: bytes = b"", certificate: Path | None = None
    ) -> None:
        told = {
            "cameras": {},
            "detect": {"fps": 5.5},
            "go2rtc": {"streams": {name: ["rtsp://x/1"] for name in streams}},
        }
        config = config or json.dumps(told).encode()

        class Asked(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                login = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                right = (self.path, login) == ("/api/login", LOGIN)
                self._tell(200 if right else 401, b"{}", "frigate_token=t0; HttpOnly; Path=/" if right else "")

            def do_GET(self) -> None:
                known = open or self.headers["Cookie"] == "frigate_token=t0"
                found = self.path == "/api/config"
                self._tell(404 if not found else 200 if known else 401, config if known and found else b"")

            def _tell(self, status: int, body: bytes, cookie: str = "") -> None:
                self.send_response(status)
                if cookie:
                    self.send_header("Set-Cookie", cookie)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._site = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self._site.daemon_threads = True
        if certificate is not None:
            self._site.socket = spoken_with(certificate).wrap_socket(self._site.socket, server_side=True)
        self.address = f"http{'s' if certificate else ''}://127.0.0.1:{self._site.server_port}"
        self._thread = threading.Thread(target=self._site.serve_forever, daemon=True)

    def __enter__(self) -> Frigate:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._site.shutdown()
        self._site.server_close()
