# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clocks that are wrong: the camera's own, which is said, and the hub's, whose footage gets no false date."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sunporch.base.clock import ManualClock, SystemClock
from sunporch.recorder import CameraSource, Recorder
from sunporch.recorder.anchor import Anchor
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import TICKS, Codec, RawPacket
from sunporch.vault import Cause, Vault, check_proof
from tests.recorder.conftest import SteppingClock, numbers
from tests.recorder.faultcam import STEP as CAMERA_STEP
from tests.recorder.faultcam import FaultCamera, Script, Session
from tests.recorder.test_recorder import wait_for

NOW = 1_700_000_000
RATE = 15
STEP = TICKS // RATE
LOST = -(NOW - 30) * 10**9  # the hub's clock begins anew at 1970, 30 s after it got power


def reporting(error: float) -> Script:
    """Return a camera whose clock is wrong by so many seconds, and which says what it shows."""

    async def script(session: Session) -> None:
        for number in range(150):
            if number % 15 == 0:
                session.report(number * CAMERA_STEP, time.time() + error)
            await session.unit(number, number * CAMERA_STEP)
        await session.silence()

    return script


async def speechless(session: Session) -> None:
    await session.units(0, 150)
    await session.silence()


@pytest.mark.parametrize(
    ("error", "warning"),
    [(90.0, "seconds ahead of"), (-3_600.0, "seconds behind"), (2.0, ""), (None, "")],
)
def test_what_a_cameras_own_clock_shows_is_kept_with_the_footage_and_said_if_it_is_far_off(
    vault: Vault, pictures: list[bytes], error: float | None, warning: str
):
    camera, began = vault.add_camera("porch"), SystemClock().now()
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, speechless if error is None else reporting(error)) as fault:
        recorder.start(CameraSource(camera, fault.address))
        wait_for(lambda: recorder.status()[camera].pictures >= 60)
        said = recorder.status()[camera].warning
        recorder.stop()
    assert (said is not None) is bool(warning)
    if said is not None:
        assert said.id == "recorder.camera-clock-wrong"
        assert warning in said.what
        # A picture that came late makes the camera's clock look late by as much.
        assert abs(int(str(said.params["seconds"])) - abs(error or 0)) <= 2
    kept = vault.footage(camera, began, SystemClock().now() + 1).camera_offsets_90k
    if error is None:
        assert kept == []
    else:
        assert abs(kept[0] / TICKS - error) < 0.5


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def dateless(clock: ManualClock) -> Iterator[SteppingClock]:
    """A hub that does not know the time of day."""
    SteppingClock.step_ns = LOST
    yield SteppingClock(clock)
    SteppingClock.step_ns = 0


@pytest.fixture
def home(tmp_path: Path, dateless: SteppingClock) -> Iterator[Vault]:
    with Vault.create(tmp_path / "home", dateless) as vault:
        yield vault


def tape_of(vault: Vault, clock: SteppingClock, camera: str, anchor: Anchor) -> Tape:
    return Tape(vault, clock, camera, Codec.H264, STEP, b"", anchor)


def play(tape: Tape, clock: ManualClock, pictures: list[bytes], first: int, last: int) -> None:
    """Send pictures [first, last) in step."""
    for number in range(first, last):
        now = ticks(clock.monotonic())
        tape.push(RawPacket(pictures[number], number * STEP, number % RATE == 0, now))
        clock.advance(1 / RATE)


def test_footage_from_before_the_hub_knew_the_time_stands_under_no_date_and_then_under_its_own(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera, Anchor(home))
    play(tape, clock, pictures, 0, 195)
    assert home.timeline(camera, 0, 1_000).spans == ()
    assert len(home.dateless()) == 2
    SteppingClock.step_ns = 0
    play(tape, clock, pictures, 195, 290)
    tape.finish()
    assert home.dateless() == []
    timeline = home.timeline(camera, NOW, NOW + 19)
    assert timeline.gaps == ()
    assert numbers(home, camera, NOW, NOW + 20) == list(range(290))
    assert home.timeline(camera, 0, 1_000).spans == ()
    home.rebuild_index()
    assert home.timeline(camera, NOW, NOW + 19) == timeline


def test_a_connection_that_ended_before_the_hub_knew_the_time_is_filed_by_the_next(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera, anchor = home.add_camera("porch"), Anchor(home)
    tape = tape_of(home, dateless, camera, anchor)
    play(tape, clock, pictures, 0, 150)
    tape.finish()
    clock.advance(5)
    SteppingClock.step_ns = 0
    tape = tape_of(home, dateless, camera, anchor)
    play(tape, clock, pictures, 150, 195)
    tape.finish()
    (gap,) = home.timeline(camera, NOW, NOW + 18).gaps
    assert (round(gap.start_90k / TICKS), round(gap.end_90k / TICKS)) == (NOW + 10, NOW + 15)
    assert gap.cause is Cause.HUB_OFF


def test_footage_that_nobody_can_date_is_never_lost_to_its_age_and_goes_last_when_the_disk_is_full(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera, Anchor(home))
    play(tape, clock, pictures, 0, 45)
    tape.finish()
    SteppingClock.step_ns = 0
    tape = tape_of(home, dateless, camera, Anchor(home))  # of a process that began later
    play(tape, clock, pictures, 45, 90)
    tape.finish()
    assert len(home.dateless()) == 1
    assert home.timeline(camera, NOW, NOW + 3).spans == ()
    assert home.enforce_retention(1, 10**12).erased == 0
    assert home.make_room(1) > 0
    assert len(home.dateless()) == 1
    assert home.timeline(camera, NOW + 3, NOW + 6).spans == ()
    assert home.make_room(1) > 0
    assert home.dateless() == []


def test_a_hub_without_a_time_of_day_signs_no_date(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera, Anchor(home))
    play(tape, clock, pictures, 0, 195)
    SteppingClock.step_ns = 0
    play(tape, clock, pictures, 195, 240)
    tape.finish()
    footage = home.footage(camera, NOW, NOW + 12)
    assert {point["text"].split("\n")[1] for point in footage.proof["checkpoints"]} <= {
        str(second) for second in range(NOW, NOW + 20)
    }
    assert check_proof(footage.proof, home.public_key, footage.original_chunks()) >= NOW


def test_a_gap_without_a_time_of_day_is_filed_under_no_date(home: Vault, clock: ManualClock):
    camera = home.add_camera("porch")
    home.gap_begin(camera, Cause.REFUSED, 40 * TICKS)
    SteppingClock.step_ns = 0
    assert {gap.cause for gap in home.timeline(camera, NOW - 10, NOW).gaps} == {Cause.NOT_RECORDED}
