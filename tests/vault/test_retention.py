# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage goes when it was promised to go, stays while it is held, and is gone when it is erased."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.vault import TICKS, Cause, Left, Mode, Vault, tiles_exactly
from sunporch.vault import segment as form
from tests.vault.conftest import NOW, RUN, gop, read, record, sealed_files

DAY = 86_400
PLENTY = 10**12


def test_footage_older_than_promised_goes_and_the_rest_stays(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 3 * DAY, 10)
    record(vault, camera, NOW - DAY + 100, 10)
    kept = vault.enforce_retention(1, PLENTY)
    assert kept.erased == 2
    assert len(sealed_files(vault)) == 2
    (gap, *_) = vault.timeline(camera, NOW - 3 * DAY, NOW).gaps
    assert gap.cause is Cause.EXPIRED


def test_beyond_the_budget_the_oldest_goes_first(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 20)
    budget = vault.storage().used_bytes // 2
    vault.enforce_retention(30, budget)
    assert vault.storage().used_bytes <= budget
    assert [(span.start_90k // TICKS - NOW) for span in vault.timeline(camera, NOW - 100, NOW).spans] == [-90]


def test_a_limit_of_nothing_is_refused(vault: Vault):
    for days, size in ((0, PLENTY), (30, 0)):
        with pytest.raises(Error) as caught:
            vault.enforce_retention(days, size)
        assert caught.value.id == "vault.retention-refused"


def test_held_footage_is_never_deleted_by_days_bytes_or_a_full_disk(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 3 * DAY, 20)
    vault.hold("appeal 7", camera, NOW - 3 * DAY + 6, NOW - 3 * DAY + 8)
    kept = vault.enforce_retention(1, 1)
    assert kept.held_over_budget > 0
    assert vault.make_room(PLENTY) == 0
    assert read(vault, camera, NOW - 3 * DAY + 6, NOW - 3 * DAY + 8) == b"init " + RUN.encode() + gop(6) + gop(7)
    assert vault.storage().held_bytes == vault.storage().used_bytes
    vault.end_hold("appeal 7")
    vault.enforce_retention(1, PLENTY)
    assert sealed_files(vault) == []


def test_the_resident_is_told_before_held_footage_is_erased(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    vault.hold("appeal 7", camera, NOW - 100, NOW - 95)
    with pytest.raises(Error) as caught:
        vault.erase(camera, NOW - 98, NOW - 97)
    assert caught.value.id == "vault.footage-held"
    assert "appeal 7" in caught.value.what
    assert vault.erase(camera, NOW - 98, NOW - 97, even_held=True) == 1


def test_all_of_a_camera_is_erased_but_what_is_held_or_being_recorded(vault: Vault):
    camera, other = vault.add_camera("porch"), vault.add_camera("hall")
    record(vault, camera, NOW - 100, 10)
    record(vault, other, NOW - 100, 5)
    vault.hold("appeal 7", camera, NOW - 100, NOW - 98)
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 10) * TICKS, b"init")
    writer.append_gop(gop(0), 0, TICKS)
    assert (vault.left(camera), vault.left(other)) == (Left(3, 1), Left(1, 0))
    assert vault.erase_unheld(camera) == 1
    assert vault.left(camera) == Left(2, 1)
    writer.close()
    vault.end_hold("appeal 7")
    assert vault.erase_unheld(camera) == 2
    assert (vault.left(camera), vault.left(other)) == (Left(0, 0), Left(1, 0))


def test_a_hold_is_one_hold_however_often_it_is_placed(vault: Vault):
    camera = vault.add_camera("porch")
    vault.hold("appeal 7", camera, NOW - 100, NOW - 95)
    vault.hold("appeal 7", camera, NOW - 100, NOW - 95)
    assert len(vault.holds()) == 1
    with pytest.raises(Error) as caught:
        vault.hold("appeal 7", camera, NOW - 50, NOW - 45)
    assert caught.value.id == "vault.hold-taken"
    vault.end_hold("appeal 7")
    vault.end_hold("appeal 7")
    assert vault.holds() == ()


def test_a_hold_keeps_what_is_recorded_after_it_was_placed(vault: Vault):
    camera = vault.add_camera("porch")
    vault.hold("appeal 7", camera, NOW - 100, NOW - 90)
    record(vault, camera, NOW - 100, 10)
    assert vault.enforce_retention(1, 1).erased == 0


def test_what_is_being_recorded_cannot_be_erased_and_is_not_forgotten(vault: Vault):
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 10) * TICKS, b"init")
    writer.append_gop(gop(0), 0, TICKS)
    with pytest.raises(Error) as caught:
        vault.erase(camera, NOW - 10, NOW)
    assert caught.value.id == "vault.footage-unfinished"
    vault.enforce_retention(1, 1)
    writer.close()
    assert read(vault, camera, NOW - 10, NOW - 9)


