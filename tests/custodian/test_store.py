# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import os
import shutil
import sqlite3
import sys

import pytest

from sunporch.custodian import rootkey, store
from sunporch.custodian.rootkey import FILE_SIZE, SLOT_SIZE, RootKeys
from sunporch.custodian.store import ROOT_NAME, TABLE_NAME, Note, Row, Store
from tests.client.test_server import failing
from tests.custodian.crashes import killed, sample, steps

DAY = 86_400


def row(number, **changes):
    values = {"c": f"{number:064x}", "d": "disclosure+0+x", "agency": "MA0120100", "expires": 60 * DAY, "created": 5}
    return Row(**(values | changes))


def half(number):
    return bytes([number]) * 32


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "custodian"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def kept(folder):
    kept = Store.create(folder)
    yield kept
    kept.close()


def opened(folder):
    """Return what a process that starts on the folder can open: clip -> half."""
    with_store = Store(folder)
    try:
        return {found.c: with_store.half(found) for found in with_store.rows()}
    finally:
        with_store.close()


def copy(folder, target, *, without_root=False):
    target.mkdir(mode=0o700)
    for path in folder.iterdir():
        if not (without_root and path.name == ROOT_NAME):
            shutil.copy2(path, target)
    return target


def test_a_half_is_kept_and_read_back(kept):
    kept.put(row(1), half(1))
    assert kept.row(row(1).c) == row(1)
    assert kept.half(row(1)) == half(1)
    assert kept.row(row(2).c) is None
    assert kept.count() == 1


def test_a_purge_destroys_the_dead_and_keeps_the_living(kept, folder):
    for number in range(1, 6):
        kept.put(row(number), half(number))
    kept.mark_withdrawn(row(3).c, 1_700_000_000)
    kept.purge([row(1).c, row(2).c])
    assert kept.generation == 2
    kept.close()
    assert opened(folder) == {row(n).c: half(n) for n in (3, 4, 5)}
    assert kept.roots.generations == (2,)


@pytest.mark.promise(2)
def test_a_stranger_with_the_custodians_disk_but_without_the_root_key_opens_nothing(kept, folder, tmp_path):
    for number in range(1, 6):
        kept.put(row(number), half(number))
    table = copy(folder, tmp_path / "stolen", without_root=True)
    kept.purge([row(1).c])
    after = copy(folder, tmp_path / "after")
    # The root key of another generation, taken later, is all that he can find.
    shutil.copy2(after / ROOT_NAME, table)
    with failing("custodian.rootkey-unreadable"):
        Store(table)
    everything = b"".join(path.read_bytes() for path in [*table.iterdir(), *after.iterdir()])
    assert not any(half(number) in everything for number in range(1, 6))


@pytest.mark.promise(2)
def test_no_page_of_the_old_table_survives_a_purge(kept, folder):
    for number in range(1, 40):
        kept.put(row(number), half(number))
    database = sqlite3.connect(folder / TABLE_NAME)
    sealed = [value for (value,) in database.execute("SELECT sealed FROM halves")]
    database.close()
    kept.purge([row(n).c for n in range(1, 30)])
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert not any(value in everything for value in sealed)
    assert row(1).c.encode() not in everything


@pytest.mark.promise(2)
def test_the_old_root_key_is_overwritten_where_it_lay(folder):
    keys = RootKeys.create(folder / ROOT_NAME, 1)
    before = (folder / ROOT_NAME).stat()
    old = keys.key(1)
    keys.add(2)
    assert keys.generations == (1, 2)
    keys.keep_only(2)
    after = (folder / ROOT_NAME).stat()
    assert (after.st_ino, after.st_size, after.st_blocks) == (before.st_ino, FILE_SIZE, before.st_blocks)
    data = (folder / ROOT_NAME).read_bytes()
    assert old not in data
    assert data[:SLOT_SIZE] == bytes(SLOT_SIZE)
    with failing("custodian.rootkey-unreadable"):
        keys.key(1)


def test_a_root_key_file_of_another_size_closes_the_custodian(kept, folder):
    kept.close()
    with (folder / ROOT_NAME).open("ab") as file:
        file.write(b"x")
    with failing("custodian.rootkey-unreadable"):
        Store(folder)


def test_one_flipped_bit_in_the_root_key_closes_the_custodian(kept, folder):
    kept.close()
    data = bytearray((folder / ROOT_NAME).read_bytes())
    data[len(rootkey.MAGIC) + 9] ^= 1
    (folder / ROOT_NAME).write_bytes(data)
    with failing("custodian.rootkey-unreadable"):
        Store(folder)


def test_a_root_key_that_others_may_read_closes_the_custodian(kept, folder):
    kept.close()
    (folder / ROOT_NAME).chmod(0o640)
    with failing("durable.path-exposed"):
        Store(folder)


def test_a_short_write_of_the_root_key_is_an_error(kept, monkeypatch):
    monkeypatch.setattr(os, "pwrite", lambda *_: 7)
    with failing("custodian.rootkey-unreadable"):
        kept.purge([])


@pytest.mark.parametrize(
    ("column", "value"), [("expires", 99 * DAY), ("agency", "XX"), ("d", "other"), ("c", "f" * 64)]
)
def test_a_row_that_somebody_edited_opens_nothing(kept, folder, column, value):
    kept.put(row(1), half(1))
    database = sqlite3.connect(folder / TABLE_NAME)
    database.execute(f"UPDATE halves SET {column} = ?", (value,))
    database.commit()
    database.close()
    with failing("custodian.table-unreadable"):
        kept.half(kept.rows()[0])


