# SPDX-License-Identifier: AGPL-3.0-or-later
"""At home: does this camera's footage concern the request?"""

from __future__ import annotations

import math

import h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.docket.matching import E7, CameraPlace, Span, matches, sees
from tests.docket.people import CELLS, CENTRE

WINDOW = Span(1_000, 2_000)
ALWAYS = (Span(0, 10_000),)


def place(latitude: float, longitude: float, **look) -> CameraPlace:
    return CameraPlace(round(latitude * E7), round(longitude * E7), **look)


def beside(metres: float, angle: int, **look) -> CameraPlace:
    """A camera so many metres from the middle of an edge of the central cell, straight out, angle clockwise added."""
    latitude, longitude = h3.cell_to_latlng(CENTRE)
    corners = h3.cell_to_boundary(CENTRE)
    a, b = corners[0], corners[1]
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    stretch = math.cos(math.radians(latitude))
    north, east = middle[0] - latitude, (middle[1] - longitude) * stretch
    length = math.hypot(north, east)
    away = 1 + metres / (length * 111_319.49)
    bearing = round(math.degrees(math.atan2(-east, -north))) % 360
    return place(
        latitude + north * away, longitude + (middle[1] - longitude) * away, bearing=(bearing + angle) % 360, **look
    )


def test_a_camera_in_the_area_matches_whatever_it_looks_at():
    inside = place(*h3.cell_to_latlng(CENTRE), bearing=10, field_of_view=1, range_m=0)
    assert matches(CELLS, WINDOW, inside, ALWAYS) == (WINDOW,)


@pytest.mark.requirement("S4")
def test_a_camera_beside_the_area_matches_if_it_looks_in():
    assert sees(beside(20, 0, field_of_view=60), [CENTRE])
    assert not sees(beside(20, 180, field_of_view=60), [CENTRE])


def test_a_camera_sees_as_far_as_its_range():
    assert not sees(beside(40, 0, field_of_view=60), [CENTRE])
    assert sees(beside(40, 0, field_of_view=60, range_m=50), [CENTRE])
    assert not sees(beside(600, 0, field_of_view=60, range_m=5_000), [CENTRE])  # no camera sees 600 m


def test_a_camera_that_sees_all_round_sees_behind_itself():
    assert sees(beside(20, 180, field_of_view=360), [CENTRE])
    assert sees(beside(20, 180, field_of_view=359), [CENTRE])


def test_a_wedge_that_holds_a_whole_cell_touches_it():
    wide = beside(20, 0, field_of_view=170, range_m=500)
    assert sees(wide, [CENTRE])


def test_a_camera_elsewhere_does_not_match():
    elsewhere = place(40.0, -100.0)
    assert matches(CELLS, WINDOW, elsewhere, ALWAYS) == ()


def test_a_street_on_the_antimeridian_is_no_wider_than_another():
    cell = h3.latlng_to_cell(-17.8, 179.9999, 10)
    east_of_it = place(-17.8, -179.9998, range_m=200)
    assert sees(east_of_it, [cell])


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ((Span(0, 500),), ()),
        ((Span(500, 1_000),), ()),
        ((Span(500, 1_001),), (Span(1_000, 1_001),)),
        ((Span(1_999, 3_000),), (Span(1_999, 2_000),)),
        ((Span(2_000, 3_000),), ()),
        ((Span(1_500, 1_600), Span(1_100, 1_200)), (Span(1_100, 1_200), Span(1_500, 1_600))),
        ((Span(1_100, 1_200), Span(1_200, 1_300), Span(1_250, 1_260)), (Span(1_100, 1_300),)),
        ((Span(1_100, 1_100),), ()),
        ((), ()),
    ],
)
def test_what_was_recorded_in_the_window_is_joined_and_cut(recorded, expected):
    inside = place(*h3.cell_to_latlng(CENTRE))
    assert matches(CELLS, WINDOW, inside, recorded) == expected


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(Error) as raised:
        matches(CELLS, Span(2, 1), place(0, 0), ALWAYS)
    assert raised.value.id == "docket.times-reversed"


SPANS = st.lists(
    st.tuples(st.integers(900, 2_100), st.integers(0, 300)).map(lambda s: Span(s[0], s[0] + s[1])), max_size=8
)


@settings(max_examples=200, deadline=None)
@given(SPANS)
def test_every_matched_second_was_recorded_and_asked_for_and_none_is_left_out(recorded):
    inside = place(*h3.cell_to_latlng(CENTRE))
    found = [second for span in matches(CELLS, WINDOW, inside, recorded) for second in range(span.start, span.end)]
    wanted = {s for span in recorded for s in range(max(span.start, 1_000), min(span.end, 2_000))}
    assert len(found) == len(set(found))
    assert set(found) == wanted


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 359), st.integers(1, 360), st.integers(0, 500), st.integers(0, 120))
def test_what_a_narrow_camera_sees_a_wider_one_sees_too(bearing, width, reach, more):
    latitude, longitude = h3.cell_to_latlng(h3.grid_ring(CENTRE, 2)[0])
    narrow = place(latitude, longitude, bearing=bearing, field_of_view=width, range_m=reach)
    wide = place(latitude, longitude, bearing=bearing, field_of_view=min(360, width + more), range_m=reach + more)
    if sees(narrow, [CENTRE]):
        assert sees(wide, [CENTRE])
