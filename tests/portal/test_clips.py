# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import os
import re

import pytest

from sunporch.base.digests import to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.clip.header import ENCAPSULATION_SIZE, MAX_SEALED
from sunporch.docket import entries, wire
from sunporch.portal.board import actions as board_actions
from sunporch.portal.storage import files_of, name_of
from sunporch.portal.viewer import actions
from sunporch.portal.viewer.models import Clip
from sunporch.portal.worker import Worker
from tests.portal.sealing import sealed_share
from tests.portal.street import DAY, ORIGIN, Visitor, error_of


def recorded_appeal(street, officer: str = "diaz-4f2a", supervisor: str = "kim-77b0", **changes) -> int:
    """Have an appeal recorded as the portal itself would hand it in."""
    note, narrative = street.appeal(officer, **changes)
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    text = {"salt": narrative.salt.hex(), "text": narrative.text}
    board_actions.hand_in(entry_id, "request", street.cosign(note, supervisor), [text], street.now())
    street.drain()
    return street.rows()[entry_id].index


def upload(street, request: int):
    """Upload a clip as a home does; return its parts and its key."""
    home = Visitor(street)
    c, header, sealed, d = street.clip(request)
    assert home.put(f"/api/v1/uploads/{c}/header", header).status_code == 201
    assert home.put(f"/api/v1/uploads/{c}/sealed", sealed).status_code == 201
    return c, header, sealed, d


def shared(street, request: int):
    c, header, sealed, d = upload(street, request)
    return street.record(street.disclosure(c, d)), c, header, sealed, d


def fetched(visitor, path: str) -> bytes:
    """Return the bytes of a file, read to its end and closed as a server does."""
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    data = b"".join(answer.streaming_content)
    answer.close()
    return data


def mail(street, c, d, at=None):
    """Return the header by which a home proves that the clip is its own."""
    at = street.now() if at is None else at
    text = f"sunporch/mailbox/v1\n{ORIGIN}\n{c}\n{at}\n".encode()
    return {"Authorization": f"Sunporch-D {at} {to_base64(d.sign(text))}"}


@pytest.mark.requirement("R19", "S5")
def test_a_recipient_lists_and_fetches_a_clip_whole_and_in_parts_byte_for_byte(street):
    index, c, header, sealed, _ = shared(street, recorded_appeal(street))
    diaz = Visitor(street, "diaz-4f2a")
    (seen,) = diaz.get("/api/v1/clips").json()
    assert (seen["disclosure"], seen["c"], seen["size"], seen["state"]) == (index, c, len(sealed), "shared")
    assert seen["custodian_url"] == "http://127.0.0.1:1"
    assert fetched(diaz, f"/api/v1/clips/{index}/header") == header
    assert fetched(diaz, f"/api/v1/clips/{index}/sealed") == sealed
    part = diaz.get(f"/api/v1/clips/{index}/sealed", Range="bytes=16384-32767")
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 16384-32767/{len(sealed)}")
    assert b"".join(part.streaming_content) == sealed[16384:32768]
    part.close()
    outside = diaz.get(f"/api/v1/clips/{index}/sealed", Range="bytes=99999999-")
    assert (outside.status_code, error_of(outside)) == (416, "web.range-refused")


def test_nobody_but_a_recipient_sees_a_clip(street):
    index, *_ = shared(street, recorded_appeal(street))
    for name in ("stone-0a0a", "marsh-0b0b", "nowak-11aa", "reyes-8e8e"):
        other = Visitor(street, name)
        assert other.get("/api/v1/clips").json() == []
        assert error_of(other.get(f"/api/v1/clips/{index}/header")) == "portal.clip-absent"
        assert error_of(other.get(f"/api/v1/clips/{index}/sealed")) == "portal.clip-absent"


