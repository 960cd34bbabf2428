# SPDX-License-Identifier: AGPL-3.0-or-later
"""A made-up town for demos and tests: a few hundred cells around Maple Street, with homes and sensitive places.

Households come from a hash of the cell, so that the same town appears everywhere without a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import h3

from sunporch.base.digests import sha256
from sunporch.docket.fields import CELL_RESOLUTION

CENTRE = (44.9431, -93.1004)  # degrees: where the made-up Maple Street begins
RADIUS = 9  # cells around the centre: 271 in all
CORE = 3  # cells from the centre within which homes stand close together


@dataclass(frozen=True)
class SampleTown:
    """Grid (cell -> households), places, and the cell in the middle of Maple Street."""

    name: str
    centre: str
    grid: dict[str, int]
    places: list[dict[str, Any]] = field(default_factory=list)


def maple_street(radius: int = RADIUS) -> SampleTown:
    """Return the town; clinic, chapel and school stand apart, away from the middle of the street."""
    centre = h3.latlng_to_cell(*CENTRE, CELL_RESOLUTION)
    grid = {cell: _households(cell, h3.grid_distance(centre, cell)) for cell in sorted(h3.grid_disk(centre, radius))}
    places: list[dict[str, Any]] = []
    outskirts = sorted(h3.grid_ring(centre, radius - 2))
    for kind, name in (("clinic", "Linden Clinic"), ("worship", "Elm Chapel"), ("school", "Birch School")):
        # as far as can be from the places before it, so that an appeal near one says nothing of the others
        taken = [cell for place in places for cell in place["cells"]]
        spot = max(outskirts, key=lambda cell: min((h3.grid_distance(cell, other) for other in taken), default=0))
        places.append({"kind": kind, "name": name, "cells": sorted({spot, h3.grid_ring(spot, 1)[0]})})
    return SampleTown("Maple Street", centre, grid, places)


def _households(cell: str, distance: int) -> int:
    """Return 25-44 homes near the centre, 8-27 further out."""
    return sha256(cell.encode())[0] % 20 + (25 if distance <= CORE else 8)
