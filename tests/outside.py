# SPDX-License-Identifier: AGPL-3.0-or-later
"""Servers of other people, for tests: a mail server that keeps what it is given, or refuses, or says nothing."""

from __future__ import annotations

import socketserver
import threading
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

WAIT_SECONDS = 60


class MailServer:
    """An SMTP server (RFC 5321) on loopback. `refuses` is what it answers to a message instead of taking it."""

    def __init__(self, port: int = 0) -> None:
        self.mails: list[EmailMessage] = []
        self.asked = 0
        self.refuses = ""
        self.breaks_off = False
        self._arrived = threading.Condition()
        mail_server = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                mail_server.asked += 1
                self._say("220 post.example ESMTP")
                while line := self.rfile.readline().strip().decode():
                    match line.split()[0].upper():
                        case "DATA":
                            self._data()
                        case "QUIT":
                            self._say("221 bye")
                            return
                        case _:
                            self._say("250 ok")

            def _data(self) -> None:
                self._say("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.removeprefix(b"."))
                if mail_server.refuses:
                    self._say(mail_server.refuses)
                    return
                mail_server._take(b"".join(lines))
                if mail_server.breaks_off:  # it was taken, and whoever sent it never learns so
                    self.connection.close()
                else:
                    self._say("250 taken")

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Talk)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def _take(self, data: bytes) -> None:
        with self._arrived:
            self.mails.append(message_from_bytes(data, policy=default))
            self._arrived.notify_all()

    def wait_for(self, count: int) -> list[EmailMessage]:
        """Return the mails once there are so many."""
        end = time.monotonic() + WAIT_SECONDS
        with self._arrived:
            while len(self.mails) < count:
                left = end - time.monotonic()
                assert left > 0, f"{len(self.mails)} of {count} mails came"
                self._arrived.wait(left)
            return list(self.mails)

    def settings(self) -> dict[str, object]:
        """Return the settings of a site that sends its mail here."""
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_security": "none",
            "smtp_from": "portal@maple.example",
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
