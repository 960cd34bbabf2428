# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clocks that are wrong: the camera's own, which is said, and the hub's, whose footage gets no false date."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from sunporch.base.clock import ManualClock, SystemClock
from sunporch.base.errors import Error
from sunporch.recorder import CameraSource, Recorder
from sunporch.recorder.tape import Tape, ticks
from sunporch.recorder.units import TICKS, Codec, RawPacket
from sunporch.town.clips import cached_clip, read_frame_number
from sunporch.vault import Cause, Vault, check_proof
from tests.recorder.conftest import SteppingClock, numbers
from tests.recorder.faultcam import STEP as CAMERA_STEP
from tests.recorder.faultcam import FaultCamera, Script, Session
from tests.recorder.test_recorder import ROOT, camera_process, wait_for

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
    SteppingClock.boots = 0


@pytest.fixture
def home(tmp_path: Path, dateless: SteppingClock) -> Iterator[Vault]:
    with Vault.create(tmp_path / "home", dateless) as vault:
        yield vault


def tape_of(vault: Vault, clock: SteppingClock, camera: str) -> Tape:
    return Tape(vault, clock, camera, Codec.H264, STEP, b"")


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
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 0, 195)
    assert home.timeline(camera, 0, 1_000).spans == ()
    (run,) = home.dateless()
    assert (run.camera, run.after_90k, run.before_90k) == (camera, None, None)
    assert run.duration_90k >= 12 * TICKS
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


def test_pictures_that_come_late_while_the_clock_is_set_leave_no_gap(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 0, 195)
    SteppingClock.step_ns = 0
    clock.advance(0.2)
    play(tape, clock, pictures, 195, 290)
    tape.finish()
    assert home.timeline(camera, NOW, NOW + 19).gaps == ()


def test_what_a_clock_that_was_ahead_dated_joins_what_was_recorded_after_it_was_set_right(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    SteppingClock.step_ns = 2 * 3_600 * 10**9
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 0, 60)
    home.note_clock_wrong(0)
    play(tape, clock, pictures, 60, 120)
    SteppingClock.step_ns = 0
    play(tape, clock, pictures, 120, 180)
    assert home.timeline(camera, NOW - 60, NOW + 7_300).spans == ()
    home.note_clock_right()
    play(tape, clock, pictures, 180, 290)
    tape.finish()
    home.settle_dateless()
    assert home.dateless() == []
    assert home.timeline(camera, NOW, NOW + 19).gaps == ()
    assert numbers(home, camera, NOW, NOW + 20) == list(range(290))


def test_a_connection_that_ended_before_the_hub_knew_the_time_is_filed_by_the_next(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 0, 150)
    tape.finish()
    clock.advance(5)
    SteppingClock.step_ns = 0
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 150, 195)
    tape.finish()
    (gap,) = home.timeline(camera, NOW, NOW + 18).gaps
    assert (round(gap.start_90k / TICKS), round(gap.end_90k / TICKS)) == (NOW + 10, NOW + 15)
    assert gap.cause is Cause.HUB_OFF


def test_footage_that_nobody_can_date_goes_last_when_the_disk_is_full(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 0, 45)
    tape.finish()
    SteppingClock.step_ns = 0
    SteppingClock.boots += 1
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 45, 90)
    tape.finish()
    assert len(home.dateless()) == 1
    assert home.timeline(camera, NOW, NOW + 3).spans == ()
    assert home.make_room(1) > 0
    assert len(home.dateless()) == 1
    assert home.timeline(camera, NOW + 3, NOW + 6).spans == ()
    assert home.make_room(1) > 0
    assert home.dateless() == []


