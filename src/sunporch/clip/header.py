# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clip's header: what the portal may read. Nothing in this module can seal or open (spec/sealed-clip.md, 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sunporch.base import strictjson
from sunporch.base.digests import from_base64, sha256, to_base64
from sunporch.base.errors import Error
from sunporch.clip.errors import HEADER_MALFORMED

FORMAT = "sunporch/clip/v1"
# HPKE (RFC 9180) DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; C2SP chunked encryption with a 256-bit key.
SUITE = "hpke-x25519-sha256-aes256gcm+cobblestone256"
MIN_RECIPIENTS = 2
MAX_RECIPIENTS = 8
MAX_HEADER = 8_192  # bytes
MAX_CLIP_SECONDS = 15 * 60
MAX_SEALED = 1 << 30  # bytes of a sealed file: 15 minutes at 9 Mbit/s
SALT_SIZE = 32
DAY = 86_400
# enc (32) || AES-256-GCM of s_A (32) || salt (32) with its tag (16)
ENCAPSULATION_SIZE = 32 + 64 + 16

_CORE = {"format", "suite", "id", "origin", "request", "expires", "custodian", "recipients"}


@dataclass(frozen=True)
class Recipient:
    """A device that may open the clip: its key name on the record and its X25519 public key (hex)."""

    name: str
    x25519: str


@dataclass(frozen=True)
class Header:
    """A clip's header.

    `id` is 16 random bytes (hex), `request` the appeal's log index, `expires` the end of the lease (Unix seconds at a
    UTC day's start), `custodian` a key name, `encapsulations` the HPKE sealings of `s_A || salt` by recipient name.
    """

    id: str
    origin: str
    request: int
    expires: int
    custodian: str
    recipients: tuple[Recipient, ...]
    encapsulations: Mapping[str, bytes]

    def core(self) -> bytes:
        """Return the line without encapsulations, to which each of them is bound."""
        return strictjson.dumps(self._core()).encode()

    def encode(self) -> bytes:
        """Return the header's bytes: one strict JSON line without a line end."""
        sealed = [{"name": r.name, "sealed": to_base64(self.encapsulations[r.name])} for r in self.recipients]
        return strictjson.dumps(self._core() | {"encapsulations": sealed}).encode()

    def _core(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "suite": SUITE,
            "id": self.id,
            "origin": self.origin,
            "request": self.request,
            "expires": self.expires,
            "custodian": self.custodian,
            "recipients": [{"name": r.name, "x25519": r.x25519} for r in self.recipients],
        }


def recipient_info(name: str, core: bytes) -> bytes:
    """Return the HPKE `info` of a recipient's encapsulation: its role and the hash of the core."""
    return b"sunporch/clip/v1/recipient\0" + name.encode() + b"\0" + sha256(core)


def header_hash(header: bytes) -> bytes:
    """Return SHA-256 of the header's bytes."""
    return sha256(header)


def commitment(header: bytes, sealed_sha256: bytes, salt: bytes) -> str:
    """Return `c`, the hex digest that the record holds for a clip."""
    return sha256(b"sunporch/c/v1\0", header_hash(header), sealed_sha256, salt).hex()


def parse(untrusted: bytes) -> Header:
    """Return the header of canonical bytes; raises `clip.header-malformed` saying why."""
    if len(untrusted) > MAX_HEADER:
        raise HEADER_MALFORMED(reason=f"it has more than {MAX_HEADER} bytes")
    try:
        value = strictjson.loads(untrusted)
    except Error as error:
        raise HEADER_MALFORMED(reason=error.params["reason"]) from error
    _fields(value, _CORE | {"encapsulations"}, "it")
    if value["format"] != FORMAT or value["suite"] != SUITE:
        raise HEADER_MALFORMED(reason="its format or suite is not known here")
    for name, kind in (("id", str), ("origin", str), ("custodian", str), ("request", int), ("expires", int)):
        if type(value[name]) is not kind:
            raise HEADER_MALFORMED(reason=f"{name} is not {'text' if kind is str else 'a number'}")
    if not re.fullmatch(r"[0-9a-f]{32}", value["id"]) or not value["origin"] or not value["custodian"]:
        raise HEADER_MALFORMED(reason="id, origin or custodian is empty or malformed")
    if value["request"] < 0 or value["expires"] <= 0 or value["expires"] % DAY:
        raise HEADER_MALFORMED(reason="request or expires is out of bounds, or expires is not a day's start")
    recipients = _recipients(value["recipients"])
    sealed = _encapsulations(value["encapsulations"], recipients)
    header = Header(
        value["id"], value["origin"], value["request"], value["expires"], value["custodian"], recipients, sealed
    )
    if header.encode() != untrusted:  # one value, one spelling: the hash of a header must name it
        raise HEADER_MALFORMED(reason="it is not in canonical form")
    return header


def _fields(value: Any, wanted: set[str], what: str) -> None:
    if not isinstance(value, dict) or set(value) != wanted:
        raise HEADER_MALFORMED(reason=f"{what} has not exactly the fields {', '.join(sorted(wanted))}")


def _recipients(value: Any) -> tuple[Recipient, ...]:
    if not isinstance(value, list) or not MIN_RECIPIENTS <= len(value) <= MAX_RECIPIENTS:
        raise HEADER_MALFORMED(reason=f"it has not {MIN_RECIPIENTS} to {MAX_RECIPIENTS} recipients")
    found = []
    for item in value:
        _fields(item, {"name", "x25519"}, "a recipient")
        if not isinstance(item["name"], str) or not item["name"] or not isinstance(item["x25519"], str):
            raise HEADER_MALFORMED(reason="a recipient's name or key is not text")
        if not re.fullmatch(r"[0-9a-f]{64}", item["x25519"]):
            raise HEADER_MALFORMED(reason="a recipient's key is not 32 bytes of hexadecimal")
        found.append(Recipient(item["name"], item["x25519"]))
    if len({recipient.name for recipient in found}) != len(found):
        raise HEADER_MALFORMED(reason="a recipient stands twice")
    return tuple(found)


def _encapsulations(value: Any, recipients: tuple[Recipient, ...]) -> dict[str, bytes]:
    if not isinstance(value, list) or len(value) != len(recipients):
        raise HEADER_MALFORMED(reason="it has not one encapsulation for each recipient")
    sealed = {}
    for item, recipient in zip(value, recipients, strict=True):
        _fields(item, {"name", "sealed"}, "an encapsulation")
        if item["name"] != recipient.name or not isinstance(item["sealed"], str):
            raise HEADER_MALFORMED(reason="the encapsulations are not in the recipients' order")
        try:
            sealed[recipient.name] = from_base64(item["sealed"], "an encapsulation")
        except Error as error:
            raise HEADER_MALFORMED(reason="an encapsulation is not padded base64") from error
        if len(sealed[recipient.name]) != ENCAPSULATION_SIZE:
            raise HEADER_MALFORMED(reason=f"an encapsulation has not {ENCAPSULATION_SIZE} bytes")
    return sealed
