# SPDX-License-Identifier: AGPL-3.0-or-later
"""One question over HTTP to a camera or a Frigate: until a moment and no longer, an answer of bounded size."""

from __future__ import annotations

import hashlib
import http.client
import io
import re
import secrets
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import cast

from sunporch.base.clock import Clock
from sunporch.recorder.connecting import CONNECT_SECONDS
from sunporch.recorder.envelope import MAX_BYTES
from sunporch.recorder.errors import CAMERA_UNREACHABLE, ONVIF_ABSENT

# The answer's head comes besides its body.
MAX_HEAD = 64 * 1024
# Devices at home sign their certificates themselves, and nobody else vouches for a name there. So TLS keeps a login
# from whoever only listens, as the devices' own pages do, and proves nothing of who answers.
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_TLS.check_hostname = False
_TLS.verify_mode = ssl.CERT_NONE
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_PART = re.compile(r'(\w+)\s*=\s*(?:"([^"\\\r\n]*)"|([^\s",]+))', re.ASCII)


@dataclass(frozen=True)
class Question:
    """What is asked, and how many bytes the answer's body may have."""

    path: str
    body: bytes = b""
    headers: Mapping[str, str | bytes] = field(default_factory=dict)
    method: str = "POST"
    most: int = MAX_BYTES


@dataclass(frozen=True)
class Answer:
    """What came."""

    status: int
    body: bytes
    headers: Message

    @property
    def refused(self) -> bool:
        """Whether it wants to know first who asks."""
        return self.status == HTTPStatus.UNAUTHORIZED

    def all(self, header: str) -> list[str]:
        """Return all values of a header."""
        return [str(value) for value in self.headers.get_all(header, [])]


class _Coming(io.RawIOBase):
    """What comes from a camera: given up at a moment, however slowly its bytes come, and after so many of them."""

    def __init__(self, line: socket.socket, clock: Clock, until: float, room: int) -> None:
        self._line = line
        self._clock = clock
        self._until = until
        self._room = room

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader gives
        # Afterwards only what is there already is taken, so that bytes that drip hold nobody up.
        self._line.settimeout(max(0.0, self._until - self._clock.monotonic()))
        count = self._line.recv_into(buffer)
        self._room -= count
        if self._room < 0:
            raise OSError("the answer does not end")
        return count


class _Line:
    """What `http.client` uses of a socket; it closes it before its answer is read, so whoever opened it does."""

    def __init__(self, line: socket.socket, coming: _Coming) -> None:
        self.sendall = line.sendall
        self._coming = coming

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self._coming)

    def close(self) -> None:
        pass


def _secured(line: socket.socket, clock: Clock, until: float) -> ssl.SSLSocket:
    """Return the line as one that speaks TLS, agreed upon until a moment; raises OSError."""
    secured = _TLS.wrap_socket(line, do_handshake_on_connect=False)
    secured.settimeout(0)
    waiting = select.poll()
    try:
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                waiting.register(secured, select.POLLIN)
            except ssl.SSLWantWriteError:
                waiting.register(secured, select.POLLOUT)
            else:
                secured.settimeout(CONNECT_SECONDS)
                return secured
            if not waiting.poll(max(0.0, until - clock.monotonic()) * 1000):
                raise TimeoutError("no answer in time")
    except OSError:
        secured.close()
        raise


def ask(address: tuple[str, int], question: Question, clock: Clock, until: float, *, tls: bool = False) -> Answer:
    """Ask once; `until` is a monotonic time. Raises `recorder.camera-unreachable`, `recorder.onvif-absent`."""
    where = f"{address[0]}:{address[1]}"
    try:
        line = socket.create_connection(address, CONNECT_SECONDS)
    except OSError as error:
        raise CAMERA_UNREACHABLE(where=where, reason=error.strerror or "no answer in time") from error
    connection = http.client.HTTPConnection(*address)
    try:
        with _secured(line, clock, until) if tls else line as line:
            connection.sock = cast(socket.socket, _Line(line, _Coming(line, clock, until, MAX_HEAD + question.most)))
            headers = {**question.headers, "Connection": "close"}
            connection.request(question.method, question.path, question.body, headers)
            with connection.getresponse() as answer:
                return Answer(answer.status, answer.read(), answer.headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ONVIF_ABSENT(where=where) from error


def answer_demand(untrusted_demand: str, path: str, username: str, password: str) -> str:
    """Return the `Authorization` that a Digest demand wants (RFC 7616), empty where another is wanted."""
    scheme, _, rest = untrusted_demand.partition(" ")
    parts = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(rest)}
    algorithm = parts.get("algorithm", "MD5").upper()
    offers = [offer.strip() for offer in parts.get("qop", "").split(",")]
    if scheme.lower() != "digest" or algorithm not in _HASHES or not {"auth", ""} & set(offers):
        return ""

    def hashed(*texts: str) -> str:
        return _HASHES[algorithm](":".join(texts).encode(), usedforsecurity=False).hexdigest()

    realm, nonce, own = parts.get("realm", ""), parts.get("nonce", ""), secrets.token_hex(8)
    times = ["00000001", own, "auth"] if "auth" in offers else []
    response = hashed(hashed(username, realm, password), nonce, *times, hashed("POST", path))
    told = {
        "username": username.replace("\\", "\\\\").replace('"', '\\"'),
        "realm": realm,
        "nonce": nonce,
        "uri": path,
    }
    told |= {"response": response} | ({"cnonce": own} if times else {})
    told |= {"opaque": parts["opaque"]} if "opaque" in parts else {}
    bare = {"algorithm": algorithm} | ({"qop": "auth", "nc": times[0]} if times else {})
    words = [f'{name}="{value}"' for name, value in told.items()] + [
        f"{name}={value}" for name, value in bare.items()
    ]
    return f"Digest {', '.join(words)}"
