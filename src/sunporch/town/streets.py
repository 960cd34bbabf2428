# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the people of the story live, on the map of the sample town."""

from __future__ import annotations

import h3

from sunporch.policy.sample_town import RADIUS, maple_street

SAMPLE = maple_street()
# Rings of cells around Ana's house: a good appeal has 19 cells; the rules allow 64, so 127 are far too many.
GOOD_RINGS, WIDE_RINGS = 2, 6


def around(rings: int) -> list[str]:
    """Return the sorted cells within so many rings of Ana's house."""
    return sorted(h3.grid_disk(SAMPLE.centre, rings))


def place_of(cell: str) -> str:
    """Return `LATITUDE,LONGITUDE` of a cell's middle, in degrees with six digits."""
    latitude, longitude = h3.cell_to_latlng(cell)
    return f"{latitude:.6f},{longitude:.6f}"


ANA = place_of(SAMPLE.centre)
# At the edge of town, outside every appeal of the story.
OMAR = place_of(max(h3.grid_ring(SAMPLE.centre, RADIUS)))
