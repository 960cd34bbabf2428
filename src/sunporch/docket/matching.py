# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does this camera's footage concern this request? Computed at home only; nobody else ever asks.

A camera sees a sector (its *wedge*): bearing, field of view, range. It matches where its own cell, or the wedge,
touches a cell of the request, and at least one second was recorded in the window. Places come in as whole numbers
(1e-7 degrees); the plane geometry inside works in metres around the camera, exact to centimetres over a range of a
few hundred metres.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import h3

from sunporch.docket.errors import TIMES_REVERSED
from sunporch.docket.fields import CELL_RESOLUTION

E7 = 10_000_000
METRES_PER_DEGREE = 111_319.49  # of latitude, on the WGS 84 sphere
DEFAULT_RANGE_M = 30
MOST_RANGE_M = 500
LEAST_SPAN = 1  # second
ARC_STEP = 5  # degrees between the points that stand for the wedge's arc
_EARTH_HALF = 180.0

type Point = tuple[float, float]


@dataclass(frozen=True)
class Span:
    """A stretch of time, from `start` (included) to `end` (excluded), Unix seconds."""

    start: int
    end: int


@dataclass(frozen=True)
class CameraPlace:
    """Where a camera hangs and looks. Angles in whole degrees; bearing clockwise from north; range in metres."""

    lat_e7: int
    lon_e7: int
    bearing: int = 0
    field_of_view: int = 360
    range_m: int = DEFAULT_RANGE_M

    @property
    def cell(self) -> str:
        """The H3 cell that the camera hangs in."""
        return str(h3.latlng_to_cell(self.lat_e7 / E7, self.lon_e7 / E7, CELL_RESOLUTION))


def matches(cells: Iterable[str], window: Span, camera: CameraPlace, recorded: Iterable[Span]) -> tuple[Span, ...]:
    """Return the recorded spans inside the window, joined and in order, if the camera concerns the cells; else none.

    Raises `docket.times-reversed` for a window that ends before it begins.
    """
    if window.end < window.start:
        raise TIMES_REVERSED(where=f"{window.start}-{window.end}")
    if not sees(camera, cells):
        return ()
    joined: list[Span] = []
    for span in sorted(recorded, key=lambda span: span.start):
        start, end = max(span.start, window.start), min(span.end, window.end)
        if joined and start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(end, joined[-1].end))
        elif start < end:
            joined.append(Span(start, end))
    return tuple(span for span in joined if span.end - span.start >= LEAST_SPAN)


def sees(camera: CameraPlace, cells: Iterable[str]) -> bool:
    """Say whether the camera's own cell is one of the cells, or its wedge touches one."""
    own = camera.cell
    wedge = _wedge(camera)
    return any(cell == own or _touch(wedge, _outline(camera, cell)) for cell in cells)


def _wedge(camera: CameraPlace) -> list[Point]:
    """Return the sector as a polygon in metres (east, north) around the camera."""
    width = min(max(camera.field_of_view, 1), 360)
    reach: float = min(max(camera.range_m, 0), MOST_RANGE_M)
    first = camera.bearing - width / 2
    steps = max(1, math.ceil(width / ARC_STEP))
    # The chord lies inside the arc: reach out a little, so that the polygon never sees less than the sector.
    reach /= math.cos(math.radians(width / steps / 2))
    angles = [math.radians(first + width * step / steps) for step in range(steps + 1)]
    arc = [(reach * math.sin(angle), reach * math.cos(angle)) for angle in angles]
    return arc if width == 360 else [(0.0, 0.0), *arc]


def _outline(camera: CameraPlace, cell: str) -> list[Point]:
    """Return the cell's corners in metres (east, north) around the camera."""
    latitude, longitude = camera.lat_e7 / E7, camera.lon_e7 / E7
    stretch = math.cos(math.radians(latitude))
    corners = []
    for corner_latitude, corner_longitude in h3.cell_to_boundary(cell):
        # The short way round: a street on the antimeridian is no wider than another.
        east = (corner_longitude - longitude + _EARTH_HALF) % (2 * _EARTH_HALF) - _EARTH_HALF
        corners.append((east * stretch * METRES_PER_DEGREE, (corner_latitude - latitude) * METRES_PER_DEGREE))
    return corners


def _touch(first: list[Point], second: list[Point]) -> bool:
    """Say whether two polygons share a point: an edge crosses, or one lies within the other."""
    return (
        any(_cross(*a, *b) for a in _edges(first) for b in _edges(second))
        or _inside(first[0], second)
        or _inside(second[0], first)
    )


def _edges(polygon: list[Point]) -> list[tuple[Point, Point]]:
    return [*itertools.pairwise(polygon), (polygon[-1], polygon[0])]


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return (_turn(a, b, c) > 0) != (_turn(a, b, d) > 0) and (_turn(c, d, a) > 0) != (_turn(c, d, b) > 0)


def _inside(point: Point, polygon: list[Point]) -> bool:
    """Count crossings of a ray to the east (even-odd rule)."""
    east, north = point
    within = False
    for (x1, y1), (x2, y2) in _edges(polygon):
        if (y1 > north) != (y2 > north) and east < (x2 - x1) * (north - y1) / (y2 - y1) + x1:
            within = not within
    return within
