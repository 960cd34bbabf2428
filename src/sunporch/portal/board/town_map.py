# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the appeals of a page ask, and sensitive places, on the town's own cells. A list says the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import RequestState, State
from sunporch.policy import Bundle
from sunporch.portal.appeals import area, streets
from sunporch.portal.board import plain_rules
from sunporch.portal.record import public_record


@dataclass(frozen=True)
class Asked:
    """One appeal on the map: its cells as SVG `points`, and whether it is open."""

    index: int
    outlines: tuple[str, ...]
    open: bool


@dataclass(frozen=True)
class Sign:
    """The numbers of the open appeals that ask about one place, and where they stand on the drawing."""

    x: int
    y: int
    numbers: str


@dataclass(frozen=True)
class TownMap:
    """The drawing of the town and what is asked there; those asked last lie on top."""

    drawing: area.Drawing
    asked: tuple[Asked, ...]
    signs: tuple[Sign, ...]


def of(state: State, requests: Sequence[RequestState], now: int) -> TownMap | None:
    """Return the map of these appeals, None without any or before there are rules, which hold the cells."""
    policy = state.policy_in_force(now)
    bundle = public_record().bundle(policy.index) if policy is not None else None
    if bundle is None or not requests:
        return None
    opened = {asked.index for asked in requests if asked.phase(now) is RequestPhase.OPEN}
    cells = {asked.index: asked.entry.cells for asked in requests}
    return draw(bundle, cells, opened, streets.known().lines)


def draw(bundle: Bundle, cells: Mapping[int, Sequence[str]], opened: set[int], lines: Iterable[area.Line]) -> TownMap:
    """Return the map of appeals by index, each with its cells."""
    everywhere = [cell for asked in cells.values() for cell in asked]
    drawing = area.draw(bundle, everywhere, lines)
    shown = {cell.id: cell for cell in drawing.cells}
    asked = [
        Asked(index, tuple(shown[cell].points for cell in cells[index] if cell in shown), index in opened)
        for index in sorted(cells)
    ]
    numbers: dict[str, list[int]] = {}
    for index in sorted(opened & set(cells)):
        middle = area.middle_of(cells[index], bundle)
        place = next((cell for cell in (middle, *cells[index]) if cell in shown), None)
        if place is not None:
            numbers.setdefault(place, []).append(index)
    signs = [Sign(shown[cell].x, shown[cell].y, ", ".join(map(str, found))) for cell, found in numbers.items()]
    return TownMap(drawing, tuple(one for one in asked if one.outlines), tuple(signs))


def places(bundle: Bundle) -> dict[str, Any]:
    """Return the sensitive places of rules, each in words, and the map on which they stand."""
    cells = [cell for place in bundle.places for cell in place.cells]
    return {
        "listed": [{"name": place.name, "what": plain_rules.place(place)} for place in bundle.places],
        "drawing": area.draw(bundle, cells, streets.known().lines),
    }
