# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map of Maple Street: H3 cells of resolution 10 with invented households, and the places named in the story."""

from __future__ import annotations

import hashlib

import h3

RESOLUTION = 10
CENTRE = (41.4689, -81.5602)
TOWN_RINGS = 9
# Rings of cells around Ana's house: a good appeal, and one that the rules refuse (64 cells are the most).
GOOD_RINGS, WIDE_RINGS = 2, 6
_LEAST_HOUSEHOLDS, _SPREAD = 7, 9


def town() -> dict[str, int]:
    """Return households by cell; the same numbers every time."""
    return {cell: _households(cell) for cell in around(CENTRE, TOWN_RINGS)}


def around(place: tuple[float, float], rings: int) -> list[str]:
    """Return the sorted cells within so many rings of a place (latitude, longitude in degrees)."""
    return sorted(h3.grid_disk(h3.latlng_to_cell(*place, RESOLUTION), rings))


def outskirts() -> tuple[float, float]:
    """Return a place at the edge of town: Omar's house, outside every appeal of the story."""
    ring = sorted(h3.grid_ring(h3.latlng_to_cell(*CENTRE, RESOLUTION), TOWN_RINGS - 1))
    latitude, longitude = h3.cell_to_latlng(ring[0])
    return round(latitude, 6), round(longitude, 6)


def _households(cell: str) -> int:
    return _LEAST_HOUSEHOLDS + hashlib.sha256(cell.encode()).digest()[0] % _SPREAD
