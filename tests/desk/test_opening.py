# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from sunporch.base.digests import to_base64
from sunporch.base.errors import Error
from sunporch.clip import keys
from sunporch.clip.header import Recipient
from sunporch.clip.open import recipient_half
from sunporch.clip.rewrap import rewrap
from sunporch.custodian.keeper import REPEAT_SECONDS
from sunporch.desk import opening
from sunporch.docket import entries as e
from sunporch.verify.tail import Tail
from tests.client.test_server import failing
from tests.desk.conftest import Officer
from tests.desk.neighbours import MEDIA
from tests.verify.town import CELLS, DAY, one_time, person


def openings_on_record(around):
    tail = Tail(None)
    tail.advance(around.town.fetch)
    return tail.fold.disclosures[around.shared].accesses


@pytest.mark.promise(1)
def test_an_officer_opens_a_clip_after_the_opening_is_on_record(around, diaz):
    opened = diaz.open()
    assert diaz.out.read_bytes() == MEDIA
    assert opened.sha256 == hashlib.sha256(MEDIA).hexdigest()
    assert opened.index.camera == "porch"
    assert openings_on_record(around) == [opened.access]
    asked = around.doors.asked
    assert asked.index("POST /api/v1/entries") < asked.index("POST /access")


def test_an_opened_clip_leaves_nothing_but_the_file_that_only_its_owner_reads(around, diaz):
    diaz.open()
    assert diaz.left_behind == ["clip.mp4"]
    assert diaz.out.stat().st_mode & 0o777 == 0o600


