# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import errno
import itertools
import os
import threading
from dataclasses import replace

import pytest

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.tlog import commits, journal
from sunporch.tlog import writer as writer_module
from sunporch.tlog.checkpoints import Checkpoint, cosign
from sunporch.tlog.commits import GroupCommit
from sunporch.tlog.hashing import EMPTY_ROOT, CompactRange, leaf_hash
from sunporch.tlog.journal import Signed
from sunporch.tlog.notes import sign
from sunporch.tlog.proofs import consistency, inclusion, verify_consistency, verify_inclusion
from sunporch.tlog.reader import audit
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.tiles import MAX_LEAF
from sunporch.tlog.writer import Writer
from tests.tlog.logs import LOG_KEY, NOON, ORIGIN, POLICY, WITNESSES, files, fill, leaves, publish, reader


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


def root_of(items: list[bytes]) -> bytes:
    return CompactRange().extended(map(leaf_hash, items)).root()


def test_an_empty_log_has_the_empty_root_and_can_be_signed(folder):
    with Writer(DirectoryStorage(folder)) as log:
        assert (log.size, log.root(), log.signed, log.kept_size) == (0, EMPTY_ROOT, None, -1)
        publish(log)
        assert (log.signed, log.kept_size) == (Signed(0, EMPTY_ROOT), 0)
    assert files(folder) == ["checkpoint", "checkpoints/0", "checkpoints/sizes"]


def test_leaves_keep_their_order_and_their_index(folder):
    with Writer(DirectoryStorage(folder)) as log:
        assert log.append(leaves(3)) == 0
        assert log.append(leaves(600, 3)) == 3
        assert log.append([]) == 603
        assert log.size == 603
        for size in (0, 1, 255, 256, 257, 511, 512, 600, 603):
            assert log.root(size) == root_of(leaves(size))


def test_appended_leaves_are_there_after_a_new_start_though_nothing_was_signed(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(300))
        log.append(leaves(5, 300))
    for _ in range(2):
        with Writer(DirectoryStorage(folder)) as log:
            assert (log.size, log.root()) == (305, root_of(leaves(305)))


def test_a_tree_of_three_levels_is_taken_up_again(folder):
    count = 256 * 256 + 256 + 7
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(count))
        root = log.root()
        publish(log)
    with Writer(DirectoryStorage(folder)) as log:
        assert (log.size, log.root(), log.signed) == (count, root, Signed(count, root))
        log.append(leaves(300, count))
        cosigned = publish(log)
    audit(cosigned.checkpoint, reader(folder))


def test_partial_files_go_once_the_full_one_is_there_and_full_ones_never_change(folder):
    fill(folder, 3, 200)
    assert "tile/entries/000.p/3" in files(folder)
    assert "tile/0/000.p/203" in files(folder)
    fill(folder, 100)
    assert [path for path in files(folder) if path.startswith("tile/")] == [
        "tile/0/000",
        "tile/0/001.p/47",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/47",
    ]
    full = (folder / "tile/entries/000").read_bytes()
    fill(folder, 1000)
    assert (folder / "tile/entries/000").read_bytes() == full


def test_proofs_can_be_made_before_any_checkpoint_promises_the_tiles(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(700))
        assert log.read("tile/0/002.p/188") is not None
        assert log.read("tile/entries/002.p/188") is None
        assert log.read("tile/9/000.p/1") is None
        verify_inclusion(leaf_hash(leaves(700)[601]), 601, 700, inclusion(log.read, 601, 700), log.root())
        verify_consistency(300, log.root(300), 700, log.root(), consistency(log.read, 300, 700))


