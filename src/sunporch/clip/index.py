# SPDX-License-Identifier: AGPL-3.0-or-later
"""The index inside the seal: what was cut, masked or left visible, and what commits to the original.

spec/sealed-clip.md, section 4.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.clip.errors import INDEX_MALFORMED, PROOF_MALFORMED
from sunporch.clip.header import MAX_CLIP_SECONDS

FORMAT = "sunporch/clip-index/v1"
MAX_INDEX = 1 << 20  # bytes: tracks


@dataclass(frozen=True)
class Original:
    """What proves a clip's original: its SHA-256 (hex), and the chain key (`name+hash+key`) of its home.

    `camera_clock_ms` says by how much the camera's own clock was ahead of the hub's, once for each part of the
    original whose camera told it.
    """

    sha256: str
    home: str
    camera_clock_ms: tuple[int, ...] = ()


@dataclass(frozen=True)
class Index:
    """What the resident's hub says of the clip.

    `start_ms` and `end_ms` are Unix milliseconds of the cut [start, end) by the hub's clock; `reencoded` is 1 where
    every picture was encoded anew, so that none is the camera's own bytes; `media_sha256` and
    `media_sha512` are digests of the media in this clip; `report` (redaction) is strict JSON text. `original` is a
    salted commitment to what proves the unreleased original: both stay at home, because digest, proof and the error
    of a camera's clock would show that two clips come from one home.
    """

    camera: str
    start_ms: int
    end_ms: int
    media_type: str
    media_sha256: str
    media_sha512: str
    original: str
    redacted: int
    reencoded: int
    visible: int
    sound: int
    report: str

    def encode(self) -> bytes:
        """Return the index as one strict JSON line; raises `clip.index-malformed` if it is too large."""
        line = strictjson.dumps({"format": FORMAT} | asdict(self)).encode()
        if len(line) > MAX_INDEX:
            raise INDEX_MALFORMED(reason=f"it has more than {MAX_INDEX} bytes")
        return line


def parse(untrusted: bytes) -> Index:
    """Return the index; raises `clip.index-malformed` saying why."""
    try:
        value = strictjson.loads(untrusted)
    except Error as error:
        raise INDEX_MALFORMED(reason=error.params["reason"]) from error
    if value.pop("format", None) != FORMAT:
        raise INDEX_MALFORMED(reason="its format is not known here")
    kinds = {field.name: int if field.type == "int" else str for field in fields(Index)}
    if set(value) != set(kinds):
        raise INDEX_MALFORMED(reason="its fields are not those of the form")
    for name, kind in kinds.items():
        if type(value[name]) is not kind:
            raise INDEX_MALFORMED(reason=f"{name} is not {'a number' if kind is int else 'text'}")
    for name, size in (("media_sha256", 64), ("media_sha512", 128), ("original", 64)):
        if not re.fullmatch(rf"[0-9a-f]{{{size}}}", value[name]):
            raise INDEX_MALFORMED(reason=f"{name} is not a digest")
    if value["end_ms"] - value["start_ms"] > MAX_CLIP_SECONDS * 1000:
        raise INDEX_MALFORMED(reason=f"it is longer than {MAX_CLIP_SECONDS // 60} minutes")
    if value["visible"] < 0:
        raise INDEX_MALFORMED(reason="visible is less than none")
    if value["end_ms"] <= value["start_ms"]:
        raise INDEX_MALFORMED(reason="it ends before it begins")
    if any(value[name] not in (0, 1) for name in ("redacted", "reencoded", "sound")):
        raise INDEX_MALFORMED(reason="a flag is not 0 or 1")
    if value["redacted"] > value["reencoded"]:
        raise INDEX_MALFORMED(reason="nothing can be covered in pictures that were not encoded anew")
    return Index(**value)


def parse_original(untrusted_text: str) -> Original:
    """Return what the text of a proof says (section 4.1); raises `clip.proof-malformed` saying why.

    Whether it belongs to a clip shows only its commitment; the chain is checked against the original itself.
    """
    try:
        value = strictjson.loads(untrusted_text)
    except Error as error:
        raise PROOF_MALFORMED(reason=error.params["reason"]) from error
    if set(value) != {"sha256", "chain", "camera_clock_ms"} or not isinstance(value["chain"], dict):
        raise PROOF_MALFORMED(reason="it is not exactly a digest, a chain and the camera's clock")
    home = value["chain"].get("public_key")
    if not isinstance(home, str):
        raise PROOF_MALFORMED(reason="its chain names no key")
    if not re.fullmatch(r"[0-9a-f]{64}", str(value["sha256"])):
        raise PROOF_MALFORMED(reason="sha256 is not a digest")
    clock = value["camera_clock_ms"]
    if not isinstance(clock, list) or not all(isinstance(each, int) for each in clock):
        raise PROOF_MALFORMED(reason="camera_clock_ms is not a list of whole numbers")
    return Original(value["sha256"], home, tuple(clock))
