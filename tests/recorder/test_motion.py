# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody walks by: the timeline is marked, by the bytes of pictures or by the light of whole ones."""

from __future__ import annotations

import threading
from fractions import Fraction
from functools import cache

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from sunporch.base.clock import ManualClock
from sunporch.recorder.eye import COLUMNS, ROWS, glance
from sunporch.recorder.gops import Gop
from sunporch.recorder.motion import LEAST_VALUES, ByteMeter, LightMeter
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import TICKS, Codec, RawPacket, Unit
from sunporch.town.faces import Face, draw
from sunporch.vault import Vault, tiles_exactly

NOW = 1_700_000_000
RATE = 15
SECONDS, COMES, GOES = 40, 25, 32
# Twice as far above the usual as pictures stray by themselves (`hub.cameras.pages.LEAST_MOTION`).
LEAST = 16
KEYS = "min-keyint=30:scenecut=0:bframes=0"
ALONE = "repeat-headers=1:log-level=none:pools=1:frame-threads=1"
CONSTANT = "bitrate=300:vbv-maxrate=300:vbv-bufsize=300"
# How cameras send: H.264 as many bytes as it takes, always as many (the standard's own word for it), HEVC so too.
VARIES = ("libx264", {"preset": "veryfast", "crf": "26", "x264-params": f"{KEYS}:threads=1"})
SAME = ("libx264", {"preset": "veryfast", "x264-params": f"{KEYS}:threads=1:nal-hrd=cbr:{CONSTANT}"})
HEVC_SAME = ("libx265", {"preset": "ultrafast", "x265-params": f"{KEYS}:{ALONE}:hrd=1:strict-cbr=1:{CONSTANT}"})
HOWS = {"varies": VARIES, "same": SAME, "hevc": HEVC_SAME}
CODECS = {"varies": Codec.H264, "same": Codec.H264, "hevc": Codec.HEVC}
# Longer than any of these recordings takes.
WAIT_SECONDS = 60

type Pictures = tuple[tuple[bytes, int, bool], ...]


