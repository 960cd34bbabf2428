# SPDX-License-Identifier: AGPL-3.0-or-later
"""Masks of a camera: what is covered in everything of it that leaves the house. Footage at home stays whole.

A mask is stored in thousandths of the picture, so that it fits whatever size the camera sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sunporch.hub.errors import BOX_REFUSED
from sunporch.redact.plan import MAX_ZONES, WHOLE, Zone

type Mask = dict[str, int]

SIDES = ("x", "y", "width", "height")
MOST_MASKS = MAX_ZONES // 2  # those of a draft may all be others than the camera's
_PER_CENT = WHOLE // 100


def check_masks(untrusted_boxes: Sequence[Mapping[str, float]]) -> list[Mask]:
    """Return boxes that are given in per cent of the picture as masks; raises `hub.box-refused` naming the box."""
    if len(untrusted_boxes) > MOST_MASKS:
        raise BOX_REFUSED(number=MOST_MASKS + 1, reason=f"{MOST_MASKS} are the most")
    return [_checked(number, box) for number, box in enumerate(untrusted_boxes, 1)]


def _checked(number: int, box: Mapping[str, float]) -> Mask:
    x, y, width, height = (round(box[side] * _PER_CENT) for side in SIDES)
    if min(width, height) < 1 or min(x, y) < 0 or max(x + width, y + height) > WHOLE:
        raise BOX_REFUSED(number=number, reason="it has no area, or lies outside the picture")
    return {"x": x, "y": y, "width": width, "height": height}


def shown(mask: Mask) -> dict[str, str]:
    """Return a mask in per cent, as the page's number fields have it."""
    return {side: f"{mask[side] / _PER_CENT:g}" for side in SIDES}


def zones_of(*many: Iterable[Mask]) -> tuple[Zone, ...]:
    """Return what the masks of all the lists cover, each once."""
    return tuple(dict.fromkeys(Zone(**mask) for masks in many for mask in masks))
