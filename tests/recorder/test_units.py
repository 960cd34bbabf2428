# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packets to pictures, without camera, network or clock."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sunporch.recorder.gops import MAX_GOP_TICKS, GopMaker, bent_end
from sunporch.recorder.units import (
    TICKS,
    Break,
    Codec,
    RawPacket,
    Unit,
    UnitMaker,
    nal_units,
    parameter_sets,
    picture_starts,
)

STEP = TICKS // 15
START = b"\0\0\0\1"
FIRST = START + b"\x41\x9a\x00"  # a slice whose first_mb_in_slice is 0
LATER = START + b"\x41\x55\x00"  # a slice further down in the picture
KEY = START + b"\x67sps" + START + b"\x68pps" + START + b"\x65\x88\x80"


def run(packets: list[tuple[bytes, int | None, int]]) -> list[Unit]:
    """Return the units of (data, pts, arrival) packets."""
    maker = UnitMaker(Codec.H264, STEP)
    units = []
    for data, pts, arrival in packets:
        units += maker.push(RawPacket(data, pts, data.startswith(KEY), arrival))
    return units + maker.flush()


def steady(count: int, first: int = 0) -> list[tuple[bytes, int | None, int]]:
    """Return pictures in step, a keyframe first."""
    return [
        (KEY if number % 15 == 0 else FIRST, number * STEP, number * STEP) for number in range(first, first + count)
    ]


def test_the_first_keyframe_without_a_timestamp_is_dated_back_from_the_next():
    packets = steady(5)
    packets[0] = (KEY, None, 0)
    assert [unit.pts for unit in run(packets)] == [number * STEP for number in range(5)]
    assert run(packets)[0].keyframe


def test_a_first_keyframe_before_pictures_shown_in_another_order_is_dated_before_all_of_them():
    maker = UnitMaker(Codec.H264, STEP)
    shown = [None, 4, 2, 1, 3, 5]
    units: list[Unit] = []
    for place, number in enumerate(shown):
        pts = None if number is None else number * STEP
        units += maker.push(RawPacket(FIRST if place else KEY, pts, place == 0, place * STEP, settled=place >= 3))
    assert [unit.pts // STEP for unit in units + maker.flush()] == [0, 4, 2, 1, 3, 5]


def test_a_camera_that_never_settles_is_recorded_all_the_same():
    maker = UnitMaker(Codec.H264, STEP)
    units: list[Unit] = []
    for place in range(40):
        pts = place * STEP if place else None
        units += maker.push(RawPacket(FIRST if place else KEY, pts, place == 0, place * STEP, settled=False))
    assert [unit.pts for unit in units] == [place * STEP for place in range(39)]


def test_parameter_sets_that_a_camera_repeats_before_one_picture_count_once():
    sets, slice_ = KEY[:16], KEY[16:]
    assert parameter_sets(Codec.H264, sets + sets + slice_) == parameter_sets(Codec.H264, KEY)


def test_slices_of_one_picture_are_joined_and_never_dropped():
    packets: list[tuple[bytes, int | None, int]] = []
    for data, pts, arrival in steady(20):
        packets += [(data, pts, arrival), (LATER, pts, arrival)]
    units = run(packets)
    assert len(units) == 20
    assert all(unit.data.endswith(LATER) for unit in units)


def test_parameter_sets_that_come_alone_go_with_the_picture_after_them():
    sets, slice_ = KEY[:16], KEY[16:]
    units = run([(FIRST, 0, 0), (sets, STEP, STEP), (slice_, STEP, STEP), (FIRST, 2 * STEP, 2 * STEP)])
    assert [unit.data for unit in units] == [FIRST, KEY, FIRST]


def test_a_clock_that_goes_back_breaks_the_run_and_keeps_every_picture():
    packets = steady(20) + [(data, pts - 19 * STEP, at) for data, pts, at in steady(20, 20)]
    units = run(packets)
    assert len(units) == 40
    assert [number for number, unit in enumerate(units) if unit.broke is Break.PTS_RESET] == [20]
    assert [after.pts - before.pts for before, after in pairwise(units)] == [STEP] * 39


def test_a_clock_that_jumps_ahead_of_arrival_breaks_the_run_without_a_hole():
    packets = steady(20) + [(data, pts + 60 * TICKS, at) for data, pts, at in steady(20, 20)]
    units = run(packets)
    assert [unit.broke for unit in units].count(Break.PTS_RESET) == 1
    assert units[-1].pts == 39 * STEP


def moved_at_a_report(by: int, shown: list[int]) -> list[Unit]:
    """Return the units of pictures shown in this order, whose times FFmpeg moves at a sender report in the middle."""
    maker = UnitMaker(Codec.H264, STEP)
    units: list[Unit] = []
    for place, number in enumerate(shown):
        later = place >= len(shown) // 2
        data, pts = KEY if place % 15 == 0 else FIRST, number * STEP + by * later
        synced = place == len(shown) // 2
        units += maker.push(RawPacket(data, pts, place % 15 == 0, place * STEP, synced=synced))
    return units + maker.flush()


def test_times_that_a_sender_report_moves_begin_a_new_run_without_a_hole():
    units = moved_at_a_report(TICKS * 4 // 5, list(range(40)))
    assert [number for number, unit in enumerate(units) if unit.broke is Break.PTS_RESET] == [20]
    assert [unit.pts for unit in units] == [number * STEP for number in range(40)]


def test_a_sender_report_that_moves_nothing_ends_no_run():
    in_turns = [number + (2, -1, -1)[number % 3] for number in range(42)]
    for shown in (list(range(42)), in_turns):
        assert {unit.broke for unit in moved_at_a_report(3, shown)} == {Break.NONE}


def test_a_pause_of_the_camera_itself_is_no_jump():
    later = [(data, pts + 10 * TICKS, at + 10 * TICKS) for data, pts, at in steady(20, 20)]
    units = run(steady(20) + later)
    assert {unit.broke for unit in units} == {Break.NONE}
    assert units[-1].pts == 39 * STEP + 10 * TICKS


def test_a_clock_that_stands_still_is_replaced_by_arrival():
    packets = steady(20) + [(data, 19 * STEP, at) for data, _, at in steady(40, 20)]
    units = run(packets)
    assert len(units) == 60
    assert [unit.broke for unit in units].count(Break.CLOCK_FROZEN) == 1
    assert abs(units[-1].pts - 59 * STEP) <= STEP


def test_pictures_without_any_timestamp_are_timed_by_arrival():
    units = run([(KEY, None, 0), *((FIRST, None, number * STEP) for number in range(1, 30))])
    assert len(units) == 30
    assert abs(units[-1].pts - 29 * STEP) <= 2 * STEP


def test_pictures_that_are_shown_out_of_order_are_no_break():
    order = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    packets = [(KEY if place == 0 else FIRST, shown * STEP, place * STEP) for place, shown in enumerate(order)]
    units = run(packets)
    assert [unit.pts // STEP for unit in units] == order
    assert {unit.broke for unit in units} == {Break.NONE}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([KEY, FIRST, LATER, START, b"", b"\0\0\1"]),
            st.none() | st.integers(-(2**40), 2**40),
            st.integers(0, TICKS),
        ),
        max_size=60,
    )
)
def test_whatever_a_camera_sends_no_byte_is_lost_and_keyframes_never_go_back(
    packets: list[tuple[bytes, int | None, int]],
):
    arrival = 0
    timed = []
    for data, pts, passed in packets:
        arrival += passed
        timed.append((data, pts, arrival))
    units = run(timed)
    assert b"".join(unit.data for unit in units) == b"".join(data for data, _, _ in packets)
    keys = [unit.pts for unit in units if unit.keyframe]
    assert all(before <= after + 2 * TICKS for before, after in pairwise(keys))


