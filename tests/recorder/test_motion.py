# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody walks by: the timeline is marked by the bytes of pictures alone, where the camera lets it be."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from sunporch.base.clock import ManualClock
from sunporch.recorder.gops import Gop
from sunporch.recorder.motion import LEAST_SECONDS, MotionMeter
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import TICKS, Codec, RawPacket, Unit
from sunporch.town.faces import Face, draw
from sunporch.vault import Vault

NOW = 1_700_000_000
RATE = 15
SECONDS, COMES, GOES = 40, 25, 32
# Twice as far above the usual as pictures stray by themselves (`hub.cameras.pages.LEAST_MOTION`).
LEAST = 16
KEYS = "keyint=30:min-keyint=30:scenecut=0:threads=1"
VARIABLE = {"preset": "veryfast", "crf": "26", "x264-params": KEYS}
CONSTANT = {
    "preset": "veryfast",
    "x264-params": f"{KEYS}:nal-hrd=cbr:bitrate=300:vbv-maxrate=300:vbv-bufsize=300:bframes=0",
}


@cache
def street(walked: bool, constant: bool = False, width: int = 50) -> tuple[tuple[bytes, int, bool], ...]:
    """A street with a sensor's noise and slow light; somebody walks by in the seconds [COMES, GOES)."""
    chance = np.random.default_rng(1)
    noise = [chance.normal(0, 3, (180, 320, 3)) for _ in range(6)]
    wall = np.add.outer(np.linspace(80, 160, 180), 20 * np.sin(np.linspace(0, 40, 320)))[..., None].repeat(3, 2)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 180, "yuv420p", Fraction(1, RATE)
    encoder.framerate, encoder.options = Fraction(RATE, 1), {**(CONSTANT if constant else VARIABLE)}
    packets = []
    for number in range(SECONDS * RATE):
        picture = np.clip(wall + 12 * np.sin(number / 400), 0, 255).astype(np.uint8)
        if walked and COMES * RATE <= number < GOES * RATE:
            draw(picture, Face.of(3), (number - COMES * RATE) * 3.0, 90, width)
        grain = np.roll(noise[number % 6], number * 37 % 180, axis=0)
        frame = VideoFrame.from_ndarray(np.clip(picture + grain, 0, 255).astype(np.uint8), format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return tuple((bytes(packet), packet.pts, bool(packet.is_keyframe)) for packet in packets)


def marks(folder, pictures) -> list[tuple[int, int]]:
    """Record the pictures; return the marks in seconds from the start."""
    clock = ManualClock(NOW)
    with Vault.create(folder / "home", clock) as vault:
        camera = vault.add_camera("porch")
        tape = Tape(vault, clock, camera, Codec.H264, TICKS // RATE, b"")
        for data, pts, keyframe in pictures:
            tape.push(RawPacket(data, pts * TICKS // RATE, keyframe, ticks(clock.monotonic()), True))
            clock.advance(1 / RATE)
        tape.finish()
        found = vault.motion(camera, NOW, NOW + SECONDS, least=LEAST, join_s=2)
        return [(moved.start_90k // TICKS - NOW, -(-moved.end_90k // TICKS) - NOW) for moved in found]


def test_somebody_who_walks_by_is_marked_at_their_time_and_nobody_is_not(tmp_path):
    ((start, end),) = marks(tmp_path, street(walked=True))
    assert abs(start - COMES) <= 2 and abs(end - GOES) <= 2


def test_a_quiet_street_with_noise_and_slow_light_has_no_mark(tmp_path):
    assert marks(tmp_path, street(walked=False)) == []


def test_a_camera_that_sends_a_constant_number_of_bytes_is_not_marked_which_means_nothing(tmp_path):
    """The page says that a missing mark says nothing; this is why."""
    assert marks(tmp_path, street(walked=True, constant=True)) == []


def group(second: int, sizes: list[int]) -> Gop:
    units = [Unit(bytes(size), second * TICKS + n * 6_000, n == 0, 0) for n, size in enumerate([9_000, *sizes])]
    return Gop(tuple(units), (second + 1) * TICKS)


def test_nothing_is_said_before_it_is_known_what_is_usual():
    meter = MotionMeter()
    assert [meter.levels(group(n, [100 * (n % 3) for _ in range(3)])) for n in range(LEAST_SECONDS)] == [
        b"\0"
    ] * LEAST_SECONDS
    assert meter.levels(group(99, [50_000])) == b"\xff"


@pytest.mark.parametrize("sizes", [[], [50], [90]])
def test_groups_without_pictures_between_keyframes_or_smaller_than_usual_say_nothing(sizes):
    meter = MotionMeter()
    for n in range(20):
        meter.levels(group(n, [100, 100, 100]))
    assert not any(meter.levels(group(20, sizes)))
