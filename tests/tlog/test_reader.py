# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promise 8 from outside: a tailer detects fork, rollback and omission, and one flipped bit in any file."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from sunporch.base.errors import Error
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.hashing import CompactRange, leaf_hash
from sunporch.tlog.proofs import range_of
from sunporch.tlog.reader import advance, audit, covering, kept_path, parse_sizes
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from tests.tlog.logs import NOON, ORIGIN, POLICY, files, fill, leaves, publish, reader

SIZES = (3, 253, 1, 300, 43)
TOTALS = (3, 256, 257, 557, 600)


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "log", *SIZES)
    return tmp_path / "log"


def newest(folder) -> Checkpoint:
    return POLICY.open(reader(folder)("checkpoint"), ORIGIN).checkpoint


def stage(folder, size: int) -> Checkpoint:
    return POLICY.open(reader(folder)(kept_path(size)), ORIGIN).checkpoint


def rewritten(folder, *replaced: int):
    """Return a folder with another log of the same origin and sizes that differs in the named leaves."""
    other = folder.with_name("other")
    items = leaves(600)
    for index in replaced:
        items[index] = b"another story"
    with Writer(DirectoryStorage(other)) as log:
        for size in TOTALS:
            log.append(items[log.size : size])
            publish(log)
    return other


def test_a_tail_gets_every_leaf_once_whatever_steps_it_takes(folder):
    fetch = reader(folder)
    for steps in (TOTALS, (600,), (256, 600), (257, 600)):
        tail, seen = CompactRange(), []
        for size in steps:
            found = advance(tail, stage(folder, size), fetch)
            assert found.first == len(seen)
            seen += found.leaves
            tail = found.range
        assert seen == leaves(600)
        assert tail.root() == newest(folder).root


def test_a_tail_that_asks_again_gets_nothing_new_and_reads_no_bundle(folder):
    tail = advance(CompactRange(), newest(folder), reader(folder)).range
    found = advance(tail, newest(folder), {}.get)
    assert (found.leaves, found.range) == ([], tail)


def test_a_tail_can_be_taken_up_from_tiles_at_a_size_and_root_that_it_trusts(folder):
    tail = range_of(reader(folder), 557)
    assert tail.root() == stage(folder, 557).root
    assert advance(tail, newest(folder), reader(folder)).leaves == leaves(43, 557)


def test_kept_checkpoints_are_stages_of_the_same_log(folder):
    stages = [stage(folder, size) for size in TOTALS]
    assert advance(CompactRange(), newest(folder), reader(folder), stages).leaves == leaves(600)
    for wrong in (replace(stages[2], root=b"\x01" * 32), replace(stages[4], root=b"\x01" * 32)):
        with pytest.raises(Error, match=r"tlog\.fork-found") as caught:
            advance(CompactRange(), newest(folder), reader(folder), [wrong])
        assert caught.value.where == kept_path(wrong.size)
    with pytest.raises(Error, match=r"tlog\.fork-found"):
        advance(range_of(reader(folder), 256), newest(folder), reader(folder), [stages[0]])


def test_a_list_of_sizes_tells_which_checkpoint_covers_an_entry_first():
    sizes = parse_sizes(b"0\n3\n256\n257")
    assert sizes == [0, 3, 256]
    assert [covering(sizes, index) for index in (0, 2, 3, 255, 256)] == [3, 3, 256, 256, None]


@pytest.mark.parametrize("data", [b"3\n3\n", b"3\n2\n", b"x\n", b"\n", b"03\n", b"\xff\n", b"3\r\n"])
def test_a_list_of_sizes_that_does_not_grow_is_refused(data):
    with pytest.raises(Error, match=r"tlog\.sizes-malformed"):
        parse_sizes(data)


@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
def test_a_log_that_shows_fewer_entries_than_before_is_a_rollback(folder):
    tail = range_of(reader(folder), 600)
    with pytest.raises(Error, match=r"tlog\.rollback-found"):
        advance(tail, stage(folder, 557), reader(folder))


@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
@pytest.mark.parametrize("index", [0, 2, 255, 256, 556])
@pytest.mark.parametrize("seen", [557, 600])
def test_a_log_that_rewrites_what_was_seen_is_a_fork(folder, index, seen):
    tail = range_of(reader(folder), seen)
    other = rewritten(folder, index)
    with pytest.raises(Error, match=r"tlog\.fork-found"):
        advance(tail, newest(other), reader(other))


@pytest.mark.promise(8)
def test_a_fork_is_found_even_if_the_old_bundles_are_served_unchanged(folder):
    tail = range_of(reader(folder), 300 + 257)
    other = rewritten(folder, 5)
    shutil.copy(folder / "tile/entries/000", other / "tile/entries/000")
    with pytest.raises(Error, match=r"tlog\.fork-found"):
        advance(tail, newest(other), reader(other))


