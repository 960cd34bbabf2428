# SPDX-License-Identifier: AGPL-3.0-or-later
"""Faulty cameras over real RTSP: every gap is found with its cause, none is invented, no picture is lost."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sunporch.base.clock import SystemClock
from sunporch.recorder import CameraSource, CameraStatus, Recorder
from sunporch.recorder.units import nal_units
from sunporch.town.clips import cached_clip
from sunporch.vault import TICKS, Cause, Timeline, Vault, tiles_exactly
from tests.recorder.conftest import numbers
from tests.recorder.faultcam import STEP, FaultCamera, Session, annexb_units

EDGE_SECONDS = 0.5
LIMIT_SECONDS = 25


async def whole(session: Session) -> None:
    await session.units(150, 240)
    await session.silence()


async def by_rst(session: Session) -> None:
    await session.units(0, 60)
    session.reset()


async def by_fin(session: Session) -> None:
    await session.units(0, 60)


async def silent(session: Session) -> None:
    await session.silence()


async def freezes(session: Session) -> None:
    await session.units(0, 60)
    await session.silence()


async def cut_in_a_picture(session: Session) -> None:
    await session.units(0, 60)
    largest = max(nal_units(session.camera.pictures[60]), key=len)
    session.send(largest, 60 * STEP, marker=True, cut=True)


async def clock_back(session: Session) -> None:
    await session.units(0, 67, rtp=900_000)
    await session.units(67, 150, rtp=12_000)
    await session.silence()


async def clock_ahead(session: Session) -> None:
    await session.units(0, 67)
    await session.units(67, 150, rtp=90_000_000)
    await session.silence()


async def clock_stands(session: Session) -> None:
    await session.units(0, 60)
    await session.units(60, 150, rtp=60 * STEP, frozen=True)
    await session.silence()


async def plain(session: Session) -> None:
    await session.units(0, 150)
    await session.silence()


async def slices_as_packets(session: Session) -> None:
    for number in range(150):
        # The marker on each slice makes a careless client see a picture in each.
        for nal in nal_units(session.camera.pictures[number]):
            if nal[0] & 0x1F in (1, 5):
                session.send(nal, number * STEP, marker=True)
            else:
                session.send(nal, number * STEP, marker=False)
        await session.unit(number, number * STEP, [b"\x0c\xff\x80"])
    await session.silence()


@dataclass
class Outcome:
    """What the recorder made of one camera."""

    camera: str
    fault: FaultCamera
    vault: Vault
    status: CameraStatus
    timeline: Timeline
    started: int
    ended: int

    def numbers(self) -> list[int]:
        return numbers(self.vault, self.camera, self.started, self.ended)

    def inner_gaps(self) -> list[tuple[float, float, Cause]]:
        """Gaps between footage, in wall seconds."""
        first, last = self.timeline.spans[0].start_90k, self.timeline.spans[-1].end_90k
        return [
            (gap.start_90k / TICKS, gap.end_90k / TICKS, gap.cause)
            for gap in self.timeline.gaps
            if first <= gap.start_90k < last
        ]


# What a camera does when it is connected to for the first, second, third time.
SCRIPTS = {
    "rst": (by_rst, whole, silent),
    "fin": (by_fin, whole, silent),
    "freeze": (freezes, whole, silent),
    "cut": (cut_in_a_picture, whole, silent),
    "back": (clock_back, silent),
    "ahead": (clock_ahead, silent),
    "stands": (clock_stands, silent),
    "slices": (slices_as_packets, silent),
    "size": (plain, silent),
}


def two_sizes(clips: Path) -> list[bytes]:
    """75 pictures of one size, then of another."""
    small = annexb_units(cached_clip(clips, 20, size="320x180", bitrate=150_000))
    large = annexb_units(cached_clip(clips, 20, size="480x270", bitrate=200_000))
    return small[:75] + large[75:]


@pytest.fixture(scope="module")
def street(
    tmp_path_factory: pytest.TempPathFactory, clips: Path, pictures: list[bytes]
) -> Iterator[dict[str, Outcome]]:
    """All faulty cameras at once, as on a real street: one recorder, a thread for each."""
    clock = SystemClock()
    content = {"size": two_sizes(clips), "slices": sliced(clips)}
    with contextlib.ExitStack() as stack:
        vault = stack.enter_context(Vault.create(tmp_path_factory.mktemp("street") / "vault", clock))
        cameras = {
            name: stack.enter_context(FaultCamera(content.get(name, pictures), *scripts))
            for name, scripts in SCRIPTS.items()
        }
        recorder = Recorder(vault, clock)
        ids = {name: vault.add_camera(name) for name in cameras}
        started = clock.now() - 3
        for name, camera in cameras.items():
            recorder.start(CameraSource(ids[name], camera.address))
        limit = time.monotonic() + LIMIT_SECONDS
        wanted = {ids[name]: 150 for name in SCRIPTS}
        while time.monotonic() < limit and any(
            status.pictures < wanted[camera] for camera, status in recorder.status().items()
        ):
            time.sleep(0.1)
        states = recorder.status()
        recorder.stop()
        ended = clock.now() + 3
        yield {
            name: Outcome(
                ids[name], camera, vault, states[ids[name]], vault.timeline(ids[name], started, ended), started, ended
            )
            for name, camera in cameras.items()
        }


def sliced(clips: Path) -> list[bytes]:
    """Pictures of two slices each."""
    return annexb_units(cached_clip(clips, 10, size="320x180", bitrate=150_000, slices=2))


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_second_is_recorded_or_a_gap_with_a_cause(street: dict[str, Outcome], name: str):
    assert tiles_exactly(street[name].timeline)
    assert Cause.HUB_OFF not in {cause for _, _, cause in street[name].inner_gaps()}


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("rst", Cause.TCP_CLOSED),
        ("fin", Cause.TCP_CLOSED),
        ("cut", Cause.TCP_CLOSED),
        ("freeze", Cause.FROZEN),
    ],
)
def test_a_camera_that_goes_away_leaves_one_gap_with_its_cause_and_true_edges(
    street: dict[str, Outcome], name: str, cause: Cause
):
    outcome = street[name]
    ((begins, ends, found),) = outcome.inner_gaps()
    sent = dict(outcome.fault.sent)
    assert found is cause
    assert abs(begins - sent[59]) <= EDGE_SECONDS
    assert abs(ends - sent[150]) <= EDGE_SECONDS


@pytest.mark.parametrize("name", ["rst", "fin", "freeze", "cut"])
def test_pictures_before_and_after_the_gap_are_all_kept(street: dict[str, Outcome], name: str):
    kept = street[name].numbers()
    if name == "cut":
        kept = [number for number in kept if number != 60]  # half a picture may show what it can
    assert kept == [*range(60), *range(150, 240)]


@pytest.mark.parametrize("name", ["back", "ahead", "stands", "slices", "size"])
def test_a_mad_clock_or_a_change_of_size_costs_no_picture_and_invents_no_gap(street: dict[str, Outcome], name: str):
    assert street[name].numbers() == list(range(150))
    assert street[name].inner_gaps() == []


def test_a_jump_of_the_cameras_clock_begins_a_new_run(street: dict[str, Outcome]):
    assert len(street["back"].timeline.spans) == 2
    assert len(street["ahead"].timeline.spans) == 2


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_the_wall_time_of_a_picture_is_the_time_at_which_it_was_sent(street: dict[str, Outcome], name: str):
    outcome = street[name]
    begins = outcome.timeline.spans[0].start_90k / TICKS
    assert abs(begins - outcome.fault.sent[0][1]) < EDGE_SECONDS


def test_a_clock_that_stands_still_is_replaced_by_arrival_and_said(street: dict[str, Outcome]):
    outcome = street["stands"]
    assert outcome.status.warning.id == "recorder.camera-clock-frozen"
    recorded = outcome.timeline.recorded_90k / TICKS
    assert abs(recorded - 5.0) < EDGE_SECONDS


def test_a_new_picture_size_begins_a_new_run(street: dict[str, Outcome]):
    outcome = street["size"]
    assert len(outcome.timeline.spans) == 2
    footage = outcome.vault.footage(outcome.camera, outcome.started, outcome.ended)
    assert len(footage.parts) == 2


def settle(recorder: Recorder, camera: str, wanted: str) -> CameraStatus:
    """Wait until the camera's error is the wanted one."""
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        status = recorder.status()[camera]
        if status.error is not None and status.error.id == wanted:
            return status
        time.sleep(0.05)
    raise AssertionError(f"{recorder.status()[camera]} never said {wanted}")


