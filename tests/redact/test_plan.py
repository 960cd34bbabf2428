# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from sunporch.base.errors import Error
from sunporch.redact import plan
from sunporch.redact.plan import TICKS, Box, Kind, Plan, Track, Zone

TRACKS = (
    Track(1, Kind.FACE, 1, (Box(0, 0, 10, 10, 0, TICKS), Box(5, 0, 10, 10, TICKS, 2 * TICKS))),
    Track(2, Kind.PERSON, 0, (Box(50, 50, 10, 30, 0, TICKS),)),
    Track(3, Kind.MANUAL, 0, (Box(5, 5, 1, 1, 0, 1),)),
)


def test_only_covered_tracks_are_painted_and_only_in_their_time():
    made = Plan(0, 5 * TICKS, TRACKS)
    assert list(made.covering(0)) == [(TRACKS[0], TRACKS[0].boxes[0])]
    assert list(made.covering(TICKS)) == [(TRACKS[0], TRACKS[0].boxes[1])]
    assert list(made.covering(3 * TICKS)) == []


def test_people_left_visible_are_counted():
    assert Plan(0, TICKS, TRACKS).visible == 1


def test_zones_are_one_more_track_whose_edges_grow_to_whole_pixels():
    made = Plan(TICKS, 3 * TICKS, TRACKS, zones=(Zone(1, 0, 333, 1000), Zone(999, 999, 1, 1)))
    *others, zone = made.placed(320, 180).tracks
    assert tuple(others) == TRACKS
    boxes = (Box(0, 0, 107, 180, 0, 2 * TICKS), Box(319, 179, 1, 1, 0, 2 * TICKS))
    assert zone == Track(4, Kind.ZONE, 1, boxes)
    assert made.visible == made.placed(320, 180).visible == 1
    assert Plan(0, 5, TRACKS).placed(320, 180) == Plan(0, 5, TRACKS)


@pytest.mark.parametrize(
    "zones", [(Zone(-1, 0, 5, 5),), (Zone(0, 0, 0, 5),), (Zone(0, 996, 5, 5),), (Zone(0, 0, 5, 5),) * 21]
)
def test_a_zone_that_is_none_is_refused(zones):
    with pytest.raises(Error) as caught:
        Plan(0, 5, zones=zones)
    assert caught.value.id == "redact.plan-refused"


def test_tracks_are_saved_and_read_back_as_the_same_line():
    assert plan.load(plan.save(TRACKS)) == TRACKS
    assert plan.save(plan.load(plan.save(TRACKS))) == plan.save(TRACKS)


@pytest.mark.parametrize(
    ("start", "end", "tracks"),
    [
        (5, 5, ()),
        (-1, 5, ()),
        (0, 16 * 60 * TICKS, ()),
        (0, 5, (TRACKS[0], TRACKS[0])),
        (0, 5, (Track(1, Kind.FACE, 1, ()),)),
        (0, 5, (Track(1, Kind.FACE, 2, TRACKS[0].boxes),)),
        (0, 5, (Track(1, Kind.FACE, 1, (Box(-1, 0, 5, 5, 0, 1),)),)),
        (0, 5, (Track(1, Kind.FACE, 1, (Box(0, 0, 0, 5, 0, 1),)),)),
        (0, 5, (Track(1, Kind.FACE, 1, (Box(0, 0, 5, 5, 3, 3),)),)),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused(start, end, tracks):
    with pytest.raises(Error) as caught:
        Plan(start, end, tracks)
    assert caught.value.id == "redact.plan-refused"


def broken(change) -> str:
    value = json.loads(plan.save(TRACKS))
    change(value)
    return json.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        broken(lambda v: v.update(format="x")),
        broken(lambda v: v.update(tracks=1)),
        broken(lambda v: v["tracks"][0].pop("id")),
        broken(lambda v: v["tracks"][0].update(kind="dog")),
        broken(lambda v: v["tracks"][0].update(boxes=1)),
        broken(lambda v: v["tracks"][0]["boxes"][0].pop("x")),
        broken(lambda v: v["tracks"][0]["boxes"][0].update(x="0")),
        broken(lambda v: v["tracks"][0].update(id="1")),
        broken(lambda v: v["tracks"][0].update(covered=3)),
    ],
)
def test_a_damaged_track_file_is_named(text):
    with pytest.raises(Error) as caught:
        plan.load(text)
    assert caught.value.id == "redact.tracks-malformed"
