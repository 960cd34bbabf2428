# SPDX-License-Identifier: AGPL-3.0-or-later
"""From footage to a covered clip, in memory: what the plan masks is gone before anything is sealed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from sunporch.base import strictjson
from sunporch.hub.cameras.actions import find
from sunporch.hub.cameras.masks import Mask, zones_of
from sunporch.redact.engine import render
from sunporch.redact.plan import TICKS, Plan, Track
from sunporch.redact.report import Report
from sunporch.vault import Footage

_MS = TICKS // 1000


@dataclass(frozen=True)
class Covered:
    """A covered clip: fragmented MP4, what was done, and what proves the original. Times are Unix milliseconds.

    `report` and `original` are strict JSON; `original` holds the digest of the unreleased original, the vault's proof
    of it and by how much the camera's clock was wrong, all alike in many clips of one home: it is for the home only.
    """

    media: bytes = field(repr=False)
    report: str
    told: Report
    start_ms: int
    end_ms: int
    original: str = field(repr=False)
    redacted: int


def cover(
    footage: Footage,
    tracks: tuple[Track, ...],
    *,
    sound: bool,
    detector: str,
    masks: Sequence[Mask] = (),
) -> Covered:
    """Cut exactly the footage's span, cover the tracks and the camera's masks with solid fill.

    Everything that leaves the house comes through here, so that no mask is forgotten; `masks` are others besides
    those that the camera has now. `detector` found the tracks; the report says so.
    Raises `redact.` and `vault.` errors.
    """
    target = io.BytesIO()
    zones = zones_of(find(footage.camera).masks, masks)
    plan = Plan(footage.start_90k, footage.end_90k, tracks, sound, detector, zones)
    report = render(footage.parts, plan, target)
    return Covered(
        media=target.getvalue(),
        report=_without_sources(report),
        told=report,
        start_ms=footage.start_90k // _MS,
        end_ms=footage.end_90k // _MS,
        original=strictjson.dumps(
            {
                "sha256": footage.sha256,
                "chain": footage.proof,
                "camera_clock_ms": [offset // _MS for offset in footage.camera_offsets_90k],
            }
        ),
        redacted=int(bool(report.covered)),
    )


def _without_sources(report: Report) -> str:
    """Return the report for others: the digest of a file that was taken in whole is in every clip cut from it."""
    told = strictjson.loads(report.as_json())
    del told["input_sha256"]
    return strictjson.dumps(told)