def last_cause(vault: Vault, camera: str) -> Cause:
    """Return why nothing is recorded now."""
    now = SystemClock().now()
    gaps = vault.timeline(camera, now - 60, now + 1).gaps
    return [gap for gap in gaps if gap.cause is not Cause.NOT_RECORDED][-1].cause


def test_a_wrong_password_is_named_and_not_tried_again_at_once(vault: Vault, pictures: list[bytes]):
    camera = vault.add_camera("door")
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, plain, login=("ana", "right")) as fault:
        recorder.start(CameraSource(camera, fault.address, "ana", "wrong"))
        status = settle(recorder, camera, "recorder.camera-password-refused")
        asked = fault.asked
        time.sleep(2)
        assert fault.asked == asked  # or the camera locks the account
        assert last_cause(vault, camera) is Cause.AUTH
        recorder.stop()
    assert "wrong" not in repr(status) + str(status.error)


def test_a_password_of_any_characters_opens_the_camera(vault: Vault, pictures: list[bytes]):
    camera = vault.add_camera("door")
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, plain, login=("a@b:c", "p/w?#%")) as fault:
        fault._login = ("ab", "p/w?#%@:")
        recorder.start(CameraSource(camera, fault.address, "ab", "p/w?#%@:"))
        limit = time.monotonic() + LIMIT_SECONDS
        while not recorder.status()[camera].pictures and time.monotonic() < limit:
            time.sleep(0.05)
        status = recorder.status()[camera]
        recorder.stop()
    assert status.pictures > 0
    assert "p/w" not in repr(status)


