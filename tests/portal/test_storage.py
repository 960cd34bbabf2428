# SPDX-License-Identifier: AGPL-3.0-or-later
"""One behaviour suite for every store of files; `STORES` names the implementations."""

from __future__ import annotations

import dataclasses
import os
import socket
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer

from sunporch.base.config import printable
from sunporch.base.errors import Error
from sunporch.portal.config import Settings
from sunporch.portal.storage import Directory, files_of, name_of
from sunporch.portal.storage_s3 import PART, Bucket
from sunporch.portal.viewer.models import Clip
from sunporch.portal.worker import Worker
from tests.portal.street import DAY, Visitor, error_of
from tests.portal.test_clips import fetched, recorded_appeal, shared, upload

STORES = ("directory", "s3")
C = "ab" * 32
NAME = name_of(C, "sealed")


@pytest.fixture(scope="module")
def s3_server():
    """A real S3 server of somebody else's on this machine's loopback (moto)."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server):
    """The server's own client, as its operator would use it."""
    return boto3.client(
        "s3", endpoint_url=s3_server, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )


@pytest.fixture
def in_bucket(s3_server, s3, tmp_path) -> Settings:
    """The settings of a portal that keeps sealed files in a bucket of its own."""
    bucket = f"town-{os.urandom(4).hex()}"
    s3.create_bucket(Bucket=bucket)
    return Settings(
        origin="demo.nowhere",
        data_dir=tmp_path,
        secret_key="x" * 48,
        s3_bucket=bucket,
        s3_endpoint=s3_server,
        s3_access_key="portal",
        s3_secret_key="very secret",
    )


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    if request.param == "s3":
        return files_of(request.getfixturevalue("in_bucket"))
    return files_of(Settings(origin="demo.nowhere", data_dir=tmp_path, secret_key="x" * 48))


def test_the_settings_choose_the_store(in_bucket, tmp_path):
    assert isinstance(files_of(in_bucket), Bucket)
    assert isinstance(files_of(dataclasses.replace(in_bucket, s3_bucket="")), Directory)


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


def test_a_large_file_is_one_file_and_nobody_sees_half_of_it(store):
    store.put(NAME, [b"before"], 10)
    data = os.urandom(2 * PART + 12_345)

    def pieces():
        for start in range(0, len(data), 1_000_000):
            assert whole(store) == b"before"
            yield data[start : start + 1_000_000]

    stored = store.put(NAME, pieces(), len(data))
    assert (stored.size, store.size(NAME)) == (len(data), len(data))
    assert whole(store) == data
    assert b"".join(store.read(NAME, PART - 1, 2)) == data[PART - 1 : PART + 1]


def test_a_large_file_that_breaks_off_or_grows_too_large_leaves_nothing(store):
    def pieces():
        yield b"x" * (PART + 1)
        raise ConnectionError("the sender hung up")

    with pytest.raises(ConnectionError):
        store.put(NAME, pieces(), 4 * PART)
    with pytest.raises(Error) as raised:
        store.put(NAME, (b"x" * PART for _ in range(4)), 3 * PART)
    assert raised.value.id == "portal.upload-oversize"
    assert list(store.names()) == []
    assert store.sweep() == 0


def test_files_of_every_size_at_the_edges_come_back_as_they_were(store):
    for size in (0, 1, PART - 1, PART, PART + 1):
        data = os.urandom(size)
        assert store.put(NAME, [data], PART + 1).size == size
        assert whole(store) == data
        assert b"".join(store.read(NAME, max(0, size - 3), 10)) == data[-3:]
        assert b"".join(store.read(NAME, size, 1)) == b""


def test_a_store_that_is_as_it_should_be_passes_the_check(store):
    store.check()


def test_what_an_interrupted_upload_left_is_swept_at_the_start(tmp_path):
    store = Directory(tmp_path / "files")
    store.put(NAME, [b"x"], 1)
    (tmp_path / "files" / C[:2] / f".{NAME}.abc").write_bytes(b"half")
    assert store.sweep() == 1
    assert list(store.names()) == [NAME]


def test_what_an_interrupted_upload_left_in_the_bucket_is_swept_at_the_start(in_bucket, s3):
    store = files_of(in_bucket)
    store.put(NAME, [b"x"], 1)
    s3.create_multipart_upload(Bucket=in_bucket.s3_bucket, Key=f"clips/{NAME}")
    assert store.sweep() == 1
    assert store.sweep() == 0
    assert list(store.names()) == [NAME]


