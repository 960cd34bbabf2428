# SPDX-License-Identifier: AGPL-3.0-or-later
"""A resident takes out their own recording, for whomever they choose: the film, its hashes and its exact time."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime

from sunporch.base.digests import sha256
from sunporch.hub.cameras import pictures
from sunporch.hub.cameras.models import Camera
from sunporch.redact.analyse import analyse
from sunporch.redact.detect import YuNet
from sunporch.redact.engine import render
from sunporch.redact.plan import Plan
from sunporch.redact.report import Report
from sunporch.vault import TICKS, Footage, Vault

# Looking for people takes about as long as the film lasts; nobody waits longer for a page.
MOST_COVERED_SECONDS = 120


def take_out(vault: Vault, camera: Camera, from_s: float, to_s: float, *, covered: bool, sound: bool) -> bytes:
    """Return a ZIP of the film of [from, to) and of what is known about it (JSON); nobody is told.

    Raises `hub.watch-length`, and what `vault` and `redact` say.
    """
    most = MOST_COVERED_SECONDS if covered else pictures.MOST_WATCH_SECONDS
    pictures.check_length(camera, from_s, to_s, most)
    if covered:
        media, report, footage = _covered(vault, camera, from_s, to_s, sound=sound)
    else:
        media, report, footage = pictures.watch(vault, camera, from_s, to_s, sound=sound)
    name = f"{datetime.fromtimestamp(from_s, UTC):%Y-%m-%dT%H-%M-%SZ}"
    told = {
        "camera": camera.name,
        "from": _exact(footage.start_90k),
        "to": _exact(footage.end_90k),
        "gaps": [[_exact(gap.start_90k), _exact(gap.end_90k), gap.cause.value] for gap in footage.gaps],
        "camera_clock_ahead_ms": [offset * 1000 // TICKS for offset in footage.camera_offsets_90k],
        "frames": report.frames,
        "covered": covered,
        "sound": bool(report.sound),
        "film_sha256": report.output_sha256,
        "film_sha512": report.output_sha512,
        "original_sha256": footage.sha256,
        "original_chain": footage.proof,
    }
    text = json.dumps(told, indent=2, ensure_ascii=False)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as folder:
        folder.writestr(f"{name}.mp4", media)
        folder.writestr(f"{name}.json", text)
        folder.writestr(
            "SHA256SUMS", f"{report.output_sha256}  {name}.mp4\n{sha256(text.encode()).hex()}  {name}.json\n"
        )
    return target.getvalue()


def _covered(
    vault: Vault, camera: Camera, from_s: float, to_s: float, *, sound: bool
) -> tuple[bytes, Report, Footage]:
    footage = vault.footage(camera.id, from_s, to_s)
    people = analyse(footage.parts, footage.start_90k, footage.end_90k, YuNet())
    target = io.BytesIO()
    plan = Plan(footage.start_90k, footage.end_90k, people.tracks, sound, people.detector)
    report = render(footage.parts, plan, target)
    return target.getvalue(), report, footage


def _exact(at_90k: int) -> str:
    """Return a time to the microsecond, UTC."""
    at = datetime.fromtimestamp(at_90k // TICKS, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_90k % TICKS * 1_000_000 // TICKS:06d}Z"