@pytest.mark.requirement("R44")
def test_a_clip_re_sealed_for_the_defence_is_listed_for_the_defence(street):
    index, *_ = shared(street, recorded_appeal(street))
    diaz, reyes = Visitor(street, "diaz-4f2a"), Visitor(street, "reyes-8e8e")
    sealed = to_base64(os.urandom(ENCAPSULATION_SIZE))
    path = f"/api/v1/clips/{index}/rewraps"
    assert diaz.post(path, name="reyes-8e8e", sealed=sealed).status_code == 201
    assert [clip["disclosure"] for clip in reyes.get("/api/v1/clips").json()] == [index]
    assert reyes.get(path).json()[0]["sealed"] == sealed
    # One recipient's useless re-sealing keeps no other from a good one.
    assert Visitor(street, "kim-77b0").post(path, name="reyes-8e8e", sealed=sealed).status_code == 201
    for name, text in (
        ("reyes-8e8e", sealed),
        ("stone-0a0a", sealed),
        ("nobody", sealed),
        ("nowak-11aa", to_base64(b"short")),
    ):
        assert error_of(diaz.post(path, name=name, sealed=text)) == "portal.rewrap-refused", name


def test_uploads_that_do_not_fit_are_refused_with_a_clear_error_and_nothing_is_kept(street):
    request = recorded_appeal(street)
    home = Visitor(street)
    c, header, sealed, _ = street.clip(request)
    assert error_of(home.put(f"/api/v1/uploads/{c}/sealed", sealed)) == "portal.upload-missing"
    assert error_of(home.put("/api/v1/uploads/..%2F..%2Fkeys/header", header)) in (
        "portal.name-refused",
        "web.page-absent",
    )
    assert error_of(home.put(f"/api/v1/uploads/{c.upper()}/header", header)) == "portal.name-refused"
    assert error_of(home.put(f"/api/v1/uploads/{c}/header", b"x" * 9000)) == "portal.upload-oversize"
    assert error_of(home.put(f"/api/v1/uploads/{c}/header", b"{}")) == "clip.header-malformed"
    unknown = header.replace(f'"request":{request}'.encode(), b'"request":99999')
    assert error_of(home.put(f"/api/v1/uploads/{c}/header", unknown)) == "portal.upload-closed"
    assert home.put(f"/api/v1/uploads/{c}/header", header).status_code == 201
    assert home.put(f"/api/v1/uploads/{c}/header", header).status_code == 200
    other = street.clip(request)[1]
    assert error_of(home.put(f"/api/v1/uploads/{c}/header", other)) == "portal.upload-taken"
    with pytest.raises(Error) as cut:
        actions.upload_sealed(c, io.BytesIO(sealed[:-1]), len(sealed))
    assert cut.value.id == "portal.upload-cut"
    huge = home.put(f"/api/v1/uploads/{c}/sealed", b"x", **{"Content-Length": str(MAX_SEALED + 1)})
    assert error_of(huge) == "portal.upload-oversize"
    assert Clip.objects.get().sealed_size is None
    assert [path.name for path in (street.data / "files").rglob("*") if path.is_file()] == [f"{c}.header"]
    assert home.put(f"/api/v1/uploads/{c}/sealed", sealed).status_code == 201
    assert home.put(f"/api/v1/uploads/{c}/sealed", sealed).status_code == 200
    assert error_of(home.put(f"/api/v1/uploads/{c}/sealed", sealed[::-1])) == "portal.upload-taken"


def test_an_appeal_receives_only_so_many_clips(street, monkeypatch):
    request = recorded_appeal(street)
    monkeypatch.setattr(actions, "MAX_CLIPS", 1)
    upload(street, request)
    c, header, *_ = street.clip(request)
    refused = Visitor(street).put(f"/api/v1/uploads/{c}/header", header)
    assert (refused.status_code, error_of(refused)) == (413, "portal.answers-exceeded")
    monkeypatch.setattr(actions, "MAX_CLIPS", 2)
    monkeypatch.setattr(actions, "MAX_BYTES", 100_000)
    home = Visitor(street)
    assert home.put(f"/api/v1/uploads/{c}/header", header).status_code == 201
    assert error_of(home.put(f"/api/v1/uploads/{c}/sealed", b"x" * 50_000)) == "portal.answers-exceeded"


