# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tracks by their properties: whoever was seen is covered, also while the detector blinks; nobody crosses a cut."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from sunporch.redact.plan import Kind, Track
from sunporch.redact.track import EXTENDED, GAP, OFTEN, SURE, Scene, Seen, join

FRAMES, WIDTH, HEIGHT, TICK = 120, 640, 360, 6_000
sides = st.floats(8, 120, allow_nan=False)
sightings = st.lists(
    st.builds(
        Seen,
        frame=st.integers(0, FRAMES - 1),
        x=st.floats(-50, WIDTH + 10, allow_nan=False),
        y=st.floats(-50, HEIGHT + 10, allow_nan=False),
        width=sides,
        height=sides,
        score=st.floats(0.3, 1),
    ),
    max_size=60,
)
cuts = st.frozensets(st.integers(1, FRAMES - 1), max_size=3).map(lambda found: found | {0})


def scene(cuts=frozenset({0}), frames: int = FRAMES) -> Scene:
    return Scene([number * TICK for number in range(frames)], cuts, WIDTH, HEIGHT, frames * TICK)


def joined(seen, **how) -> tuple[Track, ...]:
    return join(seen, scene(**how), Kind.FACE)


def covered(tracks: tuple[Track, ...]) -> set[int]:
    """Return the frames on which anything is covered."""
    return {n for n in range(FRAMES) if any(b.from_90k <= n * TICK < b.to_90k for t in tracks for b in t.boxes)}


def hides(tracks, one: Seen) -> bool:
    """Say whether all of a sighting that lies in the picture is inside one box."""
    left, top = max(0, one.x), max(0, one.y)
    right, bottom = min(WIDTH, one.x + one.width), min(HEIGHT, one.y + one.height)
    return any(
        box.from_90k <= one.frame * TICK < box.to_90k
        and box.x <= left
        and box.y <= top
        and box.x + box.width >= right
        and box.y + box.height >= bottom
        for track in tracks
        for box in track.boxes
    )


def walking(frame: int, score: float = 0.9, pace: float = 3.0, x: float = 100) -> Seen:
    return Seen(frame, x + pace * frame, 100, 40, 50, score)


@given(sightings, cuts)
def test_whoever_was_surely_seen_is_covered_in_that_frame(seen, cuts):
    tracks = joined(seen, cuts=cuts)
    for one in seen:
        inside = one.x < WIDTH and one.y < HEIGHT and one.x + one.width > 0 and one.y + one.height > 0
        if one.score >= SURE and inside:
            assert hides(tracks, one)


@given(sightings, cuts, st.integers())
def test_the_order_in_which_sightings_come_changes_nothing(seen, cuts, seed):
    mixed = list(seen)
    random.Random(seed).shuffle(mixed)
    assert joined(mixed, cuts=cuts) == joined(seen, cuts=cuts)


@given(sightings, cuts)
def test_every_box_lies_in_the_picture_and_every_track_has_its_own_number_and_no_time_twice(seen, cuts):
    tracks = joined(seen, cuts=cuts)
    assert [track.id for track in tracks] == list(range(1, len(tracks) + 1))
    for track in tracks:
        assert track.covered == 1 and track.boxes
        assert all(b.x >= 0 and b.y >= 0 and b.x + b.width <= WIDTH and b.y + b.height <= HEIGHT for b in track.boxes)
        assert all(a.to_90k <= b.from_90k for a, b in zip(track.boxes, track.boxes[1:], strict=False))


@given(sightings, st.integers(1, FRAMES - 1))
def test_nobody_is_covered_beyond_a_cut(seen, cut):
    before = [one for one in seen if one.frame < cut]
    assert all(frame < cut for frame in covered(joined(before, cuts=frozenset({0, cut}))))
    after = [one for one in seen if one.frame >= cut]
    assert all(frame >= cut for frame in covered(joined(after, cuts=frozenset({0, cut}))))


def test_somebody_whom_the_detector_lost_for_a_while_is_one_track_covered_all_the_while():
    seen = [walking(frame) for frame in (40, 45, 45 + GAP, 50 + GAP)]
    [track] = joined(seen)
    assert covered((track,)) == set(range(40 - EXTENDED, 50 + GAP + EXTENDED + 1))
    assert all(hides((track,), walking(frame)) for frame in range(40, 51 + GAP))


def test_whoever_was_away_for_longer_is_another_track():
    assert len(joined([walking(frame, pace=0) for frame in (20, 25, 26 + GAP, 31 + GAP)])) == 2


def test_everybody_is_covered_for_ten_frames_before_the_first_and_after_the_last_sighting():
    assert covered(joined([walking(50)])) == set(range(50 - EXTENDED, 50 + EXTENDED + 1))
    [track] = joined([walking(50), walking(55)])
    assert all(hides((track,), walking(frame)) for frame in range(50 - EXTENDED, 56 + EXTENDED))
    assert covered(joined([walking(3)])) == set(range(4 + EXTENDED))


def test_two_people_who_walk_past_each_other_stay_two():
    one = [walking(frame, pace=8, x=0) for frame in range(0, 70, 5)]
    other = [Seen(frame, 580 - 8 * frame, 108, 40, 50, 0.9) for frame in range(0, 70, 5)]
    tracks = joined(one + other)
    assert len(tracks) == 2
    # Each goes on in its own direction: nobody turns round where they meet.
    for track in tracks:
        first, last = track.boxes[0], track.boxes[-1]
        assert abs(first.x - last.x) > 350


def test_somebody_who_comes_fast_and_is_missed_once_is_known_by_looking_back():
    # From the first sighting alone nobody can tell how fast they are; from the later ones it shows.
    comer = [Seen(frame, 100 + 15 * frame, 100, 40, 50, 0.9) for frame in (0, 10, 15, 20)]
    assert len(joined(comer)) == 1


def test_a_box_for_several_frames_hides_the_face_in_each():
    slow = [Seen(frame, 100 + 0.8 * frame, 100, 60, 60, 0.9) for frame in range(0, 60, 5)]
    [track] = joined(slow)
    assert len(track.boxes) < 30
    assert all(hides((track,), Seen(n, 100 + 0.8 * n - 11, 89, 82, 82, 0.9)) for n in range(55))


def test_who_was_doubtful_once_is_nobody_and_who_was_doubtful_often_is_somebody():
    doubtful = [walking(frame, score=SURE - 0.1) for frame in range(0, 5 * OFTEN, 5)]
    assert joined(doubtful[: OFTEN - 1]) == ()
    assert len(joined(doubtful)) == 1


def test_boxes_are_larger_than_the_face_by_two_fifths():
    [track] = joined([Seen(50, 100, 100, 50, 50, 0.9)])
    assert {(box.x, box.y, box.width, box.height) for box in track.boxes} == {(90, 90, 70, 70)}


def test_frames_that_stand_still_share_one_box():
    [track] = joined([walking(frame, pace=0) for frame in range(0, 100, 5)])
    assert len(track.boxes) == 1