@cache
def street(
    how: str, *, width: int = 0, comes: float = COMES, goes: float = GOES, noise: int = 3, every: int = 30
) -> Pictures:
    """A street with a sensor's noise and slow light; somebody of `width` walks by, a whole picture comes `every`."""
    chance = np.random.default_rng(1)
    grain = [chance.normal(0, noise, (180, 320, 3)) for _ in range(6)]
    wall = np.add.outer(np.linspace(80, 160, 180), 20 * np.sin(np.linspace(0, 40, 320)))[..., None].repeat(3, 2)
    name, options = HOWS[how]
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 180, "yuv420p", Fraction(1, RATE)
    encoder.framerate = Fraction(RATE, 1)
    encoder.options = {
        key: f"keyint={every}:{value}" if key.endswith("params") else value for key, value in options.items()
    }
    packets = []
    for number in range(SECONDS * RATE):
        picture = np.clip(wall + 12 * np.sin(number / 400), 0, 255).astype(np.uint8)
        if width and comes * RATE <= number < goes * RATE:
            draw(picture, Face.of(3), (number - comes * RATE) / ((goes - comes) * RATE) * 320, 90, width)
        seen = np.clip(picture + np.roll(grain[number % 6], number * 37 % 180, axis=0), 0, 255).astype(np.uint8)
        frame = VideoFrame.from_ndarray(seen, format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return tuple((bytes(packet), packet.pts, bool(packet.is_keyframe)) for packet in packets)


def marks(
    folder, pictures: Pictures, codec: Codec = Codec.H264, *, clock: ManualClock | None = None, late: bool = False
):
    """Record the pictures; return the marks in seconds from the start. An eye that is `late` is not waited for."""
    clock = clock or ManualClock(NOW)
    with Vault.create(folder / "home", clock) as vault:
        camera = vault.add_camera("porch")
        tape = Tape(vault, clock, camera, codec, TICKS // RATE, b"")
        for data, pts, keyframe in pictures:
            tape.push(RawPacket(data, pts * TICKS // RATE, keyframe, ticks(clock.monotonic()), True))
            if not late:
                glance(ManualClock(NOW), codec, b"").result()  # it has looked into all that came before
            clock.advance(1 / RATE)
        tape.finish()
        timeline = vault.timeline(camera, NOW, NOW + SECONDS)
        assert tiles_exactly(timeline) and timeline.gaps == ()
        found = vault.motion(camera, NOW, NOW + SECONDS, least=LEAST, join_s=2)
        return [(moved.start_90k // TICKS - NOW, -(-moved.end_90k // TICKS) - NOW) for moved in found]


@pytest.mark.parametrize("width", [50, 16], ids=["near", "far"])
@pytest.mark.parametrize("how", HOWS)
def test_somebody_who_walks_by_is_marked_at_their_time(tmp_path, how, width):
    """Also where a camera sends a constant number of bytes."""
    ((start, end),) = marks(tmp_path, street(how, width=width), CODECS[how])
    assert abs(start - COMES) <= 2 and abs(end - GOES) <= 3


@pytest.mark.parametrize("how", HOWS)
def test_a_quiet_street_with_noise_and_slow_light_has_no_mark(tmp_path, how):
    assert marks(tmp_path, street(how), CODECS[how]) == []


def test_somebody_is_marked_through_so_much_noise_that_their_bytes_drown_in_it(tmp_path):
    assert marks(tmp_path, street("varies", noise=6, width=25)) != []
    assert marks(tmp_path / "nobody", street("varies", noise=6)) == []


def test_somebody_who_comes_and_goes_between_two_whole_pictures_is_marked_by_bytes(tmp_path):
    """Cameras that send a whole picture only each ten seconds send as many bytes as it takes."""
    ((start, end),) = marks(tmp_path, street("varies", width=50, comes=24, goes=27, every=150))
    assert abs(start - 24) <= 1 and abs(end - 27) <= 1


def damaged(pictures: Pictures, harm) -> Pictures:
    """Harm the whole pictures of the seconds in which somebody might come."""
    return tuple(
        (harm(data) if keyframe and COMES * RATE <= pts < GOES * RATE else data, pts, keyframe)
        for data, pts, keyframe in pictures
    )


@pytest.mark.parametrize(
    ("how", "harm"),
    [
        ("same", lambda data: data[: len(data) // 2]),
        ("same", lambda data: data[: len(data) // 8] + b"\xff" * len(data)),
        ("hevc", lambda data: data[: len(data) // 8] + b"\xff" * len(data)),
        ("same", lambda _: b"\0\0\0\1\x65" + b"\xff" * 50),
        ("hevc", lambda _: b"\0\0\0\1\x26\1" + b"\xff" * 50),
    ],
    ids=["half", "rubbish", "rubbish-hevc", "nothing", "nothing-hevc"],
)
def test_a_picture_that_cannot_be_decoded_is_recorded_and_is_not_taken_for_somebody(tmp_path, how, harm):
    assert marks(tmp_path, damaged(street(how), harm), CODECS[how]) == []


class Costly(ManualClock):
    """A machine on which a look into a picture takes a second."""

    looks = 0

    def monotonic(self) -> float:
        if not threading.current_thread().name.startswith("eye"):
            return super().monotonic()
        self.looks += 1
        return self.looks / 2


def test_where_looking_is_dear_few_pictures_are_looked_into_and_all_are_recorded(tmp_path):
    clock = Costly(NOW)
    marks(tmp_path, street("same"), clock=clock)
    assert clock.looks == 2


class Held(ManualClock):
    """Whoever asks it for the time waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.free = threading.Event()

    def monotonic(self) -> float:
        self.free.wait(WAIT_SECONDS)
        return 0.0


def test_recording_does_not_wait_for_an_eye_that_falls_behind(tmp_path):
    held = Held()
    behind = glance(held, Codec.H264, b"")
    ((start, end),) = marks(tmp_path, street("varies", width=50), late=True)
    assert not behind.done()
    held.free.set()
    assert abs(start - COMES) <= 2 and abs(end - GOES) <= 2


def group(second: int, sizes: list[int]) -> Gop:
    units = [Unit(bytes(size), second * TICKS + n * 6_000, n == 0, 0) for n, size in enumerate([9_000, *sizes])]
    return Gop(tuple(units), (second + 1) * TICKS)


def test_nothing_is_said_before_it_is_known_what_is_usual():
    meter = ByteMeter()
    assert [meter.levels(group(n, [100 * (n % 3) for _ in range(3)])) for n in range(LEAST_VALUES)] == [
        b"\0"
    ] * LEAST_VALUES
    assert meter.levels(group(99, [50_000])) == b"\xff"


@pytest.mark.parametrize("sizes", [[], [50], [90]])
def test_groups_without_pictures_between_keyframes_or_smaller_than_usual_say_nothing(sizes):
    meter = ByteMeter()
    for n in range(20):
        meter.levels(group(n, [100, 100, 100]))
    assert not any(meter.levels(group(20, sizes)))


def dots(light: int = 100, **places: int) -> bytes:
    """A picture's dots, some of them (`branch`, `person`) of another light."""
    found = np.full((ROWS, COLUMNS), light)
    found[3:11, 30:38] += places.get("branch", 0)
    found[15:20, 8:11] += places.get("person", 0)
    return found.astype(np.uint8).tobytes()


def test_a_cloud_over_the_whole_street_is_nobody():
    meter = LightMeter()
    assert not any(meter.level(dots()) for _ in range(20))
    assert meter.level(dots(light=60)) == 0
    assert meter.level(dots(light=60, person=40)) >= LEAST


def test_a_branch_in_the_wind_is_usual_and_hides_nobody():
    meter = LightMeter()
    wind = [0 if number % 5 else 25 for number in range(60)]
    assert max(meter.level(dots(branch=blown)) for blown in wind) < LEAST
    assert meter.level(dots(branch=25, person=40)) >= LEAST
