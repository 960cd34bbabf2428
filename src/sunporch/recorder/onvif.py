# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a camera by ONVIF where its stream is: four questions (SOAP 1.2 over HTTP, TLS or none), and who asks.

A camera names addresses as it knows itself; behind a router that is another one, and a liar could name anybody's. So
ports and paths are taken from it, the host never: all questions, and the login, go to the machine asked first.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import math
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit
from xml.sax.saxutils import escape

from sunporch.base.clock import Clock, SystemClock
from sunporch.base.errors import Error
from sunporch.recorder import envelope
from sunporch.recorder.asking import Answer, Question, answer_demand, ask
from sunporch.recorder.envelope import Element
from sunporch.recorder.errors import (
    CAMERA_PASSWORD_REFUSED,
    ONVIF_ABSENT,
    SOURCE_REFUSED,
    STREAMS_ABSENT,
)
from sunporch.recorder.source import CameraSource

# For the whole conversation.
TALK_SECONDS = 15.0
RTSP_PORT, PORTS = 554, {"http": 80, "https": 443}
# Addresses that homes use among themselves (RFC 1918, 3927, 4193, 4291) and this machine's own.
HOMES = tuple(
    ipaddress.ip_network(block)
    for block in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
# A clock beyond it is taken for this: a login can still be dated then.
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(r"[!-~]{1,500}", re.ASCII)
_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
# How a refused login is named: ONVIF Core 5.11.2.3, WS-Security 1.1, 12.
_NOT_YOU = ("NotAuthorized", "FailedAuthentication", "InvalidSecurityToken")
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"


@dataclass(frozen=True)
class Service:
    """Where a camera is asked: an http or https address of this network."""

    host: str
    port: int
    path: str
    tls: bool = False

    @classmethod
    def parse(cls, untrusted_address: str) -> Service:
        """Return the service at an address of this network (a number); raises `recorder.source-refused`."""
        try:
            found = cls._split(untrusted_address)
            home = ipaddress.ip_address(found.host)
        except ValueError as error:
            raise SOURCE_REFUSED(
                where=untrusted_address, reason="its address is not of the form http://192.168.1.20/path"
            ) from error
        if not any(home in block for block in HOMES):
            raise SOURCE_REFUSED(where=untrusted_address, reason="its address is not one of this network")
        return found

    @classmethod
    def _split(cls, untrusted_address: str) -> Service:
        """Return the parts of an http or https address; raises ValueError."""
        parts = urlsplit(untrusted_address)
        if not _WRITTEN.fullmatch(untrusted_address) or parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(untrusted_address)
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        return cls(parts.hostname, parts.port or PORTS[parts.scheme], path, parts.scheme == "https")

    def beside(self, untrusted_address: str) -> Service:
        """Return another service of this machine, by the port and path that it names.

        Raises `recorder.streams-absent`.
        """
        try:
            return replace(self._split(untrusted_address), host=self.host)
        except ValueError as error:
            raise STREAMS_ABSENT(where=self.host) from error


def stream_of(source: CameraSource, clock: Clock | None = None) -> str:
    """Return the rtsp:// address of the best stream of the camera whose ONVIF service is at the source's address.

    Raises `recorder.source-refused`, `recorder.camera-unreachable`, `recorder.camera-password-refused`,
    `recorder.onvif-absent`, `recorder.streams-absent`.
    """
    talk = _Talk(Service.parse(source.address), source, clock or SystemClock())
    talk.set_clock()
    media = talk.media()
    token = talk.best_profile(media)
    setup = (
        f'<trt:StreamSetup><tt:Stream xmlns:tt="{_SCHEMA}">RTP-Unicast</tt:Stream>'
        f'<tt:Transport xmlns:tt="{_SCHEMA}"><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup>'
    )
    wish = f"{setup}<trt:ProfileToken>{escape(token)}</trt:ProfileToken>"
    reply = talk.ask(media, f'<trt:GetStreamUri xmlns:trt="{_MEDIA}">{wish}</trt:GetStreamUri>')
    return _at(media.host, reply.said("Uri"))


def _at(host: str, untrusted_stream: str) -> str:
    """Return a stream's address as one of this host, without a login in it; raises `recorder.streams-absent`."""
    try:
        parts = urlsplit(untrusted_stream)
        port = parts.port or RTSP_PORT
    except ValueError as error:
        raise STREAMS_ABSENT(where=host) from error
    if parts.scheme != "rtsp" or not _WRITTEN.fullmatch(untrusted_stream):
        raise STREAMS_ABSENT(where=host)
    name = f"[{host}]" if ":" in host else host
    return urlunsplit(("rtsp", f"{name}:{port}", parts.path, parts.query, ""))


class _Talk:
    """A conversation with one camera."""

    def __init__(self, device: Service, source: CameraSource, clock: Clock) -> None:
        self._device = device
        self._source = source
        self._clock = clock
        self._until = clock.monotonic() + TALK_SECONDS
        # How far the camera's clock is ahead of ours: its day counts in the login.
        self._ahead = timedelta()

    def ask(self, service: Service, question: str, *, named: bool = True) -> Element:
        """Return what the camera answers; raises as `stream_of` says."""
        known = named and bool(self._source.username)
        answer = self._post(service, question, "", signed=known)
        if answer.refused and self._source.username:
            logins = (
                answer_demand(demand, service.path, self._source.username, self._source.password)
                for demand in answer.all("WWW-Authenticate")
            )
            login = next((login for login in logins if login), "")
            if login:
                answer = self._post(service, question, login, signed=False)
        if answer.refused:
            raise CAMERA_PASSWORD_REFUSED(where=self._device.host)
        reply = envelope.parse(answer.body, self._device.host)
        if any(word in code.text for code in reply.all("Value") for word in _NOT_YOU):
            raise CAMERA_PASSWORD_REFUSED(where=self._device.host)
        if next(reply.all("Fault"), None) is not None:
            raise ONVIF_ABSENT(where=self._device.host)
        return reply

    def _post(self, service: Service, question: str, login: str, *, signed: bool) -> Answer:
        head = f"<s:Header>{self._token()}</s:Header>" if signed else ""
        text = f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">{head}<s:Body>{question}</s:Body></s:Envelope>'
        headers: dict[str, str | bytes] = {"Content-Type": "application/soap+xml; charset=utf-8"}
        headers |= {"Authorization": login.encode()} if login else {}
        asked = Question(service.path, text.encode(), headers)
        return ask((service.host, service.port), asked, self._clock, self._until, tls=service.tls)

    def _token(self) -> str:
        """Return who we are (WS-UsernameToken, PasswordDigest): good once, at this moment of the camera's clock."""
        nonce, created = secrets.token_bytes(16), (self._now() + self._ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
        secret = nonce + created.encode() + self._source.password.encode()
        digest = base64.b64encode(hashlib.sha1(secret, usedforsecurity=False).digest()).decode()
        return (
            f'<w:Security xmlns:w="{_WSS}-wssecurity-secext-1.0.xsd" s:mustUnderstand="1"><w:UsernameToken>'
            f"<w:Username>{escape(self._source.username)}</w:Username>"
            f'<w:Password Type="{_WSS}-username-token-profile-1.0#PasswordDigest">{digest}</w:Password>'
            f'<w:Nonce EncodingType="{_WSS}-soap-message-security-1.0#Base64Binary">'
            f"{base64.b64encode(nonce).decode()}</w:Nonce>"
            f'<u:Created xmlns:u="{_WSS}-wssecurity-utility-1.0.xsd">{created}</u:Created>'
            "</w:UsernameToken></w:Security>"
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def set_clock(self) -> None:
        """Ask what the camera's clock shows, which needs no login; where it tells nothing, ours stands for it."""
        try:
            reply = self.ask(self._device, f'<tds:GetSystemDateAndTime xmlns:tds="{_DEVICE}"/>', named=False)
        except Error as error:
            if error.kind is not CAMERA_PASSWORD_REFUSED:
                raise
            return  # against the standard, some tell a stranger not even that
        told = next(reply.all("UTCDateTime"), Element(""))
        parts = [told.said(part) for part in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
        try:
            year, month, day, hour, minute, second = (int(part) for part in parts if _NUMBER.fullmatch(part))
            there = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        except ValueError:
            return
        self._ahead = min(there, _LATEST) - self._now()

    def media(self) -> Service:
        """Ask which of its services knows the streams."""
        wish = "<tds:Category>Media</tds:Category>"
        reply = self.ask(self._device, f'<tds:GetCapabilities xmlns:tds="{_DEVICE}">{wish}</tds:GetCapabilities>')
        return self._device.beside(next(reply.all("Media"), Element("")).said("XAddr"))

    def best_profile(self, media: Service) -> str:
        """Ask for the camera's profiles; return the token of the largest that can be recorded."""
        profiles = list(self.ask(media, f'<trt:GetProfiles xmlns:trt="{_MEDIA}"/>').all("Profiles"))
        if not profiles:
            raise STREAMS_ABSENT(where=self._device.host)
        return max(profiles, key=_worth).attributes.get("token", "")


def _worth(profile: Element) -> tuple[bool, int]:
    encoder = next(profile.all("VideoEncoderConfiguration"), Element(""))
    sides = [encoder.said("Width"), encoder.said("Height")]
    pixels = math.prod(int(side) if _NUMBER.fullmatch(side) else 0 for side in sides)
    return encoder.said("Encoding") not in ("", "JPEG"), pixels
