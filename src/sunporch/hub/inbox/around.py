# SPDX-License-Identifier: AGPL-3.0-or-later
"""The place that an appeal asks about, as a drawing of its cells and in words. Made here; nobody is asked for a map.

Metres around the middle of the cells; a town is small enough to be flat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import h3

from sunporch.docket.matching import E7, METRES_PER_DEGREE, CameraPlace, sees
from sunporch.hub.cameras.models import Camera

MARGIN_M = 60


@dataclass(frozen=True)
class Dot:
    """A camera of this home on the drawing; `inside` says whether the appeal's area touches what it sees."""

    name: str
    x: int
    y: int
    inside: bool


@dataclass(frozen=True)
class Drawing:
    """An SVG in metres: outlines of the cells, cameras, and the size in words."""

    box: str
    outlines: list[str]
    dots: list[Dot]
    width_m: int
    height_m: int
    cells: int
    bar: tuple[int, int, int]  # x from, x to, y: a hundred metres


def draw(cells: Sequence[str], cameras: Iterable[Camera]) -> Drawing:
    """Return the drawing of an appeal's cells and of the cameras of this home."""
    rings = [h3.cell_to_boundary(cell) for cell in cells]
    lats = [lat for ring in rings for lat, _ in ring]
    lons = [lon for ring in rings for _, lon in ring]
    middle = ((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)
    flat = [[_metres(middle, lat, lon) for lat, lon in ring] for ring in rings]
    dots = []
    for camera in cameras:
        x, y = _metres(middle, camera.lat_e7 / E7, camera.lon_e7 / E7)
        place = CameraPlace(camera.lat_e7, camera.lon_e7, camera.bearing, camera.field_of_view, camera.range_m)
        dots.append(Dot(camera.name, x, y, sees(place, cells)))
    points = [point for ring in flat for point in ring] + [(dot.x, dot.y) for dot in dots]
    left, right = min(x for x, _ in points) - MARGIN_M, max(x for x, _ in points) + MARGIN_M
    top, bottom = min(y for _, y in points) - MARGIN_M, max(y for _, y in points) + MARGIN_M
    xs, ys = [x for ring in flat for x, _ in ring], [y for ring in flat for _, y in ring]
    return Drawing(
        box=f"{left} {top} {right - left} {bottom - top}",
        outlines=[" ".join(f"{x},{y}" for x, y in ring) for ring in flat],
        dots=dots,
        width_m=round(max(xs) - min(xs), -1),
        height_m=round(max(ys) - min(ys), -1),
        cells=len(cells),
        bar=(left + 20, left + 120, bottom - 20),
    )


def _metres(middle: tuple[float, float], lat: float, lon: float) -> tuple[int, int]:
    """Return metres to the right of and below the middle."""
    across = METRES_PER_DEGREE * math.cos(math.radians(middle[0]))
    return round((lon - middle[1]) * across), round((middle[0] - lat) * METRES_PER_DEGREE)