@given(st.binary(max_size=400))
def test_any_bytes_can_be_looked_through(data: bytes):
    for codec in Codec:
        list(nal_units(data))
        picture_starts(codec, data)
        parameter_sets(codec, data)


def test_parameter_sets_are_found_in_both_codecs():
    assert parameter_sets(Codec.H264, KEY) == KEY[:16]
    hevc = START + b"\x40\x01v" + START + b"\x42\x01s" + START + b"\x44\x01p" + START + b"\x26\x01\x80"
    assert parameter_sets(Codec.HEVC, hevc) == hevc[:21]
    assert picture_starts(Codec.HEVC, hevc) is True


def unit(pts: int, *, keyframe: bool = False, size: int = 10) -> Unit:
    """Return a picture at a time."""
    return Unit(bytes(size), pts, keyframe, pts)


def test_what_comes_before_the_first_keyframe_is_counted_and_not_kept():
    maker = GopMaker(STEP)
    assert maker.push(unit(0)) is None
    maker.push(unit(STEP, keyframe=True))
    gop = maker.push(unit(2 * STEP, keyframe=True))
    assert gop is not None
    assert [one.pts for one in gop.units] == [STEP]
    assert maker.skipped == 1


def test_a_group_that_never_ends_is_cut_after_ten_seconds():
    maker = GopMaker(STEP)
    groups = [maker.push(unit(number * STEP, keyframe=number == 0)) for number in range(15 * 25)]
    cut = [gop for gop in groups if gop is not None]
    assert [gop.end - gop.start for gop in cut] == [MAX_GOP_TICKS, MAX_GOP_TICKS]
    assert [gop.keyframe for gop in cut] == [True, False]


def test_wall_time_is_bent_by_at_most_500_ppm():
    start, media = 10**12, 10 * TICKS
    assert bent_end(start, media, start + media + 100) == start + media + 100
    assert bent_end(start, media, start + 2 * media) == start + media + 450
    assert bent_end(start, media, start) == start + media - 450
