# SPDX-License-Identifier: AGPL-3.0-or-later
"""Boxes that a resident draws over what nobody should see: checked when chosen, tracks when covered."""

from __future__ import annotations

from typing import Any

from sunporch.hub.errors import BOX_REFUSED
from sunporch.redact.plan import TICKS, Box, Kind, Track

MOST_BOXES = 100
MOST_PIXELS = 8_192  # of either side of a picture


def check_boxes(untrusted_boxes: list[dict[str, Any]], seconds: float) -> list[dict[str, int]]:
    """Return the boxes as they are stored: pixels, and 90 kHz ticks from the start of the clip.

    `to` left out means until the end of the clip. Raises `hub.box-refused` naming the box.
    """
    if len(untrusted_boxes) > MOST_BOXES:
        raise BOX_REFUSED(number=MOST_BOXES + 1, reason=f"{MOST_BOXES} are the most")
    return [_checked(number, box, seconds) for number, box in enumerate(untrusted_boxes, 1)]


def _checked(number: int, box: dict[str, Any], seconds: float) -> dict[str, int]:
    x, y, width, height = (int(box[name]) for name in ("x", "y", "width", "height"))
    ends = seconds if box["to"] is None else box["to"]
    if min(width, height) < 1 or min(x, y) < 0 or max(x + width, y + height) > MOST_PIXELS:
        raise BOX_REFUSED(number=number, reason="it has no area, or lies outside any picture")
    if not 0 <= box["from"] < ends <= seconds:
        raise BOX_REFUSED(number=number, reason=f"its times are not within the clip's {seconds:g} seconds")
    times = {"from_90k": round(box["from"] * TICKS), "to_90k": round(ends * TICKS)}
    return {"x": x, "y": y, "width": width, "height": height, **times}


def tracks(boxes: list[dict[str, int]], after: int) -> tuple[Track, ...]:
    """Return each stored box as a track of its own, numbered from the one after `after`."""
    return tuple(Track(number, Kind.MANUAL, 1, (Box(**box),)) for number, box in enumerate(boxes, after + 1))
