# SPDX-License-Identifier: AGPL-3.0-or-later
"""From pictures to the vault: clocks that drift and jump, disks that fill, keys that are locked."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.recorder.fragments import FragmentMaker
from sunporch.recorder.gops import Gop
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import TICKS, Codec, RawPacket, Unit
from sunporch.vault import Cause, Mode, Vault, tiles_exactly
from tests.recorder.conftest import SteppingClock, numbers

NOW = 1_700_000_000
RATE = 15
STEP = TICKS // RATE


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def home(tmp_path: Path, clock: ManualClock) -> Iterator[Vault]:
    with Vault.create(tmp_path / "home", clock) as vault:
        yield vault


def tape_of(vault: Vault, clock: ManualClock, camera: str) -> Tape:
    """Return a tape for a 15-pictures camera."""
    return Tape(vault, clock, camera, Codec.H264, STEP, b"")


def send(
    tape: Tape, clock: ManualClock, data: bytes, pts: int | None, keyframe: bool, *, settled: bool = True
) -> None:
    """Send one picture now."""
    tape.push(RawPacket(data, pts, keyframe, ticks(clock.monotonic()), settled))


def play(tape: Tape, clock: ManualClock, pictures: list[bytes], first: int, last: int, ppm: int = 0) -> None:
    """Send pictures [first, last) in step; the camera's clock runs `ppm` fast."""
    for number in range(first, last):
        send(tape, clock, pictures[number], number * STEP * (1_000_000 + ppm) // 1_000_000, number % 15 == 0)
        clock.advance(1 / RATE)


def gaps(vault: Vault, camera: str, to: int) -> list[tuple[int, int, Cause]]:
    """Return the gaps from the start, in whole seconds since then."""
    timeline = vault.timeline(camera, NOW, to)
    assert tiles_exactly(timeline)
    return [
        (round(gap.start_90k / TICKS) - NOW, round(gap.end_90k / TICKS) - NOW, gap.cause) for gap in timeline.gaps
    ]


def test_segments_of_a_run_join_without_a_seam(home: Vault, clock: ManualClock, pictures: list[bytes]):
    camera = home.add_camera("porch")
    tape = tape_of(home, clock, camera)
    play(tape, clock, pictures, 0, 300)
    tape.finish()
    assert home.storage().segments == 2
    assert len(home.timeline(camera, NOW, NOW + 20).spans) == 1
    assert gaps(home, camera, NOW + 20) == []
    assert numbers(home, camera, NOW, NOW + 20) == list(range(300))


def test_a_camera_whose_clock_drifts_stays_at_the_hubs_time(home: Vault, clock: ManualClock, pictures: list[bytes]):
    camera = home.add_camera("porch")
    tape = tape_of(home, clock, camera)
    one = pictures[:15]
    for second in range(600):
        for number, picture in enumerate(one):
            place = second * 15 + number
            send(tape, clock, picture, place * STEP * 1_000_200 // 1_000_000, number == 0)
            clock.advance(1 / RATE)
    tape.finish()
    (span,) = home.timeline(camera, NOW - 1, NOW + 700).spans
    assert abs(span.end_90k / TICKS - clock.now_ns() / 1e9) < 0.05


def test_a_step_of_the_clock_ends_the_run_and_is_the_cause_of_the_gap(
    home: Vault, clock: ManualClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, SteppingClock(clock), camera)
    play(tape, clock, pictures, 0, 100)
    SteppingClock.step_ns = 3600 * 10**9
    play(tape, clock, pictures, 100, 195)
    tape.finish()
    SteppingClock.step_ns = 0
    clock.advance(7200)
    assert gaps(home, camera, NOW + 3610) == [(7, 3607, Cause.CLOCK_STEP)]
    assert numbers(home, camera, NOW, NOW + 3700) == list(range(195))


def test_a_clock_that_is_set_back_loses_no_picture(home: Vault, clock: ManualClock, pictures: list[bytes]):
    camera = home.add_camera("porch")
    tape = tape_of(home, SteppingClock(clock), camera)
    play(tape, clock, pictures, 0, 105)
    SteppingClock.step_ns = -3600 * 10**9
    play(tape, clock, pictures, 105, 195)
    tape.finish()
    SteppingClock.step_ns = 0
    assert numbers(home, camera, NOW, NOW + 7) == list(range(105))
    assert numbers(home, camera, NOW - 3600, NOW - 3500) == list(range(105, 195))


def test_rare_keyframes_are_said_and_cost_no_picture(home: Vault, clock: ManualClock, pictures: list[bytes]):
    camera = home.add_camera("porch")
    tape = tape_of(home, clock, camera)
    for number in range(15 * 25):
        picture = pictures[0] if number == 0 else pictures[1 + number % 14]
        send(tape, clock, picture, number * STEP, number == 0)
        clock.advance(1 / RATE)
    assert tape.warning is not None
    assert tape.warning.id == "recorder.keyframes-rare"
    tape.finish()
    (part,) = home.footage(camera, NOW, NOW + 25).parts
    with part.open() as file, av.open(file) as container:
        assert sum(1 for packet in container.demux(video=0) if packet.size) == 15 * 25


def test_a_locked_archive_is_the_cause_of_the_gap_until_it_is_unlocked(
    tmp_path: Path, clock: ManualClock, pictures: list[bytes]
):
    with Vault.create(tmp_path / "vault", clock, Mode.SIMPLE, "a porch in the sun") as vault:
        camera = vault.add_camera("porch")
        vault.lock()
        tape = tape_of(vault, clock, camera)
        play(tape, clock, pictures, 0, 60)
        assert tape.trouble is not None
        assert tape.trouble.id == "vault.key-locked"
        assert not tape.recording
        vault.unlock("a porch in the sun")
        play(tape, clock, pictures, 60, 195)
        assert tape.recording
        tape.finish()
        ((_, ends, cause),) = gaps(vault, camera, NOW + 13)
        assert cause is Cause.KEY_LOCKED
        assert numbers(vault, camera, NOW, NOW + 13) == list(range(ends * RATE, 195))


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a small tmpfs, or skip where that is not allowed."""
    if os.geteuid():
        pytest.skip("needs root to mount a small disk")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is not permitted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_gives_up_the_oldest_footage_and_goes_on(
    tmp_path: Path, clock: ManualClock, pictures: list[bytes]
):
    with small_disk(tmp_path / "disk", "5m") as disk, Vault.create(disk / "vault", clock) as vault:
        camera = vault.add_camera("porch")
        tape = tape_of(vault, clock, camera)
        heavy = [picture + filler(12_000) for picture in pictures[:15]]
        for second in range(60):
            for number, picture in enumerate(heavy):
                send(tape, clock, picture, (second * 15 + number) * STEP, number == 0)
                clock.advance(1 / RATE)
        tape.finish()
        found = {cause for _, _, cause in gaps(vault, camera, NOW + 60)}
        assert found == {Cause.DISK_FULL}
        assert tape.trouble is None
        assert vault.check(camera, NOW, NOW + 60) > 0
        assert vault.timeline(camera, NOW, NOW + 60).spans[-1].end_90k == (NOW + 60) * TICKS


def test_a_full_disk_where_all_is_held_is_a_gap_and_an_alarm_and_never_a_crash(
    tmp_path: Path, clock: ManualClock, pictures: list[bytes]
):
    with small_disk(tmp_path / "disk", "5m") as disk, Vault.create(disk / "vault", clock) as vault:
        camera = vault.add_camera("porch")
        vault.hold("appeal 7", camera, NOW, NOW + 1000)
        tape = tape_of(vault, clock, camera)
        heavy = [picture + filler(12_000) for picture in pictures[:15]]
        for second in range(60):
            for number, picture in enumerate(heavy):
                send(tape, clock, picture, (second * 15 + number) * STEP, number == 0)
                clock.advance(1 / RATE)
        assert tape.trouble is not None
        assert tape.trouble.id == "vault.disk-full"
        tape.finish()
        (begins, _, cause), *_ = gaps(vault, camera, NOW + 60)
        assert cause is Cause.DISK_FULL
        assert begins > 5
        assert vault.timeline(camera, NOW, NOW + begins).recorded_90k >= (begins - 1) * TICKS
        assert vault.check(camera, NOW, NOW + 60) > 0


def filler(size: int) -> bytes:
    """Return a filler NAL unit (H.264 type 12), so that few pictures fill a disk."""
    return b"\0\0\0\1\x0c" + b"\xff" * size + b"\x80"


def hevc_units(path: Path) -> list[tuple[bytes, bool]]:
    """Return 30 HEVC pictures with parameter sets at each keyframe."""
    with av.open(str(path), "w", format="hevc") as container:
        stream = container.add_stream("libx265", rate=RATE, options={"preset": "ultrafast", "x265-params": X265})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        units = []
        for number in range(30):
            frame = av.VideoFrame(320, 180, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([16 + number * 4]) * plane.buffer_size)
            frame.pts = number
            units += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(frame)]
        units += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(None)]
    return units


X265 = "keyint=15:min-keyint=15:bframes=0:repeat-headers=1:log-level=none:pools=1:frame-threads=1"


def test_hevc_is_recorded_in_the_form_that_browsers_play(home: Vault, clock: ManualClock, tmp_path: Path):
    camera = home.add_camera("porch")
    tape = Tape(home, clock, camera, Codec.HEVC, STEP, b"")
    for number, (data, keyframe) in enumerate(hevc_units(tmp_path / "clip.hevc")):
        send(tape, clock, data, number * STEP, keyframe)
        clock.advance(1 / RATE)
    tape.finish()
    (part,) = home.footage(camera, NOW, NOW + 2).parts
    with part.open() as file, av.open(file) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"
        assert sum(1 for _ in container.decode(video=0)) == 30


def reordered(path: Path) -> list[tuple[bytes, int, bool]]:
    """Return 45 H.264 pictures with B-frames in the order of decoding: bytes, time, keyframe."""
    with av.open(str(path), "w", format="h264") as container:
        options = {"preset": "medium", "x264-params": "keyint=15:scenecut=0:bframes=2:b-adapt=0:open-gop=0"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        units = []
        for number in range(46):
            frame = None
            if number < 45:
                frame = av.VideoFrame(320, 180, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes([16 + number * 4]) * plane.buffer_size)
                frame.pts = number
            units += [(bytes(packet), packet.pts, packet.is_keyframe) for packet in stream.encode(frame)]
    return units


def test_pictures_shown_in_another_order_than_sent_keep_their_times(home: Vault, clock: ManualClock, tmp_path: Path):
    # As FFmpeg gives them out: the first without a time, and no decoding time until it knows how far they are moved.
    camera = home.add_camera("porch")
    tape = tape_of(home, clock, camera)
    for place, (data, shown, keyframe) in enumerate(reordered(tmp_path / "clip.h264")):
        send(tape, clock, data, shown * STEP if place else None, keyframe, settled=place > 1)
        clock.advance(1 / RATE)
    tape.finish()
    start = home.timeline(camera, NOW - 2, NOW + 5).spans[0].start_90k
    seen = []
    for part in home.footage(camera, NOW - 2, NOW + 5).parts:
        with part.open() as file, av.open(file) as container:
            for frame in container.decode(video=0):
                seen.append((part.wall_90k(frame.pts) - start, int(frame.to_ndarray()[0, 0])))
    assert [wall for wall, _ in seen] == [number * STEP for number in range(45)]
    assert all(abs(luma - 16 - number * 4) <= 2 for number, (_, luma) in enumerate(seen))


def test_a_group_that_no_file_can_hold_is_refused(pictures: list[bytes]):
    maker = FragmentMaker(Codec.H264, pictures[0])
    units = tuple(Unit(data, -(1 << 40) * number, number == 0, 0) for number, data in enumerate(pictures[:3]))
    with pytest.raises(Error) as caught:
        maker.fragment(Gop(units, STEP), 0)
    assert caught.value.id == "recorder.stream-unreadable"
    maker.close()


def test_two_pictures_of_one_time_stand_in_one_file(pictures: list[bytes]):
    maker = FragmentMaker(Codec.H264, pictures[0])
    units = tuple(
        Unit(data, time * STEP, place == 0, 0)
        for place, (data, time) in enumerate(zip(pictures, (0, 1, 1, 2), strict=False))
    )
    media = maker.init + maker.fragment(Gop(units, 3 * STEP), 0)
    maker.close()
    with av.open(io.BytesIO(media)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


def test_pictures_that_describe_nothing_are_refused(home: Vault, clock: ManualClock):
    camera = home.add_camera("porch")
    tape = tape_of(home, clock, camera)
    with pytest.raises(Error) as caught:
        for number in range(40):
            send(tape, clock, b"\0\0\0\1\x65\x88\x84\0", number * STEP, True)
            clock.advance(1 / RATE)
    assert caught.value.id == "recorder.stream-unreadable"