def test_a_table_that_is_no_table_closes_the_custodian(kept, folder):
    kept.close()
    for suffix in ("-wal", "-shm"):
        (folder / f"{TABLE_NAME}{suffix}").unlink(missing_ok=True)
    (folder / TABLE_NAME).write_bytes(b"not a table at all" * 1_000)
    with failing("custodian.table-unreadable"):
        Store(folder)


def test_a_table_of_another_version_closes_the_custodian(kept, folder):
    kept.close()
    database = sqlite3.connect(folder / TABLE_NAME)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with failing("custodian.table-unreadable"):
        Store(folder)


@pytest.mark.promise(2)
def test_a_purge_that_cannot_empty_the_log_says_so_and_destroys_the_key_all_the_same(kept, folder):
    kept.put(row(1), half(1))
    reader = sqlite3.connect(folder / TABLE_NAME, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM halves").fetchone()
    with failing("custodian.table-unreadable"):
        kept.purge([row(1).c])
    assert RootKeys(folder / ROOT_NAME).generations == (kept.generation,) == (2,)
    reader.close()
    kept.purge([])


def test_of_two_custodians_on_one_folder_the_second_is_refused_until_the_first_ends(kept, folder):
    kept.put(row(1), half(1))
    with failing("custodian.table-busy"):
        Store(folder)
    assert kept.half(row(1)) == half(1)
    kept.close()
    assert opened(folder) == {row(1).c: half(1)}


def test_the_table_takes_no_more_than_it_says(kept, monkeypatch):
    monkeypatch.setattr(store, "MAX_HALVES", 1)
    kept.put(row(1), half(1))
    with failing("custodian.halves-exhausted"):
        kept.put(row(2), half(2))


def test_a_clip_is_never_kept_twice(kept):
    kept.put(row(1), half(1))
    with pytest.raises(sqlite3.IntegrityError):
        kept.put(row(1), half(2))
    assert kept.half(row(1)) == half(1)


def test_an_answer_is_the_same_after_a_restart_and_a_purge_and_ends_with_its_clip(kept, folder):
    kept.put(row(1), half(1))
    kept.put(row(2), half(2))
    kept.remember_answer("ab" * 32, row(1).c, 77, b"sealed")
    kept.remember_answer("cd" * 32, row(2).c, 78, b"other")
    kept.purge([row(2).c])
    kept.close()
    again = Store(folder)
    assert again.answer("ab" * 32) == (77, b"sealed")
    assert again.answer("cd" * 32) is None
    again.close()


def test_notes_wait_until_they_are_dropped(kept):
    note = Note("ab", "expiry", 9, "text")
    kept.add_note(note)
    kept.add_note(note)
    assert kept.notes() == [note]
    kept.drop_note("ab")
    assert kept.notes() == []


def test_a_generation_can_be_pushed_forward(kept):
    kept.purge([], least_generation=9)
    kept.purge([])
    assert kept.generation == 10


# Crashes ------------------------------------------------------------------------------------------------------------

LIVE, DEAD = (1, 2, 3), (4, 5)
PURGE = """
import sys
from pathlib import Path
from sunporch.custodian.store import Store
kept = Store(Path(sys.argv[1]))
kept.purge(sys.argv[2:])
print("purged", flush=True)
"""
SAMPLE = 16  # steps that every run plays; `make soak` plays all


def purging(folder):
    # Without -B a module that Python compiles is renamed into place: a step of the first run and of no other.
    return [sys.executable, "-I", "-B", "-c", PURGE, str(folder), *(row(n).c for n in DEAD)]


def filled(folder):
    folder.mkdir(mode=0o700)
    kept = Store.create(folder)
    for number in LIVE + DEAD:
        kept.put(row(number), half(number))
    kept.close()
    return folder


def killed_purges(made, target, most):
    """Yield folder and outcome of a purge that was killed at a step, for steps from the first to the last."""
    whole = steps(purging(copy(made, target / "whole")), target)
    print(f"{len(whole)} durable steps of a purge")
    for call, number in sample(whole, most):
        folder = copy(made, target / f"crash-{call}-{number}")
        yield folder, "purged" in killed(purging(folder), call, number)


@pytest.mark.strace
@pytest.mark.promise(2)
@pytest.mark.skipif(shutil.which("strace") is None, reason="apt-get install strace")
def test_a_crash_at_any_point_of_a_purge_loses_no_living_half_and_leaves_one_root_key(tmp_path, capsys, soak):
    live = {row(n).c: half(n) for n in LIVE}
    everything = live | {row(n).c: half(n) for n in DEAD}
    outcomes = []
    for folder, purged in killed_purges(filled(tmp_path / "made"), tmp_path, 1_000 if soak else SAMPLE):
        again = Store(folder)
        assert again.roots.generations == (again.generation,)
        again.close()
        found = opened(folder)
        assert found == live or (found == everything and not purged), folder.name  # the new state or the old one
        # Whoever copies everything after the restarted custodian purged opens nothing that ended.
        again = Store(folder)
        again.purge([row(n).c for n in DEAD])
        again.close()
        assert opened(folder) == live
        outcomes.append("old" if found == everything else "new")
    assert outcomes == sorted(outcomes, reverse=True)  # first old, from one point on new
    assert {"old", "new"} == set(outcomes)
    with capsys.disabled():
        print(f"\n{len(outcomes)} crash points of a purge: {outcomes.count('old')} old, {outcomes.count('new')} new")