@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
def test_an_entry_that_is_left_out_is_noticed(folder):
    fetch = reader(folder)
    (folder / "tile/entries/001").unlink()
    with pytest.raises(Error, match=r"tlog\.file-missing") as caught:
        advance(CompactRange(), newest(folder), fetch)
    assert caught.value.where == "tile/entries/001"
    data = b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves(255, 257))
    (folder / "tile/entries/001").write_bytes(data)
    with pytest.raises(Error, match=r"tlog\.tile-malformed"):
        advance(CompactRange(), newest(folder), fetch)
    (folder / "tile/entries/002.p/88").unlink()
    with pytest.raises(Error, match=r"tlog\.file-missing"):
        advance(range_of(fetch, 557), newest(folder), fetch)


def test_a_checkpoint_whose_partial_files_are_gone_is_read_from_the_full_ones(folder):
    old = stage(folder, 557)
    fill(folder, 300)
    fetch = reader(folder)
    assert fetch("tile/entries/002.p/45") is None
    assert advance(CompactRange(), old, fetch).leaves == leaves(557)
    audit(old, fetch)
    assert range_of(fetch, 557).root() == old.root


def spoil(folder, name: str, at: int) -> None:
    data = bytearray((folder / name).read_bytes())
    data[at % len(data)] ^= 1 << (at % 8)
    (folder / name).write_bytes(data)


def check_all(folder, first: str = "checkpoint") -> None:
    """Read the whole published log as a stranger does, the file `first` before the others."""
    fetch = reader(folder)
    if first.startswith("checkpoint"):
        POLICY.open(fetch(first), ORIGIN)
    sizes = parse_sizes(fetch("checkpoints/sizes"))
    if tuple(sizes) != TOTALS:
        raise AssertionError("a size was changed")
    stages = [stage(folder, size) for size in sizes]
    for size, kept in zip(sizes, stages, strict=True):
        if kept.size != size:
            raise AssertionError("a kept checkpoint is another one")
    head = newest(folder)
    advance(CompactRange(), head, fetch, stages)
    audit(head, fetch)


NEEDED = [
    "checkpoint",
    *(kept_path(size) for size in TOTALS),
    *("tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"),
    *("tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"),
]


@pytest.mark.promise(8)
@pytest.mark.promise(11)
@pytest.mark.parametrize("name", NEEDED)
def test_one_flipped_bit_in_any_file_is_refused_and_a_tile_or_bundle_is_named(folder, name, soak):
    check_all(folder)
    good = (folder / name).read_bytes()
    for at in range(0, len(good), 1 if soak or len(good) < 700 else 97):
        spoil(folder, name, at)
        with pytest.raises(Error) as caught:
            check_all(folder, name)
        if name.startswith("tile/entries/"):
            assert caught.value.id in ("tlog.bundle-differs", "tlog.tile-malformed")
        elif name.startswith("tile/0/"):
            assert caught.value.id == "tlog.tile-differs"
            assert caught.value.params["position"] == at // 32
        if name.startswith("tile/"):
            assert caught.value.where == name
        (folder / name).write_bytes(good)
    check_all(folder)


def test_what_the_folder_publishes_is_what_the_checkpoint_needs(folder):
    partial = {path for path in files(folder) if ".p/" in path and path not in NEEDED}
    assert set(files(folder)) - partial == {*NEEDED, "checkpoints/sizes"}


def test_a_bundle_that_differs_names_the_entry(folder):
    data = (folder / "tile/entries/001").read_bytes()
    assert leaves(1, 300)[0] in data
    (folder / "tile/entries/001").write_bytes(data.replace(b"300\nleaf", b"300\nleak"))
    for check in (
        lambda: advance(CompactRange(), newest(folder), reader(folder)),
        lambda: audit(newest(folder), reader(folder)),
    ):
        with pytest.raises(Error, match=r"tlog\.bundle-differs") as caught:
            check()
        assert (caught.value.where, caught.value.params["index"]) == ("tile/entries/001", 300)


@pytest.mark.promise(8)
def test_a_checkpoint_over_another_tree_than_the_one_served_is_refused(folder):
    other = newest(rewritten(folder, 300))
    for check in (lambda: advance(CompactRange(), other, reader(folder)), lambda: audit(other, reader(folder))):
        with pytest.raises(Error, match=r"tlog\.root-differs"):
            check()
    with pytest.raises(Error, match=r"tlog\.root-differs"):
        advance(range_of(reader(folder), 3), other, reader(folder))


def test_an_empty_log_has_the_empty_root_and_nothing_else(tmp_path):
    with Writer(DirectoryStorage(tmp_path / "log")) as log:
        head = publish(log, NOON).checkpoint
    audit(head, {}.get)
    assert advance(CompactRange(), head, {}.get).leaves == []
    with pytest.raises(Error, match=r"tlog\.root-differs"):
        audit(replace(head, root=leaf_hash(b"")), {}.get)
