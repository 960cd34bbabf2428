# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs and receipts of logs of any size, built from tiles in memory."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.tlog import proofs, receipts, tiles
from sunporch.tlog.checkpoints import Checkpoint, cosign
from sunporch.tlog.edge import Edge
from sunporch.tlog.hashing import EMPTY_ROOT, CompactRange, leaf_hash, perfect_root
from sunporch.tlog.notes import sign
from tests.tlog.logs import LOG_KEY, NOON, ORIGIN, POLICY, WITNESSES, leaves

MOST = 70_000
ALL = leaves(MOST)
SIZES = st.one_of(
    st.integers(0, 600), st.sampled_from([255, 256, 257, 511, 512, 513, 65535, 65536, 65537]), st.integers(0, MOST)
)


@cache
def tree() -> dict[str, bytes]:
    edge = Edge()
    return {tile.path: data for tile, data in (*edge.extend(ALL), *edge.partials())}


def fetch(path: str) -> bytes | None:
    """Serve any width: what a partial tile held is the beginning of what lies there now."""
    tile = tiles.Tile.parse(path)
    for width in range(tile.width, 257):
        data = tree().get(tiles.Tile(tile.level, tile.number, width).path)
        if data is not None:
            return data[: tile.width * 32] if tile.level >= 0 else data
    return None


@cache
def root(size: int) -> bytes:
    return proofs.root_of(fetch, size)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 513, 1000])
def test_the_root_from_tiles_is_the_root_of_the_leaves(size):
    assert root(size) == CompactRange().extended(map(leaf_hash, ALL[:size])).root()
    assert proofs.range_of(fetch, size) == CompactRange().extended(map(leaf_hash, ALL[:size]))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_leaf_of_every_size_is_proved_and_nothing_else_is(data):
    size = data.draw(SIZES.filter(bool))
    index = data.draw(st.integers(0, size - 1))
    path = proofs.inclusion(fetch, index, size)
    proofs.verify_inclusion(leaf_hash(ALL[index]), index, size, path, root(size))
    wrong = [
        (leaf_hash(b"another"), index, size, path, root(size)),
        (leaf_hash(ALL[index]), index, size, path, EMPTY_ROOT),
        (leaf_hash(ALL[index]), index, size, [*path, EMPTY_ROOT], root(size)),
        (leaf_hash(ALL[index]), index, size, [*path, b""], root(size)),
        (leaf_hash(ALL[index]), size, size, path, root(size)),
        (leaf_hash(ALL[index]), -1, size, path, root(size)),
    ]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        changed = [*path]
        changed[at] = bytes([path[at][0] ^ 1]) + path[at][1:]
        wrong.append((leaf_hash(ALL[index]), index, size, changed, root(size)))
        wrong.append((leaf_hash(ALL[index]), index, size, path[:-1], root(size)))
        wrong.append((leaf_hash(ALL[index]), index ^ 1, size, path, root(size)))
    for case in wrong:
        with pytest.raises(Error, match=r"tlog\.inclusion-wrong"):
            proofs.verify_inclusion(*case)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_log_continues_every_beginning_of_it_and_no_other(data):
    new = data.draw(SIZES)
    old = data.draw(st.one_of(st.integers(0, new), st.just(new), st.just(1 << max(new.bit_length() - 1, 0))))
    old = min(old, new)
    path = proofs.consistency(fetch, old, new)
    proofs.verify_consistency(old, root(old), new, root(new), path)
    strange = leaf_hash(b"strange")
    wrong = [
        (old, strange, new, root(new), path),
        (old, root(old), new, root(new), [*path, strange]),
        (old, root(old), new, root(new), [*path, b""]),
        (new + 1, root(old), new, root(new), path),
        (-1, root(old), new, root(new), path),
    ]
    if old:  # the empty log is a beginning of every log
        wrong.append((old, root(old), new, strange, path))
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        wrong.append((old, root(old), new, root(new), [*path[:at], strange, *path[at + 1 :]]))
        wrong.append((old, root(old), new, root(new), path[:-1]))
        wrong.append((old, root(old), new, root(new), []))
    for case in wrong:
        with pytest.raises(Error, match=r"tlog\.consistency-wrong"):
            proofs.verify_consistency(*case)


def test_a_node_of_the_tree_is_not_taken_for_a_leaf():
    node = perfect_root(leaf_hash(ALL[0]) + leaf_hash(ALL[1]))
    with pytest.raises(Error, match=r"tlog\.inclusion-wrong"):
        proofs.verify_inclusion(node, 0, 300, proofs.inclusion(fetch, 0, 300)[1:], root(300))


def test_an_empty_log_of_another_root_is_not_consistent_with_itself():
    strange = leaf_hash(b"")
    with pytest.raises(Error, match=r"tlog\.consistency-wrong"):
        proofs.verify_consistency(0, EMPTY_ROOT, 0, strange, [])
    with pytest.raises(Error, match=r"tlog\.consistency-wrong"):
        proofs.verify_consistency(5, strange, 5, root(5), [])


