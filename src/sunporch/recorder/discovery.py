# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding cameras: one question to everything on this network (WS-Discovery, ONVIF Core 7), and who answers it.

Anything on the network can answer. So of an answer only an http address of the machine that sent it is believed, and
that only where it is an address of homes; what it says of itself is shown and decides nothing.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sunporch.base.clock import Clock, SystemClock
from sunporch.base.errors import Error
from sunporch.recorder import envelope
from sunporch.recorder.errors import CAMERAS_UNFOUND
from sunporch.recorder.onvif import Service

GROUP = ("239.255.255.250", 3702)
# It is asked twice, because nobody repeats a lost datagram: seconds to wait after each time.
ROUNDS_SECONDS = (0.5, 2.0)
MAX_ANSWERS = 256
MAX_FOUND = 64
MAX_SAID = 80
_DATAGRAM = 65_535
_SCOPE = "onvif://www.onvif.org/"
_PROBE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl">'
    "<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
    "<a:MessageID>{question}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
    "<s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
)


@dataclass(frozen=True)
class FoundCamera:
    """A camera that answered: where it is asked for more, and what it says of itself (may be empty)."""

    address: str
    name: str
    hardware: str

    @property
    def host(self) -> str:
        """The camera's address on the network."""
        return urlsplit(self.address).hostname or ""


def find(clock: Clock | None = None) -> tuple[FoundCamera, ...]:
    """Return the cameras of this network that answer, in about three seconds; raises `recorder.cameras-unfound`."""
    clock = clock or SystemClock()
    question = f"urn:uuid:{uuid.uuid4()}"
    found: dict[str, FoundCamera] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for seconds in ROUNDS_SECONDS:
            _ask(asking, question)
            for data, sender in _answers(asking, clock, clock.monotonic() + seconds):
                with contextlib.suppress(Error):  # what is no answer to this question says nothing
                    found |= {camera.address: camera for camera in parse_matches(data, question, sender)}
    if not found:
        raise CAMERAS_UNFOUND()
    return tuple(sorted(found.values(), key=lambda camera: (camera.name, camera.address)))[:MAX_FOUND]


def _ask(asking: socket.socket, question: str) -> None:
    """Ask through each of this machine's networks; one that is not connected reaches nobody."""
    for index, _ in socket.if_nameindex():
        with contextlib.suppress(OSError):
            way = struct.pack("4s4si", bytes(4), bytes(4), index)  # ip_mreqn (ip(7))
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way)
            asking.sendto(_PROBE.format(question=question).encode(), GROUP)


def _answers(asking: socket.socket, clock: Clock, until: float) -> Iterator[tuple[bytes, str]]:
    for _ in range(MAX_ANSWERS):
        left = until - clock.monotonic()
        if left <= 0:
            return
        asking.settimeout(left)
        try:
            data, (sender, _) = asking.recvfrom(_DATAGRAM)
        except TimeoutError:
            return
        yield data, sender


def parse_matches(untrusted: bytes, question: str, sender: str) -> tuple[FoundCamera, ...]:
    """Return the cameras at `sender` that this datagram names; raises `recorder.onvif-absent` for what is none."""
    answer = envelope.parse(untrusted, sender)
    if answer.said("RelatesTo") != question:
        return ()
    found = []
    for match in answer.all("ProbeMatch"):
        # A camera names itself once for each way to it: the first that is believed is enough.
        address = next((own for own in match.said("XAddrs").split() if _is_at(own, sender)), None)
        if address is not None:
            found.append(FoundCamera(address, _said(match, "name"), _said(match, "hardware")))
    return tuple(found)


def _is_at(untrusted_address: str, sender: str) -> bool:
    try:
        return Service.parse(untrusted_address).host == sender
    except Error:
        return False


def _said(match: envelope.Element, what: str) -> str:
    """Return what a camera says of itself: the first scope of this kind, as people can read it."""
    begins = f"{_SCOPE}{what}/"
    for scope in match.said("Scopes").split():
        if scope.startswith(begins):
            return shown(unquote(scope.removeprefix(begins)))
    return ""


def shown(untrusted_name: str) -> str:
    """Return a name as people can read it: without control letters, bounded."""
    letters = "".join(letter for letter in untrusted_name.replace("_", " ") if letter.isprintable())
    return letters.strip()[:MAX_SAID]