def test_other_things_in_the_bucket_are_not_ours(in_bucket, s3):
    store = files_of(in_bucket)
    s3.put_object(Bucket=in_bucket.s3_bucket, Key="elsewhere/thing", Body=b"x")
    s3.put_object(Bucket=in_bucket.s3_bucket, Key="clips/readme.txt", Body=b"x")
    s3.create_multipart_upload(Bucket=in_bucket.s3_bucket, Key="elsewhere/other")
    assert list(store.names()) == []
    assert store.sweep() == 0


@pytest.mark.promise(2)
def test_a_bucket_that_keeps_what_is_deleted_is_refused_at_the_start(in_bucket, s3):
    s3.put_bucket_versioning(Bucket=in_bucket.s3_bucket, VersioningConfiguration={"Status": "Enabled"})
    assert refusal(in_bucket, "portal.store-refused").startswith(
        "The bucket of sealed files cannot be used: it keeps"
    )


def test_a_bucket_that_is_not_there_or_settings_with_a_hole_are_refused_at_the_start(in_bucket):
    refusal(dataclasses.replace(in_bucket, s3_bucket="no-such-town"), "portal.store-refused")
    assert "s3_secret_key must be set" in refusal(
        dataclasses.replace(in_bucket, s3_secret_key=""), "portal.store-refused"
    )


def test_a_portal_without_the_package_says_what_to_install(in_bucket, monkeypatch):
    monkeypatch.delitem(sys.modules, "sunporch.portal.storage_s3", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "sunporch[s3]" in refusal(in_bucket, "portal.store-refused")


def refusal(settings: Settings, error_id: str) -> str:
    with pytest.raises(Error) as raised:
        files_of(settings).check()
    assert raised.value.id == error_id
    return raised.value.what


def test_a_server_that_does_not_answer_is_a_named_failure_that_tells_no_secret(in_bucket):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        store = files_of(dataclasses.replace(in_bucket, s3_endpoint=address))
        for deed in (
            lambda: store.put(NAME, [b"x"], 1),
            lambda: store.size(NAME),
            lambda: store.delete(NAME),
            lambda: list(store.names()),
        ):
            with pytest.raises(Error) as raised:
                deed()
            assert raised.value.id == "portal.store-failed"
            assert "very secret" not in str(raised.value)


def test_a_clip_lives_in_the_bucket_from_upload_to_the_end_of_its_time(street, in_bucket, s3, settings):
    settings.SUNPORCH = street.settings = dataclasses.replace(
        street.settings,
        **{name: getattr(in_bucket, name) for name in ("s3_bucket", "s3_endpoint", "s3_access_key", "s3_secret_key")},
    )
    request = recorded_appeal(street)
    disclosure, c, header, sealed, _ = shared(street, request)
    forgotten = upload(street, request)[0]
    officer = Visitor(street, "diaz-4f2a")
    assert fetched(officer, f"/api/v1/clips/{disclosure}/header") == header
    assert fetched(officer, f"/api/v1/clips/{disclosure}/sealed") == sealed
    part = officer.get(f"/api/v1/clips/{disclosure}/sealed", Range="bytes=10-19")
    assert (part.status_code, b"".join(part.streaming_content)) == (206, sealed[10:20])
    assert list((street.data / "files").rglob("*.sealed")) == []
    street.advance(2 * DAY)
    Worker(street.settings, street.clock).round()
    assert not Clip.objects.filter(c=forgotten).exists()
    assert sorted(files_of(street.settings).names()) == [f"{c}.header", f"{c}.sealed"]


def test_while_the_bucket_fails_nothing_is_kept_and_the_worker_tries_again(street, in_bucket, settings, caplog):
    request = recorded_appeal(street)
    c, header, _, _ = street.clip(request)
    forgotten = upload(street, request)[0]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        settings.SUNPORCH = dataclasses.replace(in_bucket, data_dir=street.data, s3_endpoint=address)
        answer = Visitor(street).put(f"/api/v1/uploads/{c}/header", header)
        assert (answer.status_code, error_of(answer)) == (503, "portal.store-failed")
        assert not Clip.objects.filter(c=c).exists()
        street.advance(2 * DAY)
        worker = Worker(street.settings, street.clock)
        worker.round()
        assert "portal.store-failed" in caplog.text
        assert Clip.objects.filter(c=forgotten).exists()
    settings.SUNPORCH = street.settings
    worker.round()
    assert not Clip.objects.filter(c=forgotten).exists()


def test_the_secret_of_the_bucket_is_never_printed(in_bucket):
    assert "very secret" not in str(printable(in_bucket))