@pytest.mark.promise(11)
@pytest.mark.parametrize("part", ["file", "header"])
def test_a_clip_that_somebody_changed_is_seen_before_anything_goes_on_record(around, diaz, part):
    data = bytearray(getattr(around, part))
    data[len(data) // 2] ^= 1
    setattr(around, part, bytes(data))
    with pytest.raises(Exception) as caught:
        diaz.open()
    assert caught.value.id in ("clip.commitment-mismatch", "clip.header-malformed", "clip.encapsulation-refused")
    assert "POST /api/v1/entries" not in around.doors.asked
    assert diaz.left_behind == []


def test_without_enough_co_signers_no_key_is_asked_for_and_the_opening_is_not_lost(around, diaz):
    around.quorum = False
    with failing("desk.quorum-missing") as caught:
        diaz.open()
    assert "2 of 3 co-signers answer" in caught.value.what
    assert "POST /access" not in around.doors.asked
    around.quorum = True
    diaz.open()
    assert len(openings_on_record(around)) == 1


def test_a_record_without_a_quorum_is_not_read(around, diaz):
    around.town.put(e.Event, person("bell-1"), person("bell-2"), cells=CELLS, from_=1, to=2, kind="vote")
    note = around.town.cosign().encode().rstrip(b"\n").split(b"\n")
    for path in (f"checkpoints/{around.town.size}", "checkpoint"):
        (around.town.folder / path).write_bytes(b"\n".join(note[:-2]) + b"\n")
    with failing("desk.quorum-missing"):
        diaz.open()
    assert "POST /api/v1/entries" not in around.doors.asked


def test_with_the_custodian_down_the_opening_stays_and_the_next_try_records_no_second_one(around, diaz):
    url = around.doors.url("custodian")
    port = int(url.rpartition(":")[2])
    around.doors.close("custodian")
    with failing("desk.custodian-down") as caught:
        diaz.open()
    assert f"entry {openings_on_record(around)[0]}" in caught.value.what
    assert not diaz.out.exists()
    around.reopen_custodian(port)
    diaz.open()
    assert len(openings_on_record(around)) == 1
    assert diaz.left_behind == ["clip.mp4"]


def test_a_clip_whose_time_is_over_is_refused_before_anything_goes_on_record(around, diaz):
    around.town.wait(days=around.town.rules.retention_days + 1)
    around.town.cosign()
    with failing("desk.clip-ended") as caught:
        diaz.open()
    assert "its time was over on" in caught.value.what
    assert "POST /api/v1/entries" not in around.doors.asked


def test_a_clip_that_the_resident_took_back_is_refused_with_that_reason(around, diaz):
    around.town.put(e.Withdrawal, one_time(around.number), disclosure=around.shared)
    around.town.cosign()
    with failing("desk.clip-ended") as caught:
        diaz.open()
    assert "the resident took it back on" in caught.value.what


@pytest.mark.requirement("R2")
def test_a_clip_whose_agreement_the_community_ended_is_refused(around, diaz):
    cancel = {"partnership": around.town.keys["partnership"], "reason": "Resolution 31"}
    around.town.put(e.PartnershipCancel, person("bell-1"), person("bell-2"), **cancel)
    around.town.cosign()
    with pytest.raises(Exception) as caught:
        diaz.open()
    assert caught.value.id in ("desk.opening-void", "desk.clip-ended")
    assert "POST /api/v1/entries" not in around.doors.asked


def test_a_frozen_clip_past_its_end_does_not_open_for_the_agency_alone(around, diaz):
    until = around.town.now + 400 * DAY
    around.town.put(e.Freeze, person("reyes"), disclosure=around.shared, until=until)
    around.town.cosign()
    around.town.wait(days=around.town.rules.retention_days + 1)
    around.town.cosign()
    with failing("desk.clip-frozen"):
        diaz.open()
    assert "POST /api/v1/entries" not in around.doors.asked


@pytest.mark.parametrize(
    ("says", "error_id"),
    [
        ("custodian.record-stale", "desk.quorum-missing"),
        ("custodian.lease-ended", "desk.clip-ended"),
        ("custodian.half-unknown", "desk.clip-ended"),
        ("custodian.access-void", "desk.opening-void"),
        ("custodian.access-repeated", "desk.half-given"),
        ("custodian.record-unreachable", "desk.custodian-down"),
        ("custodian.table-unreadable", "desk.custodian-down"),
        ("custodian.calls-too-many", "client.answer-refused"),
    ],
)
def test_what_the_custodian_refuses_is_said_in_an_officers_words(around, diaz, says, error_id):
    around.custodian_says = says
    with failing(error_id):
        diaz.open()
    assert not diaz.out.exists()


def test_an_answer_that_got_lost_can_be_asked_for_again_for_ten_minutes(around, diaz, monkeypatch):
    lose_the_answer(around, diaz, monkeypatch)
    around.town.wait(seconds=REPEAT_SECONDS - 60)
    around.town.cosign()
    diaz.open()
    assert len(openings_on_record(around)) == 1


def test_after_the_ten_minutes_the_next_try_signs_a_new_opening(around, diaz, monkeypatch):
    lose_the_answer(around, diaz, monkeypatch)
    around.town.wait(seconds=REPEAT_SECONDS + 1)
    around.town.cosign()
    with failing("desk.half-given"):
        diaz.open()
    assert diaz.left_behind == []
    diaz.open()
    assert len(openings_on_record(around)) == 2


def lose_the_answer(around, diaz, monkeypatch):
    """Diaz's disk is full just when the clip would be written."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_disk(os.fsync))
        with failing("desk.output-unwritable"):
            diaz.open()
    assert not diaz.out.exists()


def full_disk(fsync):
    def refuse(handle):
        if Path(f"/proc/self/fd/{handle}").readlink().name.endswith(".part"):
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    return refuse


def test_what_withdrawing_ended_while_the_opening_was_on_its_way_does_not_open(around, diaz):
    around.before_custodian = lambda: around.town.put(e.Withdrawal, one_time(around.number), disclosure=around.shared)
    with failing("desk.clip-ended"):
        diaz.open()
    assert not diaz.out.exists()
    assert diaz.left_behind == []


def test_an_opening_that_a_withdrawal_overtook_is_void_and_asks_for_no_key(around, diaz):
    around.before_record = lambda: around.town.put(e.Withdrawal, one_time(around.number), disclosure=around.shared)
    with failing("desk.clip-ended"):
        diaz.open()
    assert "POST /access" not in around.doors.asked
    assert diaz.left_behind == []


def test_a_record_that_was_changed_is_not_read_on(around, diaz):
    bundle = around.town.folder / "tile" / "entries" / "000.p" / str(around.town.size)
    data = bytearray(bundle.read_bytes())
    data[-1] ^= 1
    bundle.write_bytes(bytes(data))
    with pytest.raises(Error) as caught:
        diaz.open()
    assert caught.value.id.startswith(("tlog.", "verify."))
    assert around.doors.asked.count("POST /access") == 0


def test_a_stranger_to_the_clip_is_told_before_anything_goes_on_record(around, tmp_path):
    reyes = Officer(around, tmp_path, "reyes")
    with failing("desk.recipient-other"):
        reyes.open()
    assert "POST /api/v1/entries" not in around.doors.asked


def test_a_device_for_which_a_colleague_re_sealed_the_clip_opens_it(around, tmp_path):
    reyes = Officer(around, tmp_path, "reyes")
    half = recipient_half(around.header, "kim", around.private["kim"])
    good = rewrap(around.header, half, Recipient("reyes", keys.public(around.private["reyes"])))
    useless = rewrap(around.header, half, Recipient("reyes", keys.public(around.private["mallory"])))
    listed = [("reyes", useless), ("kim", good), ("reyes", good)]
    around.rewraps = [{"name": name, "sealed": to_base64(sealed), "by": "kim", "at": 1} for name, sealed in listed]
    reyes.open()
    assert reyes.out.read_bytes() == MEDIA


def test_an_officer_of_another_agency_is_refused(around, tmp_path):
    mallory = Officer(around, tmp_path, "mallory")
    with failing("desk.opening-void"):
        mallory.open()


def test_what_is_no_shared_clip_is_named(around, diaz):
    with failing("desk.share-unknown"):
        diaz.open(0)


def test_an_opening_that_the_portal_calls_void_is_told_with_its_reason(around, diaz):
    around.says_void = "None of the keys that signed it may make such an entry."
    with failing("desk.opening-void") as caught:
        diaz.open()
    assert "None of the keys" in caught.value.what


@pytest.mark.parametrize("offset", [-1, 1])
def test_a_portal_that_shows_another_record_than_it_says_is_found_out(around, diaz, offset):
    around.index_offset, around.crowded = offset, True
    with failing("desk.record-differs"):
        diaz.open()
    assert "POST /access" not in around.doors.asked


def test_a_record_that_does_not_come_in_time_is_named_and_the_opening_kept(around, diaz, monkeypatch):
    monkeypatch.setattr(opening, "RECORD_SECONDS", 2)
    around.index_offset = 1
    with failing("desk.opening-late"):
        diaz.open()
    around.index_offset = 0
    diaz.open()
    assert len(openings_on_record(around)) == 1


def test_a_portal_that_answers_nonsense_is_named(around, diaz):
    around.rewraps = {"no": "list"}
    around.header = around.header.replace(b'"diaz"', b'"dian"')
    with failing("client.answer-malformed"):
        diaz.open()


def test_a_video_that_its_own_index_does_not_describe_is_not_kept(around, diaz):
    around.shared = around.share(MEDIA, described=b"another")
    with failing("desk.media-differs"):
        diaz.open()
    assert not diaz.out.exists()


def test_an_unfinished_opening_that_lapsed_is_signed_anew(around, diaz):
    around.quorum = False
    with failing("desk.quorum-missing"):
        diaz.open()
    around.quorum = True
    around.town.wait(seconds=opening.VALID_SECONDS + 1)
    around.town.cosign()
    diaz.open()
    assert len(openings_on_record(around)) == 1
    assert diaz.left_behind == ["clip.mp4"]


def test_an_unfinished_opening_that_cannot_be_read_is_signed_anew(around, diaz):
    around.quorum = False
    with failing("desk.quorum-missing"):
        diaz.open()
    around.quorum = True
    [kept] = diaz.key_file.with_name("diaz.key.openings").iterdir()
    kept.write_bytes(b"{")
    diaz.open()
    assert len(openings_on_record(around)) == 1
