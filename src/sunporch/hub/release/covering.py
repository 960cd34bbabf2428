# SPDX-License-Identifier: AGPL-3.0-or-later
"""From footage to a covered clip, in memory: what the plan masks is gone before anything is sealed."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from sunporch.base import strictjson
from sunporch.hub.release.boxes import tracks
from sunporch.redact.engine import render
from sunporch.redact.plan import TICKS, Plan
from sunporch.redact.report import Report
from sunporch.vault import Footage

_MS = TICKS // 1000


@dataclass(frozen=True)
class Covered:
    """A covered clip: fragmented MP4, what was done, and what proves the original. Times are Unix milliseconds."""

    media: bytes = field(repr=False)
    report: Report
    start_ms: int
    end_ms: int
    original_sha256: str
    chain: str
    redacted: int


def cover(footage: Footage, boxes: list[dict[str, int]], *, sound: bool) -> Covered:
    """Cut exactly the footage's span, cover the boxes with solid fill; raises `redact.` and `vault.` errors."""
    target = io.BytesIO()
    plan = Plan(footage.start_90k, footage.end_90k, tracks(boxes), sound)
    report = render(footage.parts, plan, target)
    return Covered(
        media=target.getvalue(),
        report=report,
        start_ms=footage.start_90k // _MS,
        end_ms=footage.end_90k // _MS,
        original_sha256=footage.sha256,
        chain=strictjson.dumps(footage.proof),
        redacted=int(bool(boxes)),
    )
