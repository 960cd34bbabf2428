# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that speaks ONVIF, by the standard and without our code; a test lets it lie.

It names itself by another address than the one under which it is reached, as cameras behind a router do.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.outside import spoken_with

OWN = "192.168.77.77"
NAMED = "onvif://www.onvif.org/name/Front_Door%20One onvif://www.onvif.org/hardware/Model%207"
QUESTIONS = ("GetSystemDateAndTime", "GetCapabilities", "GetProfiles", "GetStreamUri")
NOT_YOU = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>Sender not Authorized</s:Text></s:Reason></s:Fault>"
)
BUSY = "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code></s:Fault>"


def enveloped(body: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:ter="http://www.onvif.org/ver10/error"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:tt="http://www.onvif.org/ver10/schema"'
        ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl">'
        f"<s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def profile(token: str, encoding: str, width: int, height: int) -> str:
    size = f"<tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
    encoder = (
        f"<tt:VideoEncoderConfiguration><tt:Encoding>{encoding}</tt:Encoding>{size}</tt:VideoEncoderConfiguration>"
    )
    return f'<trt:Profiles token="{token}"><tt:Name>{token}</tt:Name>{encoder}</trt:Profiles>'


class OnvifCamera:
    """Answers on loopback: a search by UDP (`group`), questions by HTTP (`address`).

    `login` is user and password, `by` how they are told ("token", or the algorithm of an HTTP Digest); `ahead` is how
    far its clock is ahead. `lies` are who answers a question instead, on the open connection. With a `certificate` it
    speaks TLS.
    """

    def __init__(
        self, stream: str = "rtsp://127.0.0.1:554/main", *, login: tuple[str, str] = ("", ""), by: str = "token",
        ahead: timedelta = timedelta(0), lies: dict[str, Callable[[socket.socket], None]] | None = None,
        certificate: Path | None = None,
    ) -> None:  # fmt: skip
        self.stream = stream
        self.login = login
        self.by = by
        self.ahead = ahead
        self.lies = lies or {}
        self.shy = False
        self.also = ""  # other addresses that it claims to have
        self.asked: list[str] = []
        self.wanted = ""  # which stream
        self._found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._found.bind(("127.0.0.1", 0))
        self.group = self._found.getsockname()
        camera = self

        class Asked(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                camera._asked(self)

            def log_message(self, *_: object) -> None: ...

        self._site = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self._site.daemon_threads = True
        self.port = self._site.server_port
        if certificate is not None:
            self._site.socket = spoken_with(certificate).wrap_socket(self._site.socket, server_side=True)
        self.scheme = "https" if certificate else "http"
        self.address = f"{self.scheme}://127.0.0.1:{self.port}/onvif/device_service"
        self._threads = [
            threading.Thread(target=act, daemon=True) for act in (self._site.serve_forever, self._answer)
        ]

    def __enter__(self) -> OnvifCamera:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._site.shutdown()
        self._site.server_close()
        self._found.sendto(b"", self.group)
        self._threads[1].join()
        self._found.close()

    def _answer(self) -> None:
        """Answer searches, each with junk before it."""
        while True:
            probe, sender = self._found.recvfrom(65_535)
            if not probe:
                return
            question = re.search(rb"MessageID>([^<]+)<", probe)
            assert question and b"NetworkVideoTransmitter" in probe
            self._found.sendto(b"\xff junk", sender)
            self._found.sendto(self.match("urn:uuid:another"), sender)
            self._found.sendto(self.match(question[1].decode()), sender)

    def match(self, question: str) -> bytes:
        """Return what it says to a search."""
        addresses = f"{self.also} http://{OWN}/onvif/device_service {self.address} https://127.0.0.1/"
        found = f"<d:Scopes>{NAMED}</d:Scopes><d:XAddrs>{addresses}</d:XAddrs>"
        told = f"<a:RelatesTo>{question}</a:RelatesTo>"
        return enveloped(f"<d:ProbeMatches><d:ProbeMatch>{found}</d:ProbeMatch></d:ProbeMatches>", told)

    def _asked(self, asked: BaseHTTPRequestHandler) -> None:
        text = asked.rfile.read(int(asked.headers["Content-Length"])).decode()
        question = next(name for name in QUESTIONS if f"{name} " in text)
        self.asked.append(question)
        self.wanted = "".join(re.findall(r"ProfileToken>([^<]*)<", text))
        if question in self.lies:
            self.lies[question](asked.connection)
            asked.close_connection = True
            return
        status, body, more = 200, enveloped(self._told(question)), {}
        free = question == "GetSystemDateAndTime" and not self.shy
        if self.login[0] and not free and self.by == "token" and not self._token_is_right(text):
            status, body = 400, enveloped(NOT_YOU)
        elif self.login[0] and not free and self.by != "token" and not self._digest_is_right(asked):
            status, body = 401, b""
            more["WWW-Authenticate"] = (
                f'Digest realm="cam \'7", qop="auth", nonce="n1", algorithm={self.by}, opaque="o"'
            )
        asked.send_response(status)
        for name, value in (more | {"Content-Length": str(len(body))}).items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(body)

    def _told(self, question: str) -> str:
        now = datetime.now(UTC) + self.ahead
        day = f"<tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        time = f"<tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        shown = f"<tt:UTCDateTime><tt:Time>{time}</tt:Time><tt:Date>{day}</tt:Date></tt:UTCDateTime>"
        service = f"{self.scheme}://{OWN}:{self.port}/onvif/media_service"
        media = f"<tds:Capabilities><tt:Media><tt:XAddr>{service}</tt:XAddr></tt:Media></tds:Capabilities>"
        sizes = (("photos", "JPEG", 4000, 3000), ("small", "H264", 320, 180), ("main", "H264", 1920, 1080))
        return {
            "GetSystemDateAndTime": f"<tds:GetSystemDateAndTimeResponse>{shown}</tds:GetSystemDateAndTimeResponse>",
            "GetCapabilities": f"<tds:GetCapabilitiesResponse>{media}</tds:GetCapabilitiesResponse>",
            "GetProfiles": "".join(profile(*one) for one in sizes),
            "GetStreamUri": f"<trt:MediaUri><tt:Uri>{self.stream.replace('127.0.0.1', OWN)}</tt:Uri></trt:MediaUri>",
        }[question]

    def _token_is_right(self, text: str) -> bool:
        """Say whether the login is the right one, made for this moment of the camera's clock."""
        parts = {
            name: re.search(rf":{name}(?: [^>]*)?>([^<]*)<", text)
            for name in ("Username", "Password", "Nonce", "Created")
        }
        told = {name: found[1] for name, found in parts.items() if found}
        if len(told) < len(parts) or told["Username"] != self.login[0]:
            return False
        there = datetime.strptime(told["Created"], "%Y-%m-%dT%H:%M:%S%z")
        secret = base64.b64decode(told["Nonce"]) + told["Created"].encode() + self.login[1].encode()
        fresh = abs(there - datetime.now(UTC) - self.ahead) < timedelta(seconds=60)
        return fresh and base64.b64decode(told["Password"]) == hashlib.sha1(secret).digest()

    def _digest_is_right(self, asked: BaseHTTPRequestHandler) -> bool:
        told = dict(re.findall(r'(\w+)="?([^",]*)"?', asked.headers.get("Authorization", "").removeprefix("Digest ")))
        if not told:
            return False

        def hashed(*texts: str) -> str:
            return hashlib.new(self.by.replace("-", ""), ":".join(texts).encode()).hexdigest()

        who = hashed(self.login[0], "cam '7", self.login[1])
        once = (told["nonce"], told["nc"], told["cnonce"], told["qop"])
        right = hashed(who, *once, hashed("POST", asked.path))
        return (told["username"], told["uri"], told["opaque"], told["response"]) == (
            self.login[0],
            asked.path,
            "o",
            right,
        )
