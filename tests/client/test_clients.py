# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import json

import pytest

from sunporch.client import (
    Conflict,
    Cosigned,
    CustodianClient,
    Half,
    LogFolder,
    LogReader,
    PortalClient,
    Receipt,
    WitnessClient,
    connection,
    portal,
)
from sunporch.client.log import MAX_LOG_FILE
from sunporch.tlog.tiles import encode_bundle
from tests.client.scripted import answer, scripted
from tests.client.test_server import failing


def said(value):
    return answer("200 OK", json.dumps(value).encode(), "Content-Type: application/json")


def body(asked):
    return json.loads(asked.partition(b"\r\n\r\n")[2])


def head(asked):
    return asked.partition(b"\r\n\r\n")[0].decode().split("\r\n")


def test_a_log_file_that_is_not_there_is_none_and_not_an_error():
    with scripted(answer("200 OK", b"x"), answer("404 Not Found"), answer("410 Gone"), answer("500 Oh")) as server:
        reader = LogReader(server.url + "/log")
        assert [reader.fetch("checkpoint"), reader.fetch("tile/0/x001/234.p/5"), reader.fetch("blob/ab")] == [
            b"x",
            None,
            None,
        ]
        with failing("client.answer-refused"):
            reader.fetch("checkpoints/sizes")
        reader.close()
    assert head(server.asked[1])[0] == "GET /log/tile/0/x001/234.p/5 HTTP/1.1"


@pytest.mark.parametrize("path", ["../secret", "a//b", "a?b", "", "/a", "a b", "A"])
def test_a_path_that_is_no_file_of_a_log_is_never_asked_for(path):
    with failing("client.address-refused"):
        LogReader("http://127.0.0.1:1").fetch(path)


def test_a_folder_is_read_as_a_log_is(tmp_path):
    log = LogFolder(tmp_path)
    leaves = [b"leaf %d" % number for number in range(256)]
    bundles = {width: encode_bundle(leaves[:width]) for width in (3, 5, 6, 256)}
    for width in (3, 5):
        log.keep(f"tile/entries/000.p/{width}", bundles[width])
    # A wider bundle holds the narrower one too; only the wider one is kept.
    assert [log.fetch(f"tile/entries/000.p/{width}") for width in (3, 5, 6)] == [bundles[3], bundles[5], None]
    assert [path.name for path in (tmp_path / "tile/entries/000.p").iterdir()] == ["5"]
    log.keep("tile/entries/000", bundles[256])
    assert [log.fetch(path) for path in ("tile/entries/000.p/6", "tile/entries/000")] == [bundles[6], bundles[256]]
    assert log.fetch("tile/entries/001.p/2") is None
    log.keep("blob/ab", b"text")
    log.keep("blob/ab", None)
    assert (log.fetch("blob/ab"), log.fetch("blob/ab/cd")) == (None, None)
    (tmp_path / "checkpoint").write_bytes(bytes(MAX_LOG_FILE + 1))
    with failing("client.answer-oversize"):
        log.fetch("checkpoint")
    for act in (log.fetch, lambda path: log.keep(path, b"")):
        with failing("client.address-refused"):
            act("../secret")


def test_a_witness_signs_or_says_which_size_it_knows():
    conflict = answer("409 Conflict", b"17\n", "Content-Type: text/x.tlog.size")
    with scripted(answer("200 OK", b"\xe2\x80\x94 w AAAA\n"), conflict) as server:
        witness = WitnessClient(server.url)
        assert witness.add_checkpoint(3, [b"\x01" * 32], b"origin\n") == Cosigned(b"\xe2\x80\x94 w AAAA\n")
        assert witness.add_checkpoint(0, [], b"origin\n") == Conflict(17)
        witness.close()
    proof = b"old 3\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\norigin\n"
    assert server.asked[0].endswith(b"\r\n\r\n" + proof)
    assert server.asked[1].endswith(b"\r\n\r\nold 0\n\norigin\n")


@pytest.mark.parametrize(
    ("size", "media"), [(b"17\n", "text/plain"), (b"-1\n", "text/x.tlog.size"), ("٣".encode(), "text/x.tlog.size")]
)
def test_a_witness_conflict_without_a_size_is_refused(size, media):
    with (
        scripted(answer("409 Conflict", size, f"Content-Type: {media}")) as server,
        failing("client.answer-malformed"),
    ):
        WitnessClient(server.url).add_checkpoint(1, [], b"")


def test_a_custodian_takes_a_half_and_gives_it_back():
    scripts = [
        said({"expires": 9, "receipt": "c2ln"}),
        said({"half": "AAA=", "expires": 9}),
        said({}),
        said({"rows": 1}),
    ]
    with scripted(*scripts) as server:
        custodian = CustodianClient(server.url)
        receipt = custodian.put_half(
            "ab", header="{}", salt="00", sealed_sha256="11", s_k=b"\x00\x01", d="disclosure+x"
        )
        assert receipt == Receipt(9, "c2ln")
        assert custodian.access(b"leaf", "proof") == Half(b"\x00\x00", 9)
        custodian.withdraw("note")
        assert custodian.status() == {"rows": 1}
        custodian.close()
    assert body(server.asked[0]) == {
        "header": "{}",
        "salt": "00",
        "sealed_sha256": "11",
        "s_k": "AAE=",
        "d": "disclosure+x",
    }
    assert head(server.asked[0])[0] == "PUT /halves/ab HTTP/1.1"
    assert body(server.asked[1]) == {"leaf": "bGVhZg==", "proof": "proof"}
    assert body(server.asked[2]) == {"note": "note"}