def test_erased_seconds_are_gone_and_said_to_be(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 20)
    assert vault.erase(camera, NOW - 94, NOW - 91) == 1
    timeline = vault.timeline(camera, NOW - 100, NOW - 80)
    assert tiles_exactly(timeline)
    assert [(gap.start_90k // TICKS - NOW, gap.cause) for gap in timeline.gaps] == [(-95, Cause.ERASED)]
    with pytest.raises(Error, match=r"vault\.footage-missing"):
        vault.footage(camera, NOW - 95, NOW - 90)


def test_an_erasure_cut_short_is_finished_at_the_next_start(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 5)
    (path,) = sealed_files(vault)
    whole = path.read_bytes()
    vault.erase(camera, NOW - 100, NOW - 95)
    # As if the process had died after writing down what it would erase.
    journal = vault.folder / "journal"
    journal.write_bytes(b"".join(line for line in journal.read_bytes().splitlines(True) if b'"gone"' not in line))
    path.write_bytes(whole)
    vault.close()
    for index in vault.folder.glob("index.sqlite3*"):
        index.unlink()
    with Vault.open(vault.folder, clock):
        assert not path.exists()


@contextlib.contextmanager
def mounted(image: Path, point: Path, *options: str) -> Iterator[Path]:
    """Mount something for the length of a test, or skip where that is not allowed."""
    point.mkdir()
    done = subprocess.run(["mount", *options, image, point], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is not permitted here: {done.stderr.strip()}")
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)


@pytest.mark.promise(9)
@pytest.mark.parametrize("mode", [Mode.SIMPLE, Mode.SEALED])
def test_erased_footage_is_not_to_be_had_from_the_disk_image(tmp_path: Path, clock: ManualClock, mode: Mode):
    if os.geteuid():
        pytest.skip("needs root to mount a file as a disk")
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("needs mkfs.ext4: apt-get install e2fsprogs")
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(32 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    with mounted(image, tmp_path / "disk", "-o", "loop") as disk:
        vault = Vault.create(disk / "vault", clock, mode, "a porch in the sun")
        camera = vault.add_camera("porch")
        record(vault, camera, NOW - 100, 10)
        wrapped = [path.read_bytes()[form.WRAPPED_AT :][: form.WRAPPED_BYTES] for path in sealed_files(vault)]
        subprocess.run(["sync", "-f", disk], check=True)
        assert all(key[:60] in image.read_bytes() for key in wrapped)
        vault.erase(camera, NOW - 100, NOW - 95)
        vault.close()
        subprocess.run(["sync", "-f", disk], check=True)
    data = image.read_bytes()
    # The household's key is at hand, and all blocks of the disk: the one wrapped key is nowhere in them.
    assert wrapped[0][:60] not in data
    assert wrapped[1][:60] in data
    assert not any(gop(number)[:32] in data for number in range(10))


def test_a_full_disk_loses_nothing_that_was_stored_and_makes_room_by_the_oldest(tmp_path: Path, clock: ManualClock):
    if os.geteuid():
        pytest.skip("needs root to mount a small disk")
    with mounted(Path("tmpfs"), tmp_path / "disk", "-t", "tmpfs", "-o", "size=6m") as disk:
        vault = Vault.create(disk / "vault", clock)
        camera = vault.add_camera("porch")
        stored = 0
        with pytest.raises(Error) as caught:
            while True:
                writer = vault.begin_segment(camera, "main", RUN, (NOW - 1000 + stored) * TICKS, b"init")
                for _ in range(5):
                    writer.append_gop(gop(stored, 100_000), stored * TICKS, TICKS)
                    stored += 1
                writer.close()
        assert caught.value.id == "vault.disk-full"
        vault.gap_begin(camera, Cause.DISK_FULL, (NOW - 1000 + stored) * TICKS)
        timeline = vault.timeline(camera, NOW - 1000, NOW)
        assert timeline.recorded_90k == stored * TICKS
        assert [gap.cause for gap in timeline.gaps] == [Cause.DISK_FULL]
        assert vault.check(camera, NOW - 1000, NOW) > 0
        vault.hold("appeal 7", camera, NOW - 1000, NOW - 999)
        assert vault.make_room(1_000_000) >= 1_000_000
        record(vault, camera, NOW - 100, 5)
        causes = [gap.cause for gap in vault.timeline(camera, NOW - 1000, NOW - 100).gaps]
        assert causes == [Cause.DISK_FULL, Cause.DISK_FULL]  # what made room, and the time without room
        assert read(vault, camera, NOW - 1000, NOW - 999)
        vault.rebuild_index()
        assert tiles_exactly(vault.timeline(camera, NOW - 1000, NOW))
        vault.close()
