# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a camera shows now: every picture in its order, in memory, bounded, in pieces that a player joins."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from sunporch.recorder import live as live_room
from sunporch.recorder.live import LATE_TICKS, Live
from sunporch.recorder.units import TICKS, Codec, Unit
from sunporch.town.clips import cached_clip, read_frame_number
from tests.recorder.faultcam import annexb_units

STEP = TICKS // 15
GOP = 15


def unit(pictures: list[bytes], number: int) -> Unit:
    return Unit(pictures[number], number * STEP, number % GOP == 0, number * STEP)


def seen(film: bytes) -> list[int]:
    with av.open(io.BytesIO(film)) as container:
        return [read_frame_number(frame) for frame in container.decode(video=0)]


@pytest.fixture
def camera() -> Live:
    made = Live()
    made.begin(Codec.H264, b"", STEP)
    return made


def test_whoever_asks_again_and_again_sees_every_picture_once(camera, pictures):
    film, run, after = b"", "", 0
    for number in range(70):
        camera.push(unit(pictures, number))
        if number % 4 == 3:
            part = camera.part(run, after)
            assert part.begins is (film == b"")
            film, run, after = film + part.data, part.run, part.following
            assert part.arrived == number * STEP
    assert seen(film) == list(range(68))
    assert camera.part(run, 70).data == b""
    assert part.media_type == 'video/mp4; codecs="avc1.4d400c"'


def test_whoever_comes_late_begins_with_the_newest_whole_picture_and_has_all_since(camera, pictures):
    for number in range(40):
        camera.push(unit(pictures, number))
    for run, after in (("", 0), ("another", 38), (camera.part("", 0).run, 41)):
        part = camera.part(run, after)
        assert part.begins and seen(part.data) == list(range(30, 40))
    assert seen(camera.whole().data) == [30]


def test_no_more_is_kept_than_the_newest_group_and_two_seconds(camera, pictures):
    for number in range(200):
        camera.push(unit(pictures, number))
    kept = [one.unit.pts for one in camera._kept]
    assert kept[-1] - kept[0] <= LATE_TICKS
    assert camera._bytes == sum(len(one.unit.data) for one in camera._kept)


def test_a_camera_that_hardly_ever_sends_a_whole_picture_fills_no_memory(camera, pictures, monkeypatch):
    most = len(pictures[0]) + 10 * len(pictures[1])
    monkeypatch.setattr(live_room, "MAX_LIVE_BYTES", most)
    part = None
    for number in range(100):
        camera.push(unit(pictures, 0) if number == 0 else Unit(pictures[1], number * STEP, False, number * STEP))
        assert camera._bytes <= most
        part = camera.part(part.run, part.following) if part else camera.part("", 0)
        assert part.data  # whoever was there from the beginning misses nothing
    assert camera.part("", 0) is None and camera.whole() is None


def test_nothing_is_live_before_the_first_whole_picture_nor_after_the_connection(camera, pictures):
    camera.push(unit(pictures, 3))
    assert camera.part("", 0) is None
    camera.push(unit(pictures, 15))
    assert camera.part("", 0) is not None
    camera.end()
    assert camera.part("", 0) is None and camera.whole() is None


def test_another_size_of_the_picture_begins_anew(camera, pictures, clips):
    for number in range(20):
        camera.push(unit(pictures, number))
    before = camera.part("", 0)
    other = annexb_units(cached_clip(clips, 2, size="640x360"))
    camera.push(Unit(other[0], 20 * STEP, True, 20 * STEP))
    part = camera.part(before.run, before.following)
    assert part.begins and part.run != before.run and seen(part.data) == [0]


def test_pictures_that_are_sent_in_another_order_than_they_are_shown_go_on_without_a_break(camera):
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 15), 15
    encoder.options = {
        "x264-params": "keyint=15:scenecut=0:bframes=3:b-adapt=0:b-pyramid=normal:threads=1:open-gop=0"
    }
    packets = []
    for number in range(60):
        frame = VideoFrame.from_ndarray(np.full((64, 64, 3), number * 4, np.uint8), format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    film, run, after = b"", "", 0
    for packet in packets:
        camera.push(Unit(bytes(packet), packet.pts * STEP, packet.is_keyframe, packet.pts * STEP))
        part = camera.part(run, after)
        film, run, after = (part.data if part.begins else film + part.data), part.run, part.following
    with av.open(io.BytesIO(film)) as container:
        times = [(packet.dts, packet.pts) for packet in container.demux(video=0) if packet.size]
    decode = [dts for dts, _ in times]
    assert decode == sorted(set(decode)) and all(dts <= pts for dts, pts in times)
    with av.open(io.BytesIO(film)) as container:
        greys = [int(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    assert len(greys) >= 50 and greys == sorted(greys)


def test_the_kind_of_film_that_a_browser_is_asked_about_is_the_one_of_its_description():
    encoder = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 15), 15
    encoder.options = {"x265-params": "log-level=none"}
    frame = VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    camera = Live()
    camera.begin(Codec.HEVC, bytes(encoder.extradata or b""), STEP)
    camera.push(Unit(bytes(packets[0]), 0, True, 0))
    # Main profile, compatible with 1 and 2, main tier, level 1, progressive: ISO/IEC 14496-15, E.3.
    assert camera.part("", 0).media_type == 'video/mp4; codecs="hvc1.1.6.L30.90"'
