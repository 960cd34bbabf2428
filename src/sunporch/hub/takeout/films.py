# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film of one's own recording: exactly some seconds, covered or not, and the hub's signed word for them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sunporch.base.digests import sha256
from sunporch.base.notekeys import VerifierKey
from sunporch.base.strictjson import loads
from sunporch.hub.cameras import pictures
from sunporch.hub.cameras.models import Camera
from sunporch.hub.coverings.rendering import cover
from sunporch.redact.analyse import analyse, quiet
from sunporch.redact.detect import YuNet
from sunporch.tlog.notes import Note, Signature
from sunporch.vault import TICKS, Vault
from sunporch.verify.film import Film

# Looking for people takes about as long as the film lasts; nobody waits longer for a page.
MOST_COVERED_SECONDS = 120


@dataclass(frozen=True)
class Made:
    """A film (MP4), its proof (a signed note), and what proves the recording that it was made from (strict JSON)."""

    media: bytes = field(repr=False)
    proof: bytes
    original: str = field(repr=False)
    film: Film


def make(
    vault: Vault,
    camera: Camera,
    from_s: float,
    to_s: float,
    *,
    covered: bool,
    sound: bool,
    now: int,
    told: Callable[[int, int], None] = quiet,
) -> Made:
    """Return the film of [from, to); `covered` covers everybody who is found. `told` as in `redact.analyse`.

    Raises `hub.watch-length`, `verify.film-proof-malformed`, and what `vault` and `redact` say.
    """
    pictures.check_length(camera, from_s, to_s, pictures.MOST_WATCH_SECONDS)
    footage = vault.footage(camera.id, from_s, to_s)
    people = analyse(footage.parts, footage.start_90k, footage.end_90k, YuNet(), told) if covered else None
    tracks, detector = (people.tracks, people.detector) if people else ((), "")
    made = cover(footage, tracks, sound=sound, detector=detector)
    film = Film(
        bytes=made.told.output_bytes,
        sha256=made.told.output_sha256,
        sha512=made.told.output_sha512,
        from_90k=footage.start_90k,
        to_90k=footage.end_90k,
        signed_at=now,
        gaps=[[gap.start_90k, gap.end_90k] for gap in footage.gaps],
        camera_clock_ms=[offset * 1000 // TICKS for offset in footage.camera_offsets_90k],
        original_sha256=footage.sha256,
        report=loads(made.report),
        key=vault.public_key,
    )
    return Made(made.media, _signed(vault, film), made.original, film)


def _signed(vault: Vault, film: Film) -> bytes:
    key, text = VerifierKey.parse(vault.public_key), film.encode()
    return Note(text, (Signature(key.name, key.key_id, vault.sign(text)),)).encode()


def folder(made: Made, where_to_check: str) -> bytes:
    """Return a ZIP of the film, its proof, what proves the original, all their digests, and how to check them."""
    name = f"{datetime.fromtimestamp(made.film.from_90k // TICKS, UTC):%Y-%m-%dT%H-%M-%SZ}"
    files = {
        f"{name}.mp4": made.media,
        f"{name}.proof": made.proof,
        "original.json": made.original.encode(),
        "CHECK.txt": where_to_check.encode(),
    }
    sums = "".join(f"{sha256(data).hex()}  {file}\n" for file, data in files.items())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for file, data in (*files.items(), ("SHA256SUMS", sums.encode())):
            packed.writestr(file, data)
    return target.getvalue()