def test_a_leaf_that_is_too_long_is_refused_and_nothing_of_its_batch_is_written(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append([bytes(MAX_LEAF)])
        with pytest.raises(Error, match=r"tlog\.leaf-refused"):
            log.append([b"short", bytes(MAX_LEAF + 1)])
        assert log.size == 1
        assert log.append([b"short"]) == 1


def test_a_batch_larger_than_one_frame_is_appended_whole(folder, monkeypatch):
    monkeypatch.setattr(writer_module, "MAX_BATCH", 100)
    with Writer(DirectoryStorage(folder)) as log:
        assert log.append(leaves(250)) == 0
    with Writer(DirectoryStorage(folder)) as log:
        assert log.root() == root_of(leaves(250))


def test_the_journal_stays_small_and_forgets_nothing(folder, monkeypatch):
    monkeypatch.setattr(writer_module, "MAX_JOURNAL", 20_000)
    with Writer(DirectoryStorage(folder)) as log:
        for _ in range(8):
            log.append(leaves(100, log.size))
            publish(log)
        assert (folder / ".journal").stat().st_size < 30_000
        signed = log.signed
    with Writer(DirectoryStorage(folder)) as log:
        assert (log.size, log.signed, log.root()) == (800, signed, root_of(leaves(800)))


def test_a_second_writer_is_refused_while_the_first_one_lives(folder):
    with Writer(DirectoryStorage(folder)) as first:
        with pytest.raises(Error, match=r"tlog\.writer-second"):
            Writer(DirectoryStorage(folder))
        first.append(leaves(1))
    with Writer(DirectoryStorage(folder)) as second:
        assert second.size == 1


def test_a_folder_that_others_can_read_is_refused(folder):
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(Error, match=r"durable\.path-exposed"):
        Writer(DirectoryStorage(folder))


def test_the_first_cosigned_checkpoint_of_a_size_stays_and_the_newest_is_served(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(2))
        first, later = publish(log, NOON), publish(log, NOON + 3600)
        log.append(leaves(1, 2))
        publish(log, NOON + 7200)
    fetch = reader(folder)
    assert fetch("checkpoints/2") == first.note.encode() != later.note.encode()
    assert fetch("checkpoints/sizes") == b"2\n3\n"
    assert POLICY.open(fetch("checkpoint"), ORIGIN).median_time == NOON + 7201


def test_the_newest_times_are_served_for_an_idle_log(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(2))
        publish(log, NOON)
        later = publish(log, NOON + 3600)
    assert reader(folder)("checkpoint") == later.note.encode()


def cosigned(head: Checkpoint):
    note = sign(head.encode(), [LOG_KEY])
    note = note.with_signatures(*(cosign(key, note.text, NOON) for key in WITNESSES[:3]))
    return POLICY.open(note.encode(), ORIGIN)


def test_a_checkpoint_that_this_log_did_not_sign_is_not_published(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(4))
        never = Checkpoint(ORIGIN, 4, log.root())
        with pytest.raises(Error, match=r"tlog\.checkpoint-foreign"):
            log.keep_checkpoint(cosigned(never))
        log.sign_checkpoint(LOG_KEY)
        for foreign in (replace(never, root=b"\x01" * 32), replace(never, size=5), replace(never, size=3)):
            with pytest.raises(Error, match=r"tlog\.checkpoint-foreign"):
                log.keep_checkpoint(cosigned(foreign))
        assert log.read("checkpoint") is None
        log.keep_checkpoint(cosigned(never))


def test_an_older_checkpoint_is_not_published_after_a_newer_one(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(4))
        old = publish(log)
        log.append(leaves(1, 4))
        publish(log)
        with pytest.raises(Error, match=r"tlog\.checkpoint-foreign"):
            log.keep_checkpoint(old)


def test_a_kept_file_without_its_line_stays_the_first_of_its_size(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(4))
        first = publish(log, NOON)
    # As a kill leaves it between the file and its line, and in the middle of a line.
    (folder / "checkpoints/sizes").write_bytes(b"")
    (folder / "checkpoint").unlink()
    with Writer(DirectoryStorage(folder)) as log:
        publish(log, NOON + 5)
    assert reader(folder)("checkpoints/4") == first.note.encode()
    (folder / "checkpoints/sizes").write_bytes(b"4\n1")
    with Writer(DirectoryStorage(folder)) as log:
        assert log.kept_size == 4
    assert reader(folder)("checkpoints/sizes") == b"4\n"


@pytest.mark.promise(8)
@pytest.mark.parametrize("name", ["write", "fdatasync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_refuses_stops_the_writer_until_it_is_opened_again(folder, monkeypatch, name, code):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(3))
        good = getattr(os, name)

        def refuse(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, name, refuse)
        with pytest.raises(Error, match=r"tlog\.writer-stopped"):
            log.append(leaves(1, 3))
        monkeypatch.setattr(os, name, good)
        for refused in (lambda: log.append(leaves(1, 3)), lambda: log.sign_checkpoint(LOG_KEY)):
            with pytest.raises(Error, match=r"tlog\.writer-stopped"):
                refused()
    with Writer(DirectoryStorage(folder)) as log:
        assert log.size in (3, 4)
        assert log.root(3) == root_of(leaves(3))


def test_a_writer_interrupted_in_the_middle_writes_no_more_until_it_is_opened_again(folder, monkeypatch):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(3))

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(os, "write", interrupt)
            log.append(leaves(1, 3))
        with pytest.raises(Error, match=r"tlog\.writer-stopped"):
            log.append(leaves(1, 3))
    with Writer(DirectoryStorage(folder)) as log:
        assert log.size == 3


def test_a_disk_that_refuses_at_the_start_lets_go_of_the_lock(folder, monkeypatch):
    fill(folder, 3)
    good = durable.write

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(durable, "write", refuse)
    with pytest.raises(OSError, match="full"):
        Writer(DirectoryStorage(folder))
    monkeypatch.setattr(durable, "write", good)
    with Writer(DirectoryStorage(folder)) as log:
        assert log.size == 3


def flip(folder, name, at):
    path = folder / name
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_journal_that_was_changed_anywhere_but_in_its_last_frame_is_refused(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(3))
        last = (folder / ".journal").stat().st_size
        log.append(leaves(2, 3))
    whole = (folder / ".journal").read_bytes()
    for at in range(last):
        flip(folder, ".journal", at)
        with pytest.raises(Error, match=r"tlog\.journal-damaged"):
            Writer(DirectoryStorage(folder)).close()
        (folder / ".journal").write_bytes(whole)


def test_a_torn_last_frame_is_cut_off(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(3))
        before = (folder / ".journal").stat().st_size
        log.append(leaves(2, 3))
    whole = (folder / ".journal").read_bytes()
    for end in range(before, len(whole)):
        for rest in (b"", bytes(len(whole) - end)):
            (folder / ".journal").write_bytes(whole[:end] + rest)
            with Writer(DirectoryStorage(folder)) as log:
                assert (log.size, log.root()) == (3, root_of(leaves(3)))


def test_an_entry_that_holds_a_copied_frame_is_not_taken_for_one(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(2))
        copied = (folder / ".journal").read_bytes()[journal.HEADER_BYTES :]
        before = (folder / ".journal").stat().st_size
        log.append([copied + copied])
    whole = (folder / ".journal").read_bytes()
    (folder / ".journal").write_bytes(whole[:before] + bytes(20) + whole[before + 20 :])
    with Writer(DirectoryStorage(folder)) as log:
        assert log.size == 2


@pytest.mark.promise(8)
def test_a_journal_that_is_gone_is_not_begun_again_beside_a_log(folder):
    fill(folder, 3)
    (folder / ".journal").unlink()
    with pytest.raises(Error, match=r"tlog\.journal-damaged"):
        Writer(DirectoryStorage(folder))


@pytest.mark.promise(8)
def test_a_folder_that_lost_signed_entries_is_not_written_on(folder):
    with Writer(DirectoryStorage(folder)) as log:
        log.append(leaves(3))
        publish(log)
    begun = journal.Journal.new(0)
    lost = begun.header() + begun.leaves_frame([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves(2)])
    (folder / ".journal").write_bytes(lost + begun.signed_frame(Signed(3, b"\x01" * 32)))
    with pytest.raises(Error, match=r"tlog\.history-changed"):
        Writer(DirectoryStorage(folder))


@pytest.mark.promise(8)
def test_a_folder_whose_full_tiles_changed_is_not_written_on(folder):
    fill(folder, 600)
    Writer(DirectoryStorage(folder)).close()  # from now on the journal no longer holds what is in full tiles
    flip(folder, "tile/0/001", 40)
    with pytest.raises(Error, match=r"tlog\.history-changed"):
        Writer(DirectoryStorage(folder))


def test_a_list_of_sizes_that_was_changed_is_refused(folder):
    fill(folder, 3)
    (folder / "checkpoints/sizes").write_bytes(b"3\n2\n")
    with pytest.raises(Error, match=r"tlog\.sizes-malformed"):
        Writer(DirectoryStorage(folder))


def test_a_folder_placed_again_after_a_kill_leaves_no_rubbish(folder):
    storage = DirectoryStorage(folder)
    storage.lock()
    (folder / "tile/0").mkdir(parents=True, mode=0o700)
    (folder / "tile/0/.000.new").write_bytes(b"half")
    storage.place("tile/0/000", b"whole")
    storage.sync()
    storage.close()
    storage.close()
    assert storage.read("tile/0/000") == b"whole"
    assert [path.name for path in (folder / "tile/0").iterdir()] == ["000"]


def test_what_is_appended_after_a_replacement_goes_into_the_new_file(folder):
    storage = DirectoryStorage(folder)
    storage.lock()
    storage.write("name", b"1")
    storage.append("name", b"2")
    storage.write("name", b"3")
    storage.append("name", b"4")
    storage.close()
    assert storage.read("name") == b"34"


def test_thirty_two_threads_get_thirty_two_different_indices_and_each_finds_its_leaf(folder):
    found: dict[int, bytes] = {}
    with Writer(DirectoryStorage(folder)) as log:
        queue = GroupCommit(log)

        def work(thread: int) -> None:
            for number in range(20):
                leaf = f"{thread}:{number}".encode()
                found[queue.append(leaf)] = leaf

        threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == list(range(640))
        assert log.root() == root_of([found[index] for index in range(640)])


def test_a_leaf_that_is_too_long_does_not_spoil_the_others_commit(folder):
    with Writer(DirectoryStorage(folder)) as log:
        queue = GroupCommit(log)
        with pytest.raises(Error, match=r"tlog\.leaf-refused"):
            queue.append(bytes(MAX_LEAF + 1))
        assert queue.append(b"a") == 0


def test_every_one_who_waits_hears_that_the_disk_refused(folder, monkeypatch):
    heard: list[str] = []
    with Writer(DirectoryStorage(folder)) as log:
        queue = GroupCommit(log)

        def refuse(*_: object) -> None:
            raise OSError(errno.EIO, "broken")

        def work() -> None:
            try:
                queue.append(b"a")
            except Error as error:
                heard.append(error.id)

        monkeypatch.setattr(os, "fdatasync", refuse)
        threads = [threading.Thread(target=work) for _ in range(8)]
        with log._busy:  # so that one commits and seven wait together
            for thread in threads:
                thread.start()
            while len(queue._waiting) < 7:
                pass
        for thread in threads:
            thread.join()
    assert heard == ["tlog.writer-stopped"] * 8


def test_the_queue_is_bounded_and_what_does_not_fit_one_commit_goes_into_the_next(folder, monkeypatch):
    monkeypatch.setattr(commits, "MAX_WAITING", 8)
    monkeypatch.setattr(commits, "MAX_BATCH", 3)
    indices: list[int] = []
    with Writer(DirectoryStorage(folder)) as log:
        queue = GroupCommit(log)
        threads = [threading.Thread(target=lambda: indices.append(queue.append(b"a"))) for _ in range(9)]
        with log._busy:  # so that one commits and eight wait
            for thread in threads:
                thread.start()
            while len(queue._waiting) < 8:
                pass
            with pytest.raises(Error, match=r"tlog\.queue-full"):
                queue.append(b"one more")
        for thread in threads:
            thread.join()
        assert sorted(indices) == list(range(9)) and log.size == 9


def test_nobody_waits_for_ever_when_the_one_who_commits_for_all_is_stopped(folder, monkeypatch):
    class Stopped(BaseException):
        """What ends a program from outside, such as an interrupt."""

    heard: list[str] = []
    calls = itertools.count()

    def sync(handle: int) -> None:
        if next(calls):  # the second commit, for the seven
            raise Stopped

    with Writer(DirectoryStorage(folder)) as log:
        queue = GroupCommit(log)

        def work() -> None:
            try:
                heard.append(f"entry {queue.append(b'a')}")
            except (Error, Stopped) as error:
                heard.append(error.id if isinstance(error, Error) else "stopped")

        monkeypatch.setattr(os, "fdatasync", sync)
        threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
        with log._busy:
            for thread in threads:
                thread.start()
            while len(queue._waiting) < 7:
                pass
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)
    assert sorted(heard) == ["entry 0", "stopped", *["tlog.writer-stopped"] * 6]