@pytest.mark.parametrize("call", [lambda: proofs.inclusion(fetch, 5, 5), lambda: proofs.inclusion(fetch, -1, 5)])
def test_an_entry_beyond_the_size_has_no_proof(call):
    with pytest.raises(Error, match=r"tlog\.index-outside"):
        call()


def test_a_log_does_not_continue_a_larger_one():
    with pytest.raises(Error, match=r"tlog\.index-outside"):
        proofs.consistency(fetch, 6, 5)


def test_the_tiles_that_a_proof_needs_can_be_told():
    asked = proofs.TileTree(fetch, 70_000)
    asked.hash_of(65_536, 70_000)
    assert asked.needed()[0].level == 0
    assert all(tile in set(tiles.tiles_of(70_000)) for tile in asked.needed())


def test_a_tile_that_is_missing_or_cut_is_named():
    with pytest.raises(Error, match=r"tlog\.file-missing") as caught:
        proofs.inclusion({}.get, 0, 256)
    assert caught.value.where == "tile/0/000"
    with pytest.raises(Error, match=r"tlog\.file-missing"):
        proofs.inclusion({}.get, 299, 300)
    with pytest.raises(Error, match=r"tlog\.tile-malformed"):
        proofs.inclusion({path: data[:-1] for path, data in tree().items()}.get, 0, 256)


def test_a_bundle_keeps_its_entries_and_refuses_what_is_cut_or_added():
    bundle = tiles.Tile(tiles.ENTRIES, 7, 3)
    data = tiles.encode_bundle([b"", b"a", b"\x00" * 65535])
    assert tiles.decode_bundle(data, bundle) == [b"", b"a", b"\x00" * 65535]
    for wrong in (data[:-1], data + b"\x00", data + b"\x00\x00", data[:2], b""):
        with pytest.raises(Error, match=r"tlog\.tile-malformed"):
            tiles.decode_bundle(wrong, bundle)
    with pytest.raises(Error, match=r"tlog\.leaf-refused"):
        tiles.encode_bundle([b"\x00" * 65536])


@given(st.sampled_from([tiles.ENTRIES, *range(64)]), st.integers(0, 2**60), st.integers(1, 256))
def test_every_tile_is_read_back_from_its_name(level, number, width):
    tile = tiles.Tile(level, number, width)
    assert tiles.Tile.parse(tile.path) == tile


def test_names_can_be_made_without_a_tile():
    assert tiles.tile_path(1, 2) == "tile/1/002"
    assert tiles.bundle_path(1234067, 9) == "tile/entries/x001/x234/067.p/9"


def test_a_perfect_tree_of_one_leaf_is_its_leaf():
    assert perfect_root(b"\x05" * 32) == b"\x05" * 32


def cosigned(size: int):
    note = sign(Checkpoint(ORIGIN, size, root(size)).encode(), [LOG_KEY])
    note = note.with_signatures(*(cosign(key, note.text, NOON) for key in WITNESSES[:3]))
    return POLICY.open(note.encode(), ORIGIN)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (3, 5), (299, 300), (69_999, 70_000)])
@pytest.mark.requirement("R13")
def test_a_receipt_proves_its_entry_for_ever_without_the_log(index, size):
    data = receipts.make(fetch, index, cosigned(size)).encode()
    opened = receipts.Receipt.parse(data).verify(ALL[index], POLICY)
    assert (opened.checkpoint.size, opened.median_time) == (size, NOON)
    with pytest.raises(Error, match=r"tlog\.inclusion-wrong"):
        receipts.Receipt.parse(data).verify(b"another", POLICY)


def test_a_receipt_carries_extra_bytes_that_nobody_vouches_for():
    made = receipts.make(fetch, 3, cosigned(5))
    carried = receipts.Receipt(made.index, made.path, made.note, extra=b"salt")
    assert receipts.Receipt.parse(carried.encode()) == carried


def test_one_flipped_bit_anywhere_in_a_receipt_is_refused():
    data = receipts.make(fetch, 3, cosigned(300)).encode()
    for at in range(len(data)):
        spoiled = bytearray(data)
        spoiled[at] ^= 1
        with pytest.raises(Error) as caught:
            receipts.Receipt.parse(bytes(spoiled)).verify(ALL[3], POLICY)
        assert caught.value.id.startswith("tlog.")


@given(st.binary(max_size=300))
def test_whatever_arrives_is_a_receipt_or_a_named_error(data):
    for untrusted in (data, b"c2sp.org/tlog-proof@v1\nindex 0\n" + data + b"\n\n"):
        try:
            receipts.Receipt.parse(untrusted)
        except Error as error:
            assert error.id == "tlog.receipt-malformed"
