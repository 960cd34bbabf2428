# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's street crossings, from its own GeoJSON: where two lines of different names share a point.

The operator lays `streets.geojson` into the portal's folder; without it there are only places and numbers.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from django.conf import settings

FILE = "streets.geojson"
MOST_BYTES = 32 * 1024 * 1024

type Point = tuple[float, float]  # latitude, longitude in degrees


def known() -> dict[str, Point]:
    """Return the crossings by name, `Maple Street and Elm Street`; none where no file is there."""
    path: Path = settings.SUNPORCH.data_dir / FILE
    if not path.is_file():
        return {}
    at = path.stat()
    return _read(path, at.st_mtime_ns, at.st_size)


@functools.lru_cache(maxsize=2)
def _read(path: Path, changed: int, size: int) -> dict[str, Point]:
    del changed
    if size > MOST_BYTES:
        return {}
    return crossings(json.loads(path.read_text(encoding="utf-8")))


def crossings(streets: dict[str, object]) -> dict[str, Point]:
    """Return where named lines of a GeoJSON FeatureCollection meet, by both names in alphabetical order."""
    at: dict[Point, set[str]] = {}
    features = streets.get("features")
    for feature in features if isinstance(features, list) else []:
        name = str((feature.get("properties") or {}).get("name") or "").strip()
        geometry = feature.get("geometry") or {}
        lines = geometry.get("coordinates", []) if geometry.get("type") == "MultiLineString" else []
        lines = [geometry.get("coordinates", [])] if geometry.get("type") == "LineString" else lines
        for longitude, latitude, *_ in (point for line in lines for point in line) if name else ():
            at.setdefault((float(latitude), float(longitude)), set()).add(name)
    return {" & ".join(sorted(names)): point for point, names in sorted(at.items()) if len(names) > 1}