def test_footage_of_an_earlier_boot_says_between_what_it_was_made_and_ends_by_its_age_from_then(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    SteppingClock.step_ns = 0
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 0, 30)
    tape.finish()
    SteppingClock.step_ns = LOST
    SteppingClock.boots += 1
    clock.advance(3_600)
    tape = tape_of(home, dateless, camera)
    play(tape, clock, pictures, 30, 75)
    with pytest.raises(Error) as caught:
        home.erase_dateless(home.dateless()[0].run)
    assert caught.value.id == "vault.footage-unfinished"
    tape.finish()
    SteppingClock.boots += 1
    assert home.enforce_retention(1, 10**12).erased == 0
    (run,) = home.dateless()
    assert (run.after_90k, run.before_90k) == (NOW * TICKS, None)
    SteppingClock.step_ns = 0
    known = clock.now()
    assert home.enforce_retention(1, 10**12).erased == 0
    clock.advance(600)
    assert home.enforce_retention(1, 10**12).erased == 0
    (run,) = home.dateless()
    assert (run.after_90k, run.before_90k) == (NOW * TICKS, known * 10**9 * 9 // 10**5)
    home.rebuild_index()
    assert home.dateless() == [run]
    with home.dateless_part(run.run).open() as file, av.open(file) as container:
        assert [read_frame_number(frame) for frame in container.decode(video=0)] == list(range(30, 75))
    # The dated footage is older by its date, and goes first; both end by their age.
    clock.advance(known - clock.now() + 86_400 - 1)
    assert home.enforce_retention(1, 10**12).erased == 1
    assert len(home.dateless()) == 1
    clock.advance(1)
    assert home.enforce_retention(1, 10**12).erased == 1
    assert home.dateless() == []
    with pytest.raises(Error) as caught:
        home.dateless_part(run.run)
    assert caught.value.id == "vault.footage-missing"


def test_footage_without_a_date_can_be_erased_by_who_owns_it(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    for first in (0, 45):
        tape = tape_of(home, dateless, camera)
        play(tape, clock, pictures, first, first + 45)
        tape.finish()
    one, other = home.dateless()
    assert home.erase_dateless(one.run) == 1
    assert home.dateless() == [other]
    assert len(list(home.folder.rglob("*.sealed"))) == 1


class Unset(SystemClock):
    """The clock of a machine that lost power: it shows 1970, and everything else is real."""

    def now_ns(self) -> int:
        return 30 * 10**9 + round(self.monotonic() * 10**9)


class Rebooted(Unset):
    """The same machine in an earlier boot."""

    def boot(self) -> str:
        return "another"


RECORDER = """
import sys, time
from pathlib import Path
from sunporch.recorder import CameraSource, Recorder
from sunporch.vault import Vault
from tests.recorder import test_time
clock = getattr(test_time, sys.argv[4])()
recorder = Recorder(Vault.open(Path(sys.argv[1]), clock), clock)
recorder.start(CameraSource(sys.argv[2], sys.argv[3]))
while True:
    print(recorder.status()[sys.argv[2]].pictures, flush=True)
    time.sleep(0.05)
"""


@pytest.mark.parametrize("clock_of", ["Unset", "Rebooted"])
def test_a_recorder_killed_before_the_hub_knew_the_time_leaves_footage_that_the_next_dates_only_if_it_can(
    tmp_path: Path, clips: Path, clock_of: str
):
    now, folder = SystemClock(), tmp_path / "vault"
    with Vault.create(folder, now) as vault:
        camera = vault.add_camera("porch")
    with camera_process(cached_clip(clips, 6)) as (_, address):
        began = now.now()
        child = subprocess.Popen(
            [sys.executable, "-c", RECORDER, folder, camera, address, clock_of],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert child.stdout is not None
        while int(child.stdout.readline()) < 45:
            pass
        child.kill()
        child.wait()
        child.stdout.close()
        ended = now.now() + 1
    with Vault.open(folder, now) as vault:
        assert len(vault.dateless()) == 1
        vault.enforce_retention(1, 10**12)
        assert vault.timeline(camera, 0, 300 * 86_400).spans == ()
        spans = vault.timeline(camera, began - 86_400, ended + 86_400).spans
        if clock_of == "Unset":
            (span,) = spans
            assert began * TICKS <= span.start_90k < span.end_90k <= ended * TICKS
            assert vault.dateless() == []
        else:
            assert spans == ()
            (run,) = vault.dateless()
            assert run.before_90k is not None and ended * TICKS > run.before_90k >= (ended - 1) * TICKS
            assert vault.enforce_retention(1, 10**12).erased == 0
            with vault.dateless_part(run.run).open() as file, av.open(file) as container:
                assert len([1 for _ in container.decode(video=0)]) >= 30


def test_a_hub_without_a_time_of_day_signs_no_date(
    home: Vault, clock: ManualClock, dateless: SteppingClock, pictures: list[bytes]
):
    camera = home.add_camera("porch")
    tape = tape_of(home, dateless, camera)
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