def test_a_file_that_a_kill_left_without_its_clip_goes_and_a_clips_own_files_stay(street, monkeypatch):
    c, *_ = upload(street, recorded_appeal(street))
    left = name_of("ab" * 32, "header")
    files_of(street.settings).put(left, [b"x"], 1)
    ours = {name_of(c, "header"), name_of(c, "sealed")}
    worker = Worker(street.settings, street.clock)
    worker.round()
    worker.round()
    assert set(files_of(street.settings).names()) == {left, *ours}
    monkeypatch.setattr("sunporch.portal.worker.STRAY_SECONDS", 0)
    worker.round()
    assert set(files_of(street.settings).names()) == ours


def test_uploads_from_one_address_are_limited_without_keeping_the_address(street):
    request = recorded_appeal(street)
    home = Visitor(street)
    c, header, *_ = street.clip(request)
    answers = [home.put(f"/api/v1/uploads/{c}/header", header) for _ in range(125)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert error_of(refused[0]) == "web.rate-exceeded"
    data = b"".join(path.read_bytes() for path in street.data.rglob("*") if path.is_file())
    assert b"127.0.0.1" not in data.replace(b"http://127.0.0.1:1", b"")


def test_a_disclosure_without_its_files_is_refused(street):
    c, _, _, d = street.clip(recorded_appeal(street))
    refused = Visitor(street).post("/api/v1/entries", note=street.disclosure(c, d))
    assert error_of(refused) == "portal.upload-missing"


@pytest.mark.requirement("R23")
def test_uploads_without_a_disclosure_die_after_a_day_and_shared_ones_live(street):
    request = recorded_appeal(street)
    lost, *_ = upload(street, request)
    index, kept, *_ = shared(street, request)
    worker = Worker(street.settings, street.clock)
    worker.round()
    assert Clip.objects.count() == 2
    street.advance(DAY + 60)
    worker.round()
    assert [row.c for row in Clip.objects.all()] == [kept]
    assert not any(lost in path.name for path in (street.data / "files").rglob("*"))
    assert Clip.objects.get().disclosure == index


@pytest.mark.requirement("R23", "S7")
def test_the_sealed_file_is_deleted_when_the_custodian_says_that_its_half_is_destroyed(street):
    index, c, header, _, d = shared(street, recorded_appeal(street))
    street.record(street.signed(entries.Withdrawal, d, disclosure=index))
    worker = Worker(street.settings, street.clock)
    worker.round()
    assert (street.data / "files" / c[:2] / f"{c}.sealed").exists()
    street.record(street.signed(entries.Expiry, "custodian-lib", disclosures=(index,), generation=1))
    worker.round()
    assert not (street.data / "files" / c[:2] / f"{c}.sealed").exists()
    diaz = Visitor(street, "diaz-4f2a")
    assert diaz.get("/api/v1/clips").json()[0]["state"] == "destroyed"
    gone = diaz.get(f"/api/v1/clips/{index}/sealed")
    assert (gone.status_code, error_of(gone)) == (410, "portal.clip-deleted")
    assert fetched(diaz, f"/api/v1/clips/{index}/header") == header


@pytest.mark.requirement("R23")
def test_a_sealed_file_that_is_brought_back_from_an_older_copy_is_deleted_again(street, monkeypatch):
    monkeypatch.setattr("sunporch.portal.worker.STRAY_SECONDS", 0)
    index, c, _, _, d = shared(street, recorded_appeal(street))
    sealed = street.data / "files" / c[:2] / f"{c}.sealed"
    copy = sealed.read_bytes()
    street.record(street.signed(entries.Withdrawal, d, disclosure=index))
    street.record(street.signed(entries.Expiry, "custodian-lib", disclosures=(index,), generation=1))
    worker = Worker(street.settings, street.clock)
    worker.round()
    assert not sealed.exists()
    sealed.write_bytes(copy)
    worker.round()
    worker.round()
    assert not sealed.exists()


def test_a_home_and_a_recipient_write_to_each_other_and_nobody_else_reads(street):
    _, c, _, _, d = shared(street, recorded_appeal(street))
    diaz, home, stone = Visitor(street, "diaz-4f2a"), Visitor(street), Visitor(street, "stone-0a0a")
    path = f"/api/v1/mailbox/{c}"
    question, answer = to_base64(b"sealed question"), to_base64(b"sealed answer")
    assert diaz.post(path, to="disclosure", sealed=question).status_code == 201
    (read,) = home.get(path, **mail(street, c, d)).json()
    assert (read["by"], read["to"], read["sealed"]) == ("diaz-4f2a", "disclosure", question)
    home._headers = mail(street, c, d)
    assert home.post(path, to="diaz-4f2a", sealed=answer).status_code == 201
    home._headers = {}
    assert [message["sealed"] for message in diaz.get(path).json()] == [question, answer]
    assert error_of(stone.get(path)) == "portal.clip-absent"
    assert error_of(home.get(path)) == "web.session-absent"
    other = SignerKey.generate("disclosure")
    for headers in (
        mail(street, c, other),
        mail(street, c, d, street.now() - 3600),
        {"Authorization": "Sunporch-D"},
        {"Authorization": "Sunporch-D 12 !!"},
    ):
        assert error_of(home.get(path, **headers)) == "portal.mailbox-refused"
    assert error_of(diaz.post(path, to="stone-0a0a", sealed=answer)) == "portal.mailbox-refused"


def test_a_mailbox_holds_only_so_many_messages(street, monkeypatch):
    _, c, *_ = shared(street, recorded_appeal(street))
    monkeypatch.setattr(actions, "MAX_MESSAGES", 1)
    diaz = Visitor(street, "diaz-4f2a")
    body = {"to": "disclosure", "sealed": to_base64(b"one")}
    assert diaz.post(f"/api/v1/mailbox/{c}", **body).status_code == 201
    assert error_of(diaz.post(f"/api/v1/mailbox/{c}", **body)) == "portal.mailbox-full"


@pytest.mark.requirement("R14")
@pytest.mark.promise(5)
def test_no_entry_page_or_feed_names_the_appeal_that_a_share_answers(street):
    request = recorded_appeal(street)
    shared(street, request)
    line = street.state().records[-1]
    assert not hasattr(line.entry, "request")
    anyone = Visitor(street)
    page = anyone.get(f"/appeals/{request}/").content.decode()
    assert "A clip is shared" not in page
    record = anyone.get(f"/record/?from={line.index}").content.decode()
    (shown_as,) = re.findall(rf'<li id="entry-{line.index}"[^>]*>.*?</li>', record, re.DOTALL)
    assert "A clip is shared" in shown_as
    assert f"/appeals/{request}/" not in shown_as


@pytest.mark.promise(3)
@pytest.mark.requirement("R19", "R28", "R45")
def test_the_portals_disk_holds_no_canary_of_footage_and_no_key_that_opens_a_clip(street):
    """A clip is really sealed and shared; then every byte of the portal's folder is searched for what was inside."""
    request = recorded_appeal(street)
    made = sealed_share(street, request)
    home = Visitor(street)
    assert home.put(f"/api/v1/uploads/{made.c}/header", made.header).status_code == 201
    assert home.put(f"/api/v1/uploads/{made.c}/sealed", made.sealed).status_code == 201
    street.record(street.disclosure(made.c, made.d))
    files = {path: path.read_bytes() for path in street.data.rglob("*") if path.is_file()}
    assert any(made.sealed in data for data in files.values())
    for name, secret in made.secrets.items():
        for spelled in (secret, secret.hex().encode(), to_base64(secret).rstrip("=").encode()):
            holders = [str(path) for path, data in files.items() if spelled in data]
            assert holders == [], f"{name} lies in {holders}"
