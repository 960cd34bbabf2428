# SPDX-License-Identifier: AGPL-3.0-or-later
"""Servers of other people, for tests: a mail server, a push service with a browser behind it, and a web hook."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import json
import os
import socketserver
import ssl
import sys
import threading
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import http_ece
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

WAIT_SECONDS = 60


def certificate(folder: Path) -> Path:
    """Make a certificate of this machine's own, signed by itself; return the file (PEM) of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.example")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    unsigned = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - day, now + day
    )
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
    made = unsigned.add_extension(here, critical=False).sign(key, SHA256())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "post.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return file


def spoken_with(certificate: Path) -> ssl.SSLContext:
    """Return what a server needs to speak TLS with this certificate."""
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(certificate)
    return secured


class MailServer:
    """An SMTP server (RFC 5321) on loopback. `refuses` is what it answers to a message instead of taking it.

    With a `certificate` it speaks TLS: from the first byte (`tls`), or after STARTTLS (RFC 3207), which it offers.
    `in_clear` are the lines that whoever stands between could read, `names` who signed in, with their password.
    """

    def __init__(self, port: int = 0, certificate: Path | None = None, *, tls: bool = False) -> None:
        self.in_clear: list[str] = []
        self.names: list[tuple[str, str]] = []
        secured = spoken_with(certificate) if certificate is not None else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        offers = ("AUTH PLAIN",)
        if certificate is not None:
            offers = offers if tls else ("AUTH PLAIN", "STARTTLS")
        self.mails: list[EmailMessage] = []
        self.asked = 0
        self.refuses = ""
        self.breaks_off = False
        self._arrived = threading.Condition()
        mail_server = self

        class Talk(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                self._sealed = tls
                if tls:
                    self.request = secured.wrap_socket(self.request, server_side=True)
                super().setup()

            def finish(self) -> None:
                super().finish()
                self.request.close()  # the server itself knows only the socket below TLS

            def handle(self) -> None:
                mail_server.asked += 1
                self._say("220 post.example ESMTP")
                while line := self.rfile.readline().strip().decode():
                    if not self._sealed:
                        mail_server.in_clear.append(line)
                    match line.split()[0].upper():
                        case "EHLO":
                            self._say("250-post.example")
                            for word in offers:
                                self._say(f"250-{word}")
                            self._say("250 HELP")
                        case "STARTTLS":
                            self._say("220 go on")
                            self.request = secured.wrap_socket(self.request, server_side=True)
                            self._sealed = True
                            super().setup()
                        case "AUTH":
                            _, name, password = base64.b64decode(line.split()[2]).decode().split("\0")
                            mail_server.names.append((name, password))
                            self._say("235 ok")
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

            def handle_error(self, request: object, client_address: object) -> None:
                if not isinstance(sys.exception(), OSError):  # who asked hung up: its own affair
                    super().handle_error(request, client_address)  # type: ignore[arg-type]

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


class WebServer:
    """An HTTP server on loopback that keeps every body posted to it, and answers `status`."""

    def __init__(self, status: int = 201) -> None:
        self.status = status
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        web_server = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                web_server.posted.append((self.path, headers, body))
                self.send_response(web_server.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.port = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class PushService(WebServer):
    """A push service (RFC 8030) and the browser that it serves: it opens each word as RFC 8291 says."""

    def __init__(self) -> None:
        super().__init__()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)

    def subscription(self, **changes: object) -> str:
        """Return what the browser gives the site."""
        keys = {"p256dh": _url64(_point(self._key.public_key())), "auth": _url64(self._secret)}
        given = {"endpoint": f"http://{self.host}/push/7?of=ana", "expirationTime": None, "keys": keys}
        return json.dumps(given | changes)

    def words(self) -> list[bytes]:
        """Return what the browser reads, each word after its seal was opened."""
        version = "aes128gcm"
        return [
            http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version=version)
            for _, _, body in self.posted
        ]

    def check_signed(self, site_key: str, now: float) -> None:
        """Every question carried a token for this service alone, signed by the site's key, for a day at most."""
        for _, headers, _ in self.posted:
            assert headers["content-encoding"] == "aes128gcm"
            assert refusal_of(headers, site_key, f"http://{self.host}", now) == ""


def refusal_of(headers: dict[str, str], site_key: str, origin: str, now: float) -> str:
    """Say why a push service at `origin` refuses a question that bears no good token of `site_key`, or ""."""
    fields = dict(part.strip().split("=", 1) for part in headers["authorization"].removeprefix("vapid ").split(","))
    text, _, signature = fields["t"].rpartition(".")
    raw = _from_url64(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _from_url64(site_key))
    try:
        point.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return "the token is signed by another key"
    claims = json.loads(_from_url64(text.partition(".")[2]))
    if fields["k"].rstrip("=") != site_key:
        return "the question names another key"
    if claims["aud"] != origin:
        return f"the token is for {claims['aud']}"
    return "" if now < claims["exp"] <= now + 86_400 else f"the token is good until {claims['exp']}"


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_url64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
