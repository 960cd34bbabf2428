# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof of a film that a household gave out: which bytes, from when, signed by its hub (spec/film-proof.md).

It shows that the film is unaltered since that hub signed it. It does not show that what is seen happened, nor that
the hub's clock was right: whoever runs a hub can sign anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.base.notekeys import KEY_MALFORMED, VerifierKey
from sunporch.tlog.errors import NOTE_MALFORMED, SIGNATURE_WRONG
from sunporch.tlog.notes import MAX_NOTE, Note, check_text
from sunporch.verify.errors import FILM_ALTERED, FILM_FOREIGN, FILM_PROOF_MALFORMED

TITLE = "sunporch/film/v1"
TICKS = 90_000
_SIGNATURE_BYTES = 1024  # an empty line, and one signature by a key of the longest name
_NUMBERS = ("bytes", "from_90k", "signed_at", "to_90k")
_DIGESTS = {"original_sha256": 64, "sha256": 64, "sha512": 128}
_FIELDS = {*_NUMBERS, *_DIGESTS, "camera_clock_ms", "gaps", "key", "report"}


@dataclass(frozen=True)
class Film:
    """What a hub says of a film: its bytes, and that it shows [from_90k, to_90k) by the hub's clock.

    Times are 90 kHz ticks since the epoch, `signed_at` Unix seconds. `gaps` are [from, to] without footage,
    `camera_clock_ms` by how much the camera's own clock was ahead, once for each part whose camera told it.
    `original_sha256` is the digest of what was recorded, `report` what was covered (redaction's report without the
    digests of its sources), `key` the hub's verifier key.
    """

    bytes: int
    sha256: str
    sha512: str
    from_90k: int
    to_90k: int
    signed_at: int
    gaps: list[list[int]]
    camera_clock_ms: list[int]
    original_sha256: str
    report: dict[str, Any]
    key: str

    def encode(self) -> str:
        """Return the text that the hub signs; raises `verify.film-proof-malformed` if its note would be too long."""
        text = f"{TITLE}\n{strictjson.dumps(self.__dict__)}\n"
        if len(text.encode()) > MAX_NOTE - _SIGNATURE_BYTES:
            raise FILM_PROOF_MALFORMED(reason="it has more gaps or covered people than a proof can name")
        return check_text(text)


@dataclass(frozen=True)
class Digests:
    """What somebody found a film to be: bytes, SHA-256 and SHA-512 in hex."""

    bytes: int
    sha256: str
    sha512: str


def check(untrusted_note: bytes, found: Digests, hub: str = "") -> Film:
    """Return what the proof says of the film, whose bytes and signature are as they must be.

    `hub` is the verifier key of the hub that must have signed, learnt elsewhere; without it the key is whatever the
    proof names, and the caller must say so. Raises `verify.film-proof-malformed`, `verify.film-foreign` and
    `verify.film-altered`.
    """
    try:
        note = Note.parse(untrusted_note)
        film = _parse(note.text)
        signed = note.verified([VerifierKey.parse(film.key)])
    except Error as error:
        if error.kind in (NOTE_MALFORMED, KEY_MALFORMED):
            raise FILM_PROOF_MALFORMED(reason=str(error.params["reason"]).rstrip(".")) from error
        if error.kind is SIGNATURE_WRONG:
            raise FILM_PROOF_MALFORMED(reason="it was changed after it was signed") from error
        raise
    if not signed:
        raise FILM_PROOF_MALFORMED(reason="it is not signed by the key that it names")
    if hub and film.key != hub:
        raise FILM_FOREIGN(key=film.key)
    if (found.bytes, found.sha256, found.sha512) != (film.bytes, film.sha256, film.sha512):
        raise FILM_ALTERED()
    return film


def _parse(text: str) -> Film:
    lines = text.split("\n")
    if len(lines) != 3 or lines[0] != TITLE:
        raise FILM_PROOF_MALFORMED(reason="it does not begin as a film's proof")
    try:
        value = strictjson.loads(lines[1])
    except Error as error:
        raise FILM_PROOF_MALFORMED(reason=error.params["reason"]) from error
    if set(value) != _FIELDS:
        raise FILM_PROOF_MALFORMED(reason="its fields are not those of the form")
    for name, size in _DIGESTS.items():
        if not re.fullmatch(rf"[0-9a-f]{{{size}}}", str(value[name])):
            raise FILM_PROOF_MALFORMED(reason=f"{name} is not a digest")
    if any(type(value[name]) is not int or value[name] < 0 for name in _NUMBERS):
        raise FILM_PROOF_MALFORMED(reason="a size or a time is not a whole number")
    if value["from_90k"] >= value["to_90k"] or value["signed_at"] > strictjson.MAX_INTEGER // TICKS:
        raise FILM_PROOF_MALFORMED(reason="it ends before it begins, or was signed in no age of ours")
    inside = (value["from_90k"], value["to_90k"])
    if not _whole(value["camera_clock_ms"]) or not all(_is_gap(gap, *inside) for gap in _listed(value["gaps"])):
        raise FILM_PROOF_MALFORMED(reason="its gaps or clocks are not in form")
    report = value["report"]
    if not isinstance(report, dict) or not isinstance(report.get("covered"), list) or type(value["key"]) is not str:
        raise FILM_PROOF_MALFORMED(reason="its report or key is missing")
    return Film(**value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _whole(value: Any) -> bool:
    return all(type(each) is int for each in _listed(value))


def _is_gap(value: Any, start: int, end: int) -> bool:
    return _whole(value) and len(value) == 2 and start <= value[0] < value[1] <= end
