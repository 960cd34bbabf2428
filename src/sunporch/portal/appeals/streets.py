# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's street crossings, from its own GeoJSON: where two lines of different names share a point.

The operator lays `streets.geojson` into the portal's folder; without it there are only places and numbers.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

FILE = "streets.geojson"
MOST_BYTES = 32 * 1024 * 1024

type Point = tuple[float, float]  # latitude, longitude in degrees


@dataclass(frozen=True)
class Streets:
    """The town's streets as lines, and where two of them meet, by both names: `Elm Street & Maple Street`."""

    lines: tuple[tuple[Point, ...], ...] = ()
    crossings: Mapping[str, Point] = field(default_factory=dict)


def known() -> Streets:
    """Return the town's streets; none where no file is there."""
    path: Path = settings.SUNPORCH.data_dir / FILE
    if not path.is_file():
        return Streets()
    at = path.stat()
    return _read(path, at.st_mtime_ns, at.st_size)


@functools.lru_cache(maxsize=2)
def _read(path: Path, changed: int, size: int) -> Streets:
    del changed
    return Streets() if size > MOST_BYTES else streets(json.loads(path.read_text(encoding="utf-8")))


def streets(untrusted: Mapping[str, Any]) -> Streets:
    """Return the named lines of a GeoJSON FeatureCollection, and where lines of different names share a point."""
    at: dict[Point, set[str]] = {}
    drawn: list[tuple[Point, ...]] = []
    for feature in untrusted.get("features") or ():
        name = str((feature.get("properties") or {}).get("name") or "").strip()
        geometry = feature.get("geometry") or {}
        kind, coordinates = geometry.get("type"), geometry.get("coordinates") or []
        lines = coordinates if kind == "MultiLineString" else [coordinates] if kind == "LineString" else []
        for line in lines if name else ():
            points = tuple((float(latitude), float(longitude)) for longitude, latitude, *_ in line)
            drawn.append(points)
            for point in points:
                at.setdefault(point, set()).add(name)
    meet = {" & ".join(sorted(names)): point for point, names in sorted(at.items()) if len(names) > 1}
    return Streets(tuple(drawn), meet)
