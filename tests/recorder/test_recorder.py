# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real camera process, another project's RTSP server, and a recorder that is killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest

from sunporch.base.clock import OFFSET_VARIABLE, SystemClock
from sunporch.base.errors import Error
from sunporch.recorder import CameraSource, Recorder, State
from sunporch.recorder.ladder import PASSWORD_SECONDS, STEPS_SECONDS, Ladder
from sunporch.town.clips import cached_clip, read_frame_number
from sunporch.vault import TICKS, Cause, Vault, check_proof, tiles_exactly
from tests.recorder.conftest import numbers

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 20


@contextlib.contextmanager
def camera_process(clip: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the virtual camera and give its process and address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sunporch.town.camera", "--file", clip, "--parent-pipe"],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | environment,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


def wait_for(condition: object) -> None:
    """Wait until the condition holds."""
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it never happened")


def runs_of(found: list[int], length: int) -> bool:
    """Say whether the numbers go on by one, round and round."""
    return all(after == (before + 1) % length for before, after in pairwise(found))


@pytest.mark.requirement("S1")
@pytest.mark.promise(11)
def test_what_a_camera_showed_is_what_the_vault_gives_with_its_proof(vault: Vault, clips: Path):
    camera = vault.add_camera("porch")
    recorder = Recorder(vault, SystemClock())
    with camera_process(cached_clip(clips, 6)) as (process, address):
        recorder.start(CameraSource(camera, address))
        wait_for(lambda: recorder.status()[camera].pictures >= 75)
        assert recorder.status()[camera].state is State.RECORDING
        process.kill()
        wait_for(lambda: recorder.status()[camera].error is not None)
        assert recorder.status()[camera].error.id in {"recorder.camera-closed", "recorder.camera-unreachable"}
        time.sleep(0.5)  # so that there is a gap to speak of
        stopped = SystemClock().now_ns() * 9 // 100_000
        recorder.stop()
    now = SystemClock().now()
    found = numbers(vault, camera, now - 60, now + 1)
    assert len(found) >= 75
    assert runs_of(found[:-1], 90)  # of the one in which the camera was killed, half may have come
    footage = vault.footage(camera, now - 60, now + 1)
    assert check_proof(footage.proof, vault.public_key, footage.original_chunks()) > 0
    assert Cause.TCP_CLOSED in {gap.cause for gap in footage.gaps}
    # The camera is to blame for the time before the hub was stopped.
    assert all(gap.start_90k >= stopped for gap in footage.gaps if gap.cause is Cause.HUB_OFF)


def test_the_cameras_of_a_town_that_lives_in_the_past_have_its_time(vault: Vault, clips: Path, tmp_path: Path):
    (tmp_path / "clock").write_text("-9072000")
    camera = vault.add_camera("porch")
    recorder = Recorder(vault, SystemClock(tmp_path / "clock"))
    with camera_process(cached_clip(clips, 6), **{OFFSET_VARIABLE: str(tmp_path / "clock")}) as (_, address):
        recorder.start(CameraSource(camera, address))
        wait_for(lambda: recorder.status()[camera].recorded_90k)
        recorder.stop()
    assert recorder.status()[camera].warning is None
    now = SystemClock(tmp_path / "clock").now()
    (ahead,) = vault.footage(camera, now - 60, now + 1).camera_offsets_90k
    assert abs(ahead) < 5 * TICKS


def test_a_file_is_a_camera_that_plays_once(vault: Vault, clips: Path):
    clip = cached_clip(clips, 6)
    camera = vault.add_camera("porch")
    recorder = Recorder(vault, SystemClock())
    recorder.start(CameraSource(camera, str(clip), start_s=1_700_000_000))
    wait_for(lambda: recorder.status()[camera].state is State.FINISHED)
    (part,) = vault.footage(camera, 1_700_000_000, 1_700_000_006).parts
    with part.open() as file:
        assert file.read() == clip.read_bytes()


def test_a_broken_file_is_named_in_the_cameras_status(vault: Vault, tmp_path: Path):
    (tmp_path / "broken.mp4").write_bytes(b"")
    camera = vault.add_camera("porch")
    recorder = Recorder(vault, SystemClock())
    recorder.start(CameraSource(camera, str(tmp_path / "broken.mp4")))
    wait_for(lambda: recorder.status()[camera].error is not None)
    assert recorder.status()[camera].error.id == "vault.import-empty"


def test_a_camera_is_recorded_once_and_only_from_addresses_that_make_sense(vault: Vault):
    recorder = Recorder(vault, SystemClock())
    camera = vault.add_camera("porch")
    for address in ("http://127.0.0.1/", "rtsp:///cam"):
        with pytest.raises(Error) as caught:
            recorder.start(CameraSource(camera, address, "ana", "secret"))
        assert caught.value.id == "recorder.source-refused"
        assert "secret" not in repr(CameraSource(camera, address, "ana", "secret"))
        assert "secret" not in str(caught.value)
    recorder.start(CameraSource(camera, "rtsp://127.0.0.1:1/cam"))
    with pytest.raises(Error) as caught:
        recorder.start(CameraSource(camera, "rtsp://127.0.0.1:1/cam"))
    assert caught.value.id == "recorder.camera-busy"
    recorder.stop(camera, Cause.PAUSED_BY_RESIDENT)
    now = SystemClock().now()
    assert vault.timeline(camera, now - 60, now + 1).gaps[-1].cause in {
        Cause.PAUSED_BY_RESIDENT,
        Cause.NOT_RECORDED,
    }
    vault.gap_end(camera, (now + 1) * 90_000)
    assert Cause.PAUSED_BY_RESIDENT in {gap.cause for gap in vault.timeline(camera, now - 60, now + 1).gaps}


RECORDER = """
import sys, time
from pathlib import Path
from sunporch.base.clock import SystemClock
from sunporch.recorder import CameraSource, Recorder
from sunporch.vault import Vault
vault = Vault.open(Path(sys.argv[1]), SystemClock())
recorder = Recorder(vault, SystemClock())
recorder.start(CameraSource(sys.argv[2], sys.argv[3]))
while True:
    print(recorder.status()[sys.argv[2]].pictures, flush=True)
    time.sleep(0.05)
"""


def test_a_recorder_killed_while_it_records_loses_at_most_one_group(tmp_path: Path, clips: Path, soak: bool):
    clock = SystemClock()
    Vault.create(tmp_path / "vault", clock).close()
    chance = random.Random(5)
    with camera_process(cached_clip(clips, 6)) as (_, address):
        for trial in range(200 if soak else 2):
            began = clock.now()
            with Vault.open(tmp_path / "vault", clock) as vault:
                camera = vault.add_camera(f"porch {trial}")
            child = subprocess.Popen(
                [sys.executable, "-c", RECORDER, tmp_path / "vault", camera, address],
                stdout=subprocess.PIPE, text=True, cwd=ROOT,
            )  # fmt: skip
            assert child.stdout is not None
            shown = 0
            enough = chance.randint(30, 60)
            while shown < enough:
                shown = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
            with Vault.open(tmp_path / "vault", clock) as vault:
                found = numbers(vault, camera, began, clock.now() + 1)
                assert len(found) >= shown - 15 - 1, trial  # a group is 15 pictures
                assert runs_of(found, 90)
                timeline = vault.timeline(camera, began, clock.now() + 1)
                assert tiles_exactly(timeline)
                assert vault.check(camera, began, clock.now() + 1) >= 1
                assert Cause.TAIL_LOST in {gap.cause for gap in timeline.gaps}


def test_the_numbers_in_a_clip_are_its_frames(clips: Path):
    with av.open(str(cached_clip(clips, 6))) as container:
        assert [read_frame_number(frame) for frame in container.decode(video=0)] == list(range(90))


def test_waiting_grows_and_a_good_minute_forgives():
    ladder = Ladder(random.Random(1))
    waits = [ladder.wait(good_seconds=0, password=False) for _ in range(8)]
    expected = [*STEPS_SECONDS, STEPS_SECONDS[-1], STEPS_SECONDS[-1]]
    assert all(abs(wait - step) <= step * 0.2 for wait, step in zip(waits, expected, strict=True))
    assert ladder.wait(good_seconds=59, password=False) > 10
    assert ladder.wait(good_seconds=60, password=False) < 1
    assert ladder.wait(good_seconds=0, password=True) >= PASSWORD_SECONDS * 0.8
