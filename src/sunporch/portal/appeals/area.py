# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's map cells as a drawing: no tiles, no third party, only what the town's own rules say.

Pure: cells and households in, whole numbers for an SVG out. Shapes that people describe snap to cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import h3

from sunporch.policy import Bundle

type Line = Sequence[tuple[float, float]]  # latitude and longitude in degrees, from point to point

# The drawing is so many units wide; a cell's corner is a pair of whole numbers.
WIDTH = 1_000
# A town of more cells is drawn in part: those nearest to what is chosen.
MOST_DRAWN = 700
# A drawing to look at only: what is chosen, and so many cells around it.
NEIGHBOURS = 120
LEAST_RADIUS, MOST_RADIUS = 50, 2_000  # metres around a place
HECTARES_TENTHS = 15  # of one cell at resolution 10, about
SHADES = 4
_NUMBERS = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Cell:
    """One cell of the drawing: its corners as SVG `points`, how many households, how dark (0-3)."""

    id: str
    points: str
    x: int
    y: int
    households: int
    shade: int
    place: str
    chosen: bool


@dataclass(frozen=True)
class Drawing:
    """The cells that are drawn, and the size of the drawing in its own units."""

    cells: tuple[Cell, ...]
    width: int
    height: int
    whole: bool
    labels: tuple[tuple[int, int, str], ...]
    streets: tuple[str, ...]


def households(bundle: Bundle, cells: Iterable[str]) -> int:
    """Return how many households the cells have together."""
    return sum(bundle.grid.get(cell, 0) for cell in cells)


def hectares(cells: int) -> int:
    """Return about how many hectares so many cells are."""
    return round(cells * HECTARES_TENTHS / 10)


def places_named(bundle: Bundle) -> dict[str, str]:
    """Return the places that the rules name, each with its first cell."""
    return {place.name: min(place.cells) for place in bundle.places if place.cells}


def centre_of(untrusted_place: str, bundle: Bundle, crossings: Mapping[str, tuple[float, float]]) -> str | None:
    """Return the cell of a crossing, a place, a cell's own name or `latitude, longitude`; None if there is none."""
    wanted = untrusted_place.strip()
    for name, (latitude, longitude) in crossings.items():
        if name.casefold() == wanted.casefold():
            return str(h3.latlng_to_cell(latitude, longitude, 10))
    for name, cell in places_named(bundle).items():
        if name.casefold() == wanted.casefold():
            return cell
    if wanted in bundle.grid:
        return wanted
    numbers = _NUMBERS.fullmatch(wanted)
    if numbers is None:
        return None
    latitude, longitude = float(numbers[1]), float(numbers[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return str(h3.latlng_to_cell(latitude, longitude, 10))


def around(cell: str, metres: int, bundle: Bundle) -> tuple[str, ...]:
    """Return the town's cells whose middle lies within so many metres of the middle of the cell."""
    middle = h3.cell_to_latlng(cell)
    near = {other for other in bundle.grid if _metres(middle, other) <= metres}
    return tuple(sorted(near | ({cell} & set(bundle.grid))))


def _metres(point: tuple[float, float], cell: str) -> float:
    return float(h3.great_circle_distance(point, h3.cell_to_latlng(cell), "m"))


def middle_of(cells: Iterable[str], bundle: Bundle) -> str:
    """Return the cell in the middle of what is chosen, or of the town where the most households stand together."""
    points = [h3.cell_to_latlng(cell) for cell in cells] or [h3.cell_to_latlng(cell) for cell in bundle.grid]
    latitude = sum(point[0] for point in points) / len(points)
    longitude = sum(point[1] for point in points) / len(points)
    return str(h3.latlng_to_cell(latitude, longitude, 10))


def draw(bundle: Bundle, chosen: Iterable[str], lines: Iterable[Line] = (), most: int | None = None) -> Drawing:
    """Return the drawing of the town, or of its `most` cells around what is chosen; `lines` are its streets."""
    picked = set(chosen)
    middle = h3.cell_to_latlng(middle_of(picked & set(bundle.grid), bundle))
    shown = sorted(bundle.grid, key=lambda cell: _metres(middle, cell))[: most or MOST_DRAWN]
    paper = _Paper.around(middle[0], [point for cell in shown for point in h3.cell_to_boundary(cell)])
    densest = max(bundle.grid.values(), default=0)
    named = {cell: place.name for place in bundle.places for cell in place.cells}
    cells = []
    for cell in shown:
        points = [paper.at(point) for point in h3.cell_to_boundary(cell)]
        x, y = paper.at(h3.cell_to_latlng(cell))
        count = bundle.grid[cell]
        shade = min(SHADES - 1, count * SHADES // (densest + 1))
        cells.append(Cell(cell, _text(points), x, y, count, shade, named.get(cell, ""), cell in picked))
    cells.sort(key=lambda cell: (cell.y, cell.x))
    labels = tuple(
        (cell.x, cell.y, place.name)
        for place in bundle.places
        for cell in cells
        if place.cells and cell.id == min(place.cells)
    )
    streets = tuple(_text([paper.at(point) for point in line]) for line in lines)
    return Drawing(tuple(cells), WIDTH, paper.height, len(shown) == len(bundle.grid), labels, streets)


def picture(bundle: Bundle, cells: Sequence[str], lines: Iterable[Line]) -> Drawing:
    """Return a small drawing of an appeal's area and what lies around it."""
    return draw(bundle, cells, lines, len(cells) + NEIGHBOURS)


def _text(points: Iterable[tuple[int, int]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


@dataclass(frozen=True)
class _Paper:
    """Where degrees lie on the drawing: east to the right, north up, as long as wide at this latitude."""

    squeeze: float
    left: float
    top: float
    scale: float
    height: int

    @classmethod
    def around(cls, latitude: float, points: list[tuple[float, float]]) -> _Paper:
        squeeze = math.cos(math.radians(latitude))
        across = [longitude * squeeze for _, longitude in points]
        down = [-north for north, _ in points]
        scale = WIDTH / max(max(across) - min(across), 1e-9)
        return cls(squeeze, min(across), min(down), scale, round((max(down) - min(down)) * scale))

    def at(self, point: tuple[float, float]) -> tuple[int, int]:
        latitude, longitude = point
        return round((longitude * self.squeeze - self.left) * self.scale), round((-latitude - self.top) * self.scale)