def test_a_camera_with_no_free_connection_is_named(vault: Vault, pictures: list[bytes]):
    camera = vault.add_camera("door")
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, plain, refuse="453 Not Enough Bandwidth") as fault:
        recorder.start(CameraSource(camera, fault.address))
        settle(recorder, camera, "recorder.camera-stream-refused")
        assert last_cause(vault, camera) is Cause.REFUSED
        recorder.stop()


def test_an_address_where_nothing_answers_is_named(vault: Vault):
    camera = vault.add_camera("door")
    recorder = Recorder(vault, SystemClock())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    recorder.start(CameraSource(camera, f"rtsp://127.0.0.1:{port}/cam"))
    settle(recorder, camera, "recorder.camera-unreachable")
    assert last_cause(vault, camera) is Cause.REFUSED
    recorder.stop()
    assert last_cause(vault, camera) is Cause.HUB_OFF


def test_a_camera_that_hangs_up_is_named(vault: Vault, pictures: list[bytes]):
    camera = vault.add_camera("door")
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, by_fin) as fault:
        recorder.start(CameraSource(camera, fault.address))
        settle(recorder, camera, "recorder.camera-closed")
        recorder.stop()


def test_a_camera_that_freezes_for_good_is_named(vault: Vault, pictures: list[bytes]):
    camera = vault.add_camera("door")
    recorder = Recorder(vault, SystemClock())
    with FaultCamera(pictures, freezes) as fault:
        recorder.start(CameraSource(camera, fault.address))
        settle(recorder, camera, "recorder.camera-frozen")
        assert last_cause(vault, camera) is Cause.FROZEN
        recorder.stop()
