# SPDX-License-Identifier: AGPL-3.0-or-later
"""The archive keeps what it is given, gives it back unaltered, and opens for nobody without the key."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.vault import TICKS, Cause, Mode, Vault, tiles_exactly
from sunporch.vault.keys import MIN_PASSPHRASE
from tests.vault.conftest import NOW, PASSPHRASE, RUN, gop, read, record, sealed_files


def test_what_was_recorded_comes_back_byte_for_byte(either: Vault):
    camera = either.add_camera("porch")
    record(either, camera, NOW - 100, 12)
    assert read(either, camera, NOW - 100, NOW - 88) == b"init " + RUN.encode() + b"".join(map(gop, range(12)))


def test_only_the_groups_that_touch_the_seconds_asked_for_are_given(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 12)
    assert read(vault, camera, NOW - 97, NOW - 92) == b"init " + RUN.encode() + b"".join(map(gop, range(3, 8)))


def test_media_time_and_wall_time_are_told_apart_and_together(vault: Vault):
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 100) * TICKS, b"init")
    for number in range(10):
        writer.append_gop(gop(number), (number + 1) * TICKS, TICKS)
    writer.close((NOW - 100) * TICKS + 10 * TICKS + 4500)  # the camera's clock is 500 ppm slow... of ten seconds
    (part,) = vault.footage(camera, NOW - 100, NOW - 90).parts
    assert part.wall_90k(TICKS) == (NOW - 100) * TICKS
    assert part.wall_90k(11 * TICKS) == (NOW - 90) * TICKS + 4500
    assert part.media_90k((NOW - 90) * TICKS + 4500) == 11 * TICKS
    assert abs(part.media_90k(part.wall_90k(5 * TICKS)) - 5 * TICKS) <= 1


def test_a_stretch_over_two_runs_has_two_parts_and_the_gap_between_them(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    vault.gap_begin(camera, Cause.TCP_CLOSED, (NOW - 90) * TICKS)
    record(vault, camera, NOW - 80, 10, run="f" * 16)
    footage = vault.footage(camera, NOW - 95, NOW - 75)
    assert [(part.start_90k // TICKS - NOW, part.end_90k // TICKS - NOW) for part in footage.parts] == [
        (-95, -90),
        (-80, -75),
    ]
    assert [gap.cause for gap in footage.gaps] == [Cause.TCP_CLOSED]


def test_plaintext_never_touches_the_disk(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    read(vault, camera, NOW - 100, NOW - 90)
    for path in vault.folder.rglob("*"):
        if path.is_file():
            assert not any(gop(number)[:64] in path.read_bytes() for number in range(10))


def test_a_source_can_be_sought_like_a_file(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    (part,) = vault.footage(camera, NOW - 100, NOW - 90).parts
    with part.open() as file:
        whole = file.read()
        assert file.seek(-5000, 2) == len(whole) - 5000
        assert file.read(100) == whole[-5000:-4900]
        file.seek(3010)
        assert file.read(10) == whole[3010:3020]


@pytest.mark.requirement("S1")
def test_a_thief_without_the_passphrase_opens_nothing(tmp_path: Path, clock: ManualClock):
    with Vault.create(tmp_path / "vault", clock, Mode.SEALED, PASSPHRASE) as vault:
        camera = vault.add_camera("porch")
        record(vault, camera, NOW - 100, 10)
    with Vault.open(tmp_path / "vault", clock) as thief:
        assert thief.locked
        with pytest.raises(Error) as caught:
            thief.footage(camera, NOW - 100, NOW - 90)
        assert caught.value.id == "vault.key-locked"
        with pytest.raises(Error) as caught:
            thief.unlock("a porch in the rain")
        assert caught.value.id == "vault.passphrase-wrong"


def test_a_sealed_archive_records_after_a_power_cut_without_its_owner(tmp_path: Path, clock: ManualClock):
    with Vault.create(tmp_path / "vault", clock, Mode.SEALED, PASSPHRASE) as vault:
        camera = vault.add_camera("porch")
    with Vault.open(tmp_path / "vault", clock) as vault:
        record(vault, camera, NOW - 100, 10)
        vault.unlock(PASSPHRASE)
        assert len(read(vault, camera, NOW - 100, NOW - 90)) > 30_000
        vault.lock()
        with pytest.raises(Error, match=r"vault\.key-locked"):
            vault.footage(camera, NOW - 100, NOW - 90)


def test_a_locked_simple_archive_does_not_record_and_says_why(tmp_path: Path, clock: ManualClock):
    with Vault.create(tmp_path / "vault", clock, Mode.SIMPLE, PASSPHRASE) as vault:
        camera = vault.add_camera("porch")
    with Vault.open(tmp_path / "vault", clock) as vault, pytest.raises(Error) as caught:
        vault.begin_segment(camera, "main", RUN, NOW * TICKS, b"init")
    assert caught.value.id == "vault.key-locked"
    assert "record" in caught.value.what


def test_a_sealed_archive_wants_a_passphrase_worth_the_name(tmp_path: Path, clock: ManualClock):
    for passphrase in (None, "x" * (MIN_PASSPHRASE - 1)):
        with pytest.raises(Error) as caught:
            Vault.create(tmp_path / "vault", clock, Mode.SEALED, passphrase)
        assert caught.value.id == "vault.passphrase-needed"


def test_a_new_archive_never_lands_on_something_old(tmp_path: Path, clock: ManualClock):
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(Error) as caught:
        Vault.create(tmp_path, clock)
    assert caught.value.id == "vault.folder-occupied"


def test_a_folder_that_is_no_archive_is_named(tmp_path: Path, clock: ManualClock, vault: Vault):
    with pytest.raises(Error) as caught:
        Vault.open(tmp_path, clock)
    assert caught.value.id == "vault.folder-unknown"
    (vault.folder / "household.json").write_text('{"version":1}')
    with pytest.raises(Error) as caught:
        Vault.open(vault.folder, clock)
    assert caught.value.id == "vault.folder-unknown"


def test_a_camera_nobody_added_is_named(vault: Vault):
    for call in (
        lambda: vault.begin_segment("0" * 16, "main", RUN, NOW * TICKS, b""),
        lambda: vault.timeline("0" * 16, NOW - 10, NOW),
        lambda: vault.gap_begin("0" * 16, Cause.FROZEN, NOW * TICKS),
    ):
        with pytest.raises(Error) as caught:
            call()
        assert caught.value.id == "vault.camera-unknown"


def test_cameras_are_listed_with_what_the_resident_said_of_them(vault: Vault):
    vault.add_camera("porch")
    vault.add_camera("kitchen", indoor=True)
    assert [(camera.name, camera.indoor) for camera in vault.cameras()] == [("porch", False), ("kitchen", True)]


@pytest.mark.parametrize(("start", "end"), [(NOW, NOW), (NOW, NOW - 1), (-5, NOW), (0, NOW)])
def test_a_stretch_that_makes_no_sense_is_refused(vault: Vault, start: int, end: int):
    camera = vault.add_camera("porch")
    with pytest.raises(Error) as caught:
        vault.timeline(camera, start, end)
    assert caught.value.id == "vault.span-refused"


def test_asking_for_what_was_never_recorded_says_why(vault: Vault):
    camera = vault.add_camera("porch")
    vault.gap_begin(camera, Cause.FROZEN, (NOW - 50) * TICKS)
    with pytest.raises(Error) as caught:
        vault.footage(camera, NOW - 50, NOW - 40)
    assert caught.value.id == "vault.footage-missing"
    assert "frozen" in caught.value.what


def test_seconds_that_are_being_recorded_are_not_given_out_yet(vault: Vault):
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 10) * TICKS, b"init")
    writer.append_gop(gop(0), 0, TICKS)
    assert vault.timeline(camera, NOW - 10, NOW - 9).recorded_90k == TICKS
    with pytest.raises(Error) as caught:
        vault.footage(camera, NOW - 10, NOW - 9)
    assert caught.value.id == "vault.footage-unfinished"
    writer.close()
    assert vault.footage(camera, NOW - 10, NOW - 9).parts


def test_a_group_out_of_order_is_refused_and_the_rest_is_kept(vault: Vault):
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 10) * TICKS, b"init")
    writer.append_gop(gop(0), 0, TICKS)
    for first, duration in ((0, TICKS), (TICKS, 0)):
        with pytest.raises(Error) as caught:
            writer.append_gop(gop(1), first, duration)
        assert caught.value.id == "vault.chunk-refused"
    writer.close()
    with pytest.raises(Error, match=r"vault\.chunk-refused"):
        writer.append_gop(gop(1), TICKS, TICKS)
    assert read(vault, camera, NOW - 10, NOW - 9) == b"init" + gop(0)


def test_a_segment_that_never_got_a_picture_never_was(vault: Vault):
    camera = vault.add_camera("porch")
    vault.begin_segment(camera, "main", RUN, (NOW - 10) * TICKS, b"init").close()
    assert sealed_files(vault) == []
    assert vault.timeline(camera, NOW - 10, NOW).spans == ()


def test_two_processes_share_one_archive(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    with Vault.open(vault.folder, clock) as web:
        record(vault, camera, NOW - 100, 10)
        web.hold("appeal 7", camera, NOW - 100, NOW - 90)
        assert read(web, camera, NOW - 100, NOW - 90) == read(vault, camera, NOW - 100, NOW - 90)
        assert vault.holds() == web.holds()
        record(vault, camera, NOW - 90, 10)
        assert web.timeline(camera, NOW - 100, NOW - 80).recorded_90k == 20 * TICKS


def test_the_index_comes_back_from_journal_and_files(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    vault.gap_begin(camera, Cause.FROZEN, (NOW - 90) * TICKS)
    vault.gap_end(camera, (NOW - 80) * TICKS)
    vault.hold("appeal 7", camera, NOW - 100, NOW - 90)
    before = vault.timeline(camera, NOW - 200, NOW), vault.holds(), vault.storage().used_bytes
    vault.rebuild_index()
    assert (vault.timeline(camera, NOW - 200, NOW), vault.holds(), vault.storage().used_bytes) == before


def test_a_spoiled_index_is_made_anew_when_the_archive_is_opened(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 10)
    vault.close()
    for path in vault.folder.glob("index.sqlite3*"):
        path.write_bytes(b"not a database at all" * 100)
    with Vault.open(vault.folder, clock) as again:
        assert len(read(again, camera, NOW - 100, NOW - 90)) > 30_000


def test_a_changed_line_of_the_journal_is_seen(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    vault.gap_begin(camera, Cause.FROZEN, (NOW - 90) * TICKS)
    vault.close()
    journal = vault.folder / "journal"
    journal.write_bytes(journal.read_bytes().replace(b'"frozen"', b'"refuse"'))
    for path in vault.folder.glob("index.sqlite3*"):
        path.unlink()
    with pytest.raises(Error) as caught:
        Vault.open(vault.folder, clock)
    assert caught.value.id == "vault.journal-damaged"


def test_a_journal_line_torn_by_a_power_cut_is_cut_off(vault: Vault, clock: ManualClock):
    camera = vault.add_camera("porch")
    vault.close()
    with (vault.folder / "journal").open("ab") as file:
        file.write(b"0123456789abcdef {")
    with Vault.open(vault.folder, clock) as again:
        record(again, camera, NOW - 100, 10)
        again.rebuild_index()
        assert tiles_exactly(again.timeline(camera, NOW - 200, NOW))


def test_a_disk_that_refuses_to_write_is_named_and_what_was_stored_is_kept(vault: Vault):
    camera = vault.add_camera("porch")
    writer = vault.begin_segment(camera, "main", RUN, (NOW - 100) * TICKS, b"init")
    writer.append_gop(gop(0, 1_000_000), 0, TICKS)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        with pytest.raises(Error) as caught:
            writer.append_gop(gop(1, 1_000_000), TICKS, TICKS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.id == "vault.disk-failed"
    assert read(vault, camera, NOW - 100, NOW - 98) == b"init" + gop(0, 1_000_000)
    assert vault.check(camera, NOW - 100, NOW - 98) == 1
