# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sound: off unless the household wants it, kept beside the pictures, in a clip only where it is chosen."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sunporch.base.clock import ManualClock, SystemClock
from sunporch.recorder import CameraSource, Recorder
from sunporch.recorder.hearing import Hearing
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import TICKS, Codec, RawPacket
from sunporch.redact.engine import render
from sunporch.redact.plan import Plan
from sunporch.vault import Vault
from tests.recorder.faultcam import FaultCamera, Session
from tests.recorder.test_recorder import wait_for

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


def whistle(codec: str, rate: int, form: str, seconds: float = 6) -> av.container.InputContainer:
    """Return a sound file in memory: quiet, but for a whistle from second 2 to 3."""
    samples = np.sin(np.arange(round(rate * seconds)) * 0.3) * 0.4
    samples[: 2 * rate] = samples[3 * rate :] = 0
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.codec_context.layout = "mono"
        for at in range(0, len(samples), 1_024):
            piece = (samples[at : at + 1_024] * 32_767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return av.open(io.BytesIO(buffer.getvalue()))


def record(
    home: Vault, clock: ManualClock, pictures: list[bytes], sound: av.container.InputContainer, *, twice: bool = False
) -> tuple[str, Hearing]:
    """Record six seconds of pictures and sound, each as it is heard; return the camera."""
    camera = home.add_camera("porch")
    hearing = Hearing(sound, "porch")
    tape = Tape(home, clock, camera, Codec.H264, STEP, b"", hearing=hearing)
    packets = list(sound.demux(hearing.stream)) if hearing.stream else []
    for number in range(6 * RATE):
        now = ticks(clock.monotonic())
        tape.push(RawPacket(pictures[number], number * STEP, number % RATE == 0, now))
        while packets and packets[0].size and packets[0].pts * packets[0].time_base * RATE <= number:
            packet = packets.pop(0)
            for _ in range(2 if twice else 1):
                hearing.push(packet, now)
        clock.advance(1 / RATE)
    tape.finish()
    return camera, hearing


def clip(home: Vault, camera: str, start: float, end: float, *, sound: bool) -> bytes:
    """Release these seconds, counted from the first picture."""
    first = home.timeline(camera, NOW - 5, NOW + 20).spans[0].start_90k / TICKS
    footage = home.footage(camera, first + start, first + end)
    target = io.BytesIO()
    render(footage.parts, Plan(footage.start_90k, footage.end_90k, (), sound), target)
    return target.getvalue()


def loudness(media: bytes) -> list[float]:
    """Return the loudest sample of each tenth of a second; without a track of sound, nothing."""
    with av.open(io.BytesIO(media)) as container:
        if not container.streams.audio:
            return []
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return [float(np.abs(heard[at : at + 4_800]).max()) for at in range(0, len(heard) - 4_799, 4_800)]


FORMS = [("aac", 16_000, "mp4"), ("pcm_alaw", 8_000, "wav"), ("pcm_mulaw", 8_000, "wav")]


@pytest.mark.promise(10)
@pytest.mark.parametrize(("codec", "rate", "form"), FORMS)
def test_a_released_clip_has_the_sound_of_exactly_its_seconds_and_none_unless_chosen(
    home: Vault, clock: ManualClock, pictures: list[bytes], codec: str, rate: int, form: str
):
    camera, hearing = record(home, clock, pictures, whistle(codec, rate, form))
    assert hearing.error is None
    silent = clip(home, camera, 1, 4, sound=False)
    assert b"soun" not in silent  # no handler of a sound track (14496-12, 8.4.3)
    assert b"mp4a" not in silent
    assert loudness(silent) == []
    heard = loudness(clip(home, camera, 1, 4, sound=True))
    assert len(heard) == 30
    assert max(heard[:8] + heard[22:]) < 0.05  # the whistle is from 2 to 3, a packet of sound may stand a little late
    assert min(heard[12:19]) > 0.2
    for start, end in ((0.5, 1.8), (3.2, 4.5)):
        assert max(loudness(clip(home, camera, start, end, sound=True))) < 0.05


def test_what_is_sealed_holds_sound_and_pictures_of_the_same_seconds(
    home: Vault, clock: ManualClock, pictures: list[bytes]
):
    camera, _ = record(home, clock, pictures, whistle("aac", 16_000, "mp4"))
    first = home.timeline(camera, NOW - 5, NOW + 20).spans[0].start_90k / TICKS
    *_, part = home.footage(camera, first + 2, first + 3).parts
    with part.open() as file, av.open(file) as container:
        sounds = [frame.pts * frame.time_base for frame in container.decode(audio=0)]
    with part.open() as file, av.open(file) as container:
        seen = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert abs(sounds[0] - seen[0]) < 0.2
    assert abs(sounds[-1] - seen[-1]) < 0.2


def test_a_packet_of_sound_that_comes_twice_is_kept_once(home: Vault, clock: ManualClock, pictures: list[bytes]):
    camera, _ = record(home, clock, pictures, whistle("aac", 16_000, "mp4"), twice=True)
    heard = loudness(clip(home, camera, 1, 4, sound=True))
    assert min(heard[12:19]) > 0.2
    assert max(heard[:8] + heard[22:]) < 0.05
    (part,) = home.footage(camera, NOW - 5, NOW + 20).parts
    with part.open() as file, av.open(file) as kept:
        times = [packet.dts for packet in kept.demux(audio=0) if packet.size]
    assert len(times) > 50
    assert all(earlier < later for earlier, later in itertools.pairwise(times))


def test_an_imported_file_keeps_its_sound_and_a_clip_of_it_has_none_unless_chosen(home: Vault, tmp_path: Path):
    path = tmp_path / "door.mp4"
    with av.open(str(path), "w") as out:
        pictures, voice = out.add_stream("libx264", rate=RATE), out.add_stream("aac", rate=16_000)
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        voice.codec_context.layout = "mono"
        for number in range(3 * RATE):
            frame = av.VideoFrame(320, 180, "yuv420p")
            frame.pts = number
            out.mux(pictures.encode(frame))
        tone = (np.sin(np.arange(48_000) * 0.3) * 12_000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
        out.mux([*pictures.encode(None), *voice.encode(frame), *voice.encode(None)])
    camera = home.add_camera("porch")
    home.import_file(camera, path, NOW - 100)
    (part,) = home.footage(camera, NOW - 100, NOW - 98).parts
    with part.open() as file:
        assert file.read() == path.read_bytes()
    assert loudness(clip_of_file(home, camera, sound=False)) == []
    assert min(loudness(clip_of_file(home, camera, sound=True))[1:9]) > 0.2


def clip_of_file(home: Vault, camera: str, *, sound: bool) -> bytes:
    """Release the file's first second."""
    footage = home.footage(camera, NOW - 100, NOW - 99)
    target = io.BytesIO()
    render(footage.parts, Plan(footage.start_90k, footage.end_90k, (), sound), target)
    return target.getvalue()


def test_sound_in_a_form_that_is_not_known_is_said_and_costs_no_picture(
    home: Vault, clock: ManualClock, pictures: list[bytes]
):
    camera, hearing = record(home, clock, pictures, whistle("mp3", 16_000, "mp3"))
    assert hearing.error is not None
    assert hearing.error.id == "recorder.sound-missing"
    assert home.timeline(camera, NOW - 5, NOW + 20).recorded_90k == 6 * TICKS


async def plays(session: Session) -> None:
    """Send five seconds of pictures with their sound."""
    await session.with_sound(0, 150)


@pytest.mark.parametrize("wanted", [False, True])
def test_the_microphone_is_not_even_asked_for_unless_the_household_turned_sound_on(
    vault: Vault, pictures: list[bytes], wanted: bool
):
    with whistle("pcm_alaw", 8_000, "wav") as file:
        sound = b"".join(bytes(packet) for packet in file.demux())
    camera, began = vault.add_camera("porch"), SystemClock().now()
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, plays, sound=sound) as fault:
        recorder.start(CameraSource(camera, fault.address, sound=wanted))
        wait_for(lambda: recorder.status()[camera].pictures >= 100)
        recorder.stop()
    assert ("track2" in fault.set_up) is wanted
    parts = vault.footage(camera, began, SystemClock().now() + 1).parts
    with parts[-1].open() as file, av.open(file) as container:
        assert [stream.codec_context.name for stream in container.streams.audio] == ["flac"] * wanted


def test_a_camera_without_a_microphone_is_recorded_and_the_missing_sound_said(vault: Vault, pictures: list[bytes]):
    camera = vault.add_camera("porch")
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, plays) as fault:
        recorder.start(CameraSource(camera, fault.address, sound=True))
        wait_for(lambda: recorder.status()[camera].warning is not None)
        status = recorder.status()[camera]
        recorder.stop()
    assert status.warning is not None
    assert status.warning.id == "recorder.sound-missing"
    assert status.error is None
