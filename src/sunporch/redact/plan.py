# SPDX-License-Identifier: AGPL-3.0-or-later
"""What shall be covered, pure: tracks of boxes over time, and which boxes lie on a frame.

Boxes are whole pixels of the displayed picture; times are 90 kHz ticks from the start of the cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.redact.errors import PLAN_REFUSED, TRACKS_MALFORMED

TICKS = 90_000
FORMAT = "sunporch/tracks/v1"
MAX_SECONDS = 15 * 60
MAX_TRACKS = 501  # 500 who were found or drawn, and one of zones
MAX_ZONES = 20
WHOLE = 1_000  # of a picture's width or height, for zones
MAX_BOXES = 54_000  # of one track: 15 minutes at 60 frames a second
MAX_PIXELS = 7_680 * 4_320


class Kind(StrEnum):
    """What a track follows."""

    FACE = "face"
    PLATE = "plate"
    PERSON = "person"
    MANUAL = "manual"
    ZONE = "zone"


@dataclass(frozen=True)
class Box:
    """A rectangle that is covered from `from_90k` until before `to_90k`."""

    x: int
    y: int
    width: int
    height: int
    from_90k: int
    to_90k: int


@dataclass(frozen=True)
class Zone:
    """A rectangle that is covered in every frame, in thousandths of the picture's width and height."""

    x: int
    y: int
    width: int
    height: int

    def on(self, width: int, height: int, until_90k: int) -> Box:
        """Return the box on a picture of this size: its edges grow outward to whole pixels."""
        left, top = self.x * width // WHOLE, self.y * height // WHOLE
        right = -(-(self.x + self.width) * width // WHOLE)
        bottom = -(-(self.y + self.height) * height // WHOLE)
        return Box(left, top, right - left, bottom - top, 0, until_90k)


@dataclass(frozen=True)
class Track:
    """One thing through time; `covered` 0 means that the resident chose to leave it visible."""

    id: int
    kind: Kind
    covered: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Plan:
    """A cut [start_90k, end_90k) of wall time (90 kHz ticks since the epoch), its tracks, and whether sound stays.

    `detector` names what found the tracks, for the report. `zones` are covered whatever the tracks are.

    Raises `redact.plan-refused` when made with times or boxes that cannot be.
    """

    start_90k: int
    end_90k: int
    tracks: tuple[Track, ...] = ()
    sound: bool = False
    detector: str = ""
    zones: tuple[Zone, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start_90k < self.end_90k:
            raise PLAN_REFUSED(reason="it ends before it begins")
        if self.end_90k - self.start_90k > MAX_SECONDS * TICKS:
            raise PLAN_REFUSED(reason=f"it is longer than {MAX_SECONDS // 60} minutes")
        if len(self.tracks) > MAX_TRACKS or len({track.id for track in self.tracks}) != len(self.tracks):
            raise PLAN_REFUSED(reason=f"it has more than {MAX_TRACKS} tracks, or two of one number")
        if len(self.zones) > MAX_ZONES:
            raise PLAN_REFUSED(reason=f"it has more than {MAX_ZONES} zones")
        for zone in self.zones:
            edges = (zone.x, zone.y, zone.x + zone.width, zone.y + zone.height)
            if min(zone.width, zone.height) < 1 or min(edges) < 0 or max(edges) > WHOLE:
                raise PLAN_REFUSED(reason="a zone has no area, or lies outside the picture")
        for track in self.tracks:
            if not 1 <= len(track.boxes) <= MAX_BOXES or track.covered not in (0, 1):
                raise PLAN_REFUSED(reason=f"track {track.id} has no box, or more than {MAX_BOXES}")
            for box in track.boxes:
                if min(box.width, box.height) < 1 or min(box.x, box.y) < 0 or box.from_90k >= box.to_90k:
                    raise PLAN_REFUSED(reason=f"track {track.id} has a box without area or duration")

    def placed(self, width: int, height: int) -> Plan:
        """Return the plan for pictures of this size: its zones are one more track, of as many boxes."""
        if not self.zones:
            return self
        length = self.end_90k - self.start_90k
        boxes = tuple(zone.on(width, height, length) for zone in self.zones)
        number = max((track.id for track in self.tracks), default=0) + 1
        return replace(self, tracks=(*self.tracks, Track(number, Kind.ZONE, 1, boxes)), zones=())

    def covering(self, at_90k: int) -> Iterator[tuple[Track, Box]]:
        """Yield the boxes to paint on a frame at this time from the start of the cut, and whose they are."""
        for track, box in self._by_second.get(at_90k // TICKS, ()):
            if box.from_90k <= at_90k < box.to_90k:
                yield track, box

    @cached_property
    def _by_second(self) -> dict[int, list[tuple[Track, Box]]]:
        """What is covered in each second: a clip has thousands of boxes, and a frame a handful."""
        found: dict[int, list[tuple[Track, Box]]] = defaultdict(list)
        last = (self.end_90k - self.start_90k - 1) // TICKS
        for track in self.tracks:
            for box in track.boxes if track.covered else ():
                for second in range(max(0, box.from_90k // TICKS), min(last, (box.to_90k - 1) // TICKS) + 1):
                    found[second].append((track, box))
        return found

    @property
    def visible(self) -> int:
        """How many people or plates were found and left visible by choice."""
        return sum(1 for track in self.tracks if not track.covered and track.kind is not Kind.MANUAL)


def save(tracks: tuple[Track, ...]) -> str:
    """Return the track file: one strict JSON line, the same for the same tracks."""
    listed = [asdict(track) | {"boxes": [asdict(box) for box in track.boxes]} for track in tracks]
    return strictjson.dumps({"format": FORMAT, "tracks": listed})


def load(untrusted: str | bytes) -> tuple[Track, ...]:
    """Return the tracks of a track file; raises `redact.tracks-malformed`."""
    try:
        value = strictjson.loads(untrusted)
    except Error as error:
        raise TRACKS_MALFORMED(reason=error.params["reason"]) from error
    if set(value) != {"format", "tracks"} or value["format"] != FORMAT or not isinstance(value["tracks"], list):
        raise TRACKS_MALFORMED(reason="its form is not known here")
    return tuple(_track(item) for item in value["tracks"])


def _track(value: Any) -> Track:
    if not isinstance(value, dict) or set(value) != {"id", "kind", "covered", "boxes"}:
        raise TRACKS_MALFORMED(reason="a track has not the fields id, kind, covered, boxes")
    if value["kind"] not in set(Kind) or not isinstance(value["boxes"], list):
        raise TRACKS_MALFORMED(reason="a track's kind or boxes are not known here")
    names = ("x", "y", "width", "height", "from_90k", "to_90k")
    for box in value["boxes"]:
        if not isinstance(box, dict) or set(box) != set(names) or any(type(box[name]) is not int for name in names):
            raise TRACKS_MALFORMED(reason="a box is not six whole numbers")
    if type(value["id"]) is not int or value["covered"] not in (0, 1):
        raise TRACKS_MALFORMED(reason="a track's number or choice is not a number")
    boxes = tuple(Box(**box) for box in value["boxes"])
    return Track(value["id"], Kind(value["kind"]), value["covered"], boxes)
