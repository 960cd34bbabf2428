# SPDX-License-Identifier: AGPL-3.0-or-later
"""The index inside the seal: what was cut, masked or left visible, and what proves it (spec/sealed-clip.md, 4)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.clip.errors import INDEX_MALFORMED
from sunporch.clip.header import MAX_CLIP_SECONDS

FORMAT = "sunporch/clip-index/v1"
MAX_INDEX = 1 << 20  # bytes: tracks and a chain proof


@dataclass(frozen=True)
class Index:
    """What the resident's hub says of the clip.

    `start_ms` and `end_ms` are Unix milliseconds of the cut [start, end); `clock_offset_ms` is camera minus hub;
    `original_sha256` is that of the unreleased original, held at home; `media_sha256` and `media_sha512`
    are those of the media in this clip; `report` (redaction) and `chain` (the vault's proof) are strict JSON text.
    """

    camera: str
    start_ms: int
    end_ms: int
    clock_offset_ms: int
    media_type: str
    media_sha256: str
    media_sha512: str
    original_sha256: str
    redacted: int
    visible: int
    sound: int
    report: str
    chain: str

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
    for name, size in (("media_sha256", 64), ("media_sha512", 128), ("original_sha256", 64)):
        if not re.fullmatch(rf"[0-9a-f]{{{size}}}", value[name]):
            raise INDEX_MALFORMED(reason=f"{name} is not a digest")
    if value["end_ms"] - value["start_ms"] > MAX_CLIP_SECONDS * 1000:
        raise INDEX_MALFORMED(reason=f"it is longer than {MAX_CLIP_SECONDS // 60} minutes")
    if value["end_ms"] <= value["start_ms"] or value["redacted"] not in (0, 1) or value["sound"] not in (0, 1):
        raise INDEX_MALFORMED(reason="it ends before it begins, or a flag is not 0 or 1")
    return Index(**value)