@pytest.mark.parametrize("answered", [[], {}, {"expires": "9", "receipt": "x"}, {"expires": True, "receipt": "x"}])
def test_a_custodians_answer_of_another_kind_is_refused(answered):
    with scripted(said(answered)) as server, failing("client.answer-malformed"):
        CustodianClient(server.url).put_half("ab", header="", salt="", sealed_sha256="", s_k=b"", d="")


def test_an_officer_signs_in_with_password_and_code_and_is_known_afterwards():
    login = answer("401 Unauthorized", json.dumps({"meta": {"session_token": "half"}}).encode())
    with scripted(login, said({"meta": {"session_token": "whole"}}), said([]), said({"meta": {}})) as server:
        portal = PortalClient(server.url)
        portal.sign_in("diaz", "password", "123456")
        assert portal.clips() == []
        portal.close()
    assert body(server.asked[0]) == {"username": "diaz", "password": "password"}
    assert (body(server.asked[1]), "X-Session-Token: half" in head(server.asked[1])) == ({"code": "123456"}, True)
    assert "X-Session-Token: whole" in head(server.asked[2])


def test_a_second_factor_that_keeps_the_session_keeps_it():
    login = answer("401 Unauthorized", json.dumps({"meta": {"session_token": "same"}}).encode())
    with scripted(login, said({"meta": {}}), said([])) as server:
        portal = PortalClient(server.url)
        portal.sign_in("diaz", "password", "123456")
        portal.drafts()
    assert "X-Session-Token: same" in head(server.asked[2])


def test_a_sign_in_without_a_session_or_with_a_wrong_password_fails():
    with scripted(said([]), answer("400 Bad Request")) as server:
        with failing("client.answer-malformed"):
            PortalClient(server.url).sign_in("diaz", "p", "1")
        with failing("client.answer-refused"):
            PortalClient(server.url).sign_in("diaz", "p", "1")


CALLS = [
    (lambda p: p.post_entry("n", [{"salt": "00"}]), "POST /entries", {"note": "n", "blobs": [{"salt": "00"}]}),
    (lambda p: p.entry("ab", wait=99), "GET /entries/ab?wait=15", None),
    (lambda p: p.rules(), "GET /rules", None),
    (lambda p: p.check_rules({"agency": "x"}), "POST /rules/check", {"agency": "x"}),
    (lambda p: p.draft("7"), "GET /drafts/7", None),
    (lambda p: p.post_draft({"note": "n"}), "POST /drafts", {"note": "n"}),
    (lambda p: p.sign_draft("7", "countersign", "n"), "POST /drafts/7/countersign", {"note": "n"}),
    (lambda p: p.return_draft("7", "r"), "POST /drafts/7/return", {"reason": "r"}),
    (lambda p: p.rewraps(4), "GET /clips/4/rewraps", None),
    (lambda p: p.post_rewrap(4, {"key": 1}), "POST /clips/4/rewraps", {"key": 1}),
    (lambda p: p.mailbox("ab", "Sunporch-D 1 x"), "GET /mailbox/ab", None),
    (lambda p: p.post_message("ab", {"sealed": "x"}), "POST /mailbox/ab", {"sealed": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "line", "sent"), CALLS)
def test_each_question_to_the_portal_is_spelled_as_the_contract_says(call, line, sent):
    with scripted(said({"ok": 1})) as server:
        assert call(PortalClient(server.url)) == {"ok": 1}
    method, _, path = line.partition(" ")
    assert head(server.asked[0])[0] == f"{method} /api/v1{path} HTTP/1.1"
    if sent is not None:
        assert body(server.asked[0]) == sent


def test_a_hub_shows_at_the_mailbox_that_it_holds_the_disclosures_key():
    with scripted(said([])) as server:
        PortalClient(server.url).mailbox("ab", "Sunporch-D 1 x")
    assert "Authorization: Sunporch-D 1 x" in head(server.asked[0])


def test_a_clip_goes_up_and_comes_down():
    with scripted(answer("200 OK"), answer("200 OK"), answer("200 OK", b"{}"), answer("200 OK", b"sealed")) as server:
        portal = PortalClient(server.url)
        portal.upload_header("ab", b"{}")
        portal.upload_sealed("ab", iter([b"sea", b"led"]), 6)
        sink = io.BytesIO()
        assert (portal.clip_header(4), portal.download_sealed(4, sink), sink.getvalue()) == (b"{}", 6, b"sealed")
    assert [head(asked)[0].removesuffix(" HTTP/1.1") for asked in server.asked] == [
        "PUT /api/v1/uploads/ab/header",
        "PUT /api/v1/uploads/ab/sealed",
        "GET /api/v1/clips/4/header",
        "GET /api/v1/clips/4/sealed",
    ]
    assert server.asked[1].endswith(b"\r\n\r\nsealed")


def test_waiting_for_the_record_never_looks_like_a_dead_connection():
    assert portal.MAX_WAIT_SECONDS < connection.IDLE_SECONDS
