# SPDX-License-Identifier: AGPL-3.0-or-later
"""One behaviour suite for every store of files; `STORES` names the implementations."""

from __future__ import annotations

import os

import pytest

from sunporch.base.errors import Error
from sunporch.portal.storage import Directory, name_of

STORES = {"directory": lambda folder: Directory(folder / "files")}
C = "ab" * 32
NAME = name_of(C, "sealed")


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path):
    return STORES[request.param](tmp_path)


def whole(store, name=NAME) -> bytes:
    return b"".join(store.read(name, 0, store.size(name)))


def test_what_was_put_is_read_back_whole_and_in_parts(store):
    data = os.urandom(700_001)
    stored = store.put(NAME, [data[:300_000], data[300_000:]], len(data))
    assert (stored.size, store.size(NAME)) == (len(data), len(data))
    assert whole(store) == data
    assert b"".join(store.read(NAME, 262_143, 3)) == data[262_143:262_146]
    assert list(store.names()) == [NAME]


def test_a_file_put_again_replaces_the_first_in_one_step(store):
    store.put(NAME, [b"first"], 10)
    store.put(NAME, [b"second"], 10)
    assert whole(store) == b"second"


def test_too_many_bytes_leave_what_was_there(store):
    store.put(NAME, [b"first"], 10)
    with pytest.raises(Error) as raised:
        store.put(NAME, [b"x" * 6, b"x" * 6], 10)
    assert raised.value.id == "portal.upload-oversize"
    assert whole(store) == b"first"
    assert list(store.names()) == [NAME]


def test_a_sender_that_fails_leaves_nothing(store):
    def pieces():
        yield b"half"
        raise ConnectionError("the sender hung up")

    with pytest.raises(ConnectionError):
        store.put(NAME, pieces(), 10)
    assert list(store.names()) == []
    with pytest.raises(Error) as raised:
        store.size(NAME)
    assert raised.value.id == "portal.file-absent"


def test_a_deleted_file_is_gone_and_deleting_it_again_is_nothing(store):
    store.put(NAME, [b"x"], 1)
    store.delete(NAME)
    store.delete(NAME)
    with pytest.raises(Error) as raised:
        store.read(NAME, 0, 1)
    assert raised.value.id == "portal.file-absent"


def test_names_that_are_not_ours_reach_no_path(store):
    for c, part in (("../" * 20 + "a" * 4, "sealed"), (C.upper(), "sealed"), (C, "key"), ("", "header")):
        with pytest.raises(Error) as raised:
            name_of(c, part)
        assert raised.value.id == "portal.name-refused"
    with pytest.raises(Error):
        store.put("../escape", [b"x"], 1)


def test_what_an_interrupted_upload_left_is_swept_at_the_start(tmp_path):
    store = Directory(tmp_path / "files")
    store.put(NAME, [b"x"], 1)
    (tmp_path / "files" / C[:2] / f".{NAME}.abc").write_bytes(b"half")
    assert store.sweep() == 1
    assert list(store.names()) == [NAME]
