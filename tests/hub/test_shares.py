# SPDX-License-Identifier: AGPL-3.0-or-later
"""What left the house: who opened it, how long it lasts, how it ends, and what can be said about it."""

from __future__ import annotations

import json

import pytest

from sunporch.base.digests import from_base64, to_base64
from sunporch.clip import keys
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.hub.release.models import Release
from sunporch.hub.shares.models import Message, Share
from sunporch.hub.shares.thread import info
from sunporch.tlog.notes import Note
from sunporch.verify import receipt
from tests.hub.home import Resident, share
from tests.hub.maple import DAY, ORI, device, device_public


@pytest.fixture
def shared(home, ana, asked):
    """Two seconds of Ana's porch are on the record."""
    appeal, porch, start = asked
    return share(home, ana, appeal, porch, start + 1, start + 3)


def seen(ana):
    return ana.ask("GET", "/shares")[1][0]


@pytest.mark.requirement("R24")
def test_ana_sees_who_opened_her_clip_when_and_what_for_and_the_time_left(home, street, ana, shared):
    assert seen(ana)["openings"] == []
    left = seen(ana)["time_left"]
    assert left == shared.expires - home.clock.now() and left % DAY != left
    street.maple.good(
        e.Access, "diaz", disclosure=shared.disclosure, e=device_public("diaz"), purpose="investigation"
    )
    home.turn()
    (opening,) = seen(ana)["openings"]
    assert (opening["who"], opening["purpose"], opening["at"]) == ("diaz", "investigation", street.maple.last)
    assert seen(ana)["state"] == "opened"


@pytest.mark.requirement("R24")
def test_ana_sees_which_copies_left_for_whom_and_who_signed(home, street, ana, shared):
    diaz = {"disclosure": shared.disclosure, "e": device_public("diaz"), "purpose": "investigation"}
    street.maple.good(e.Access, "diaz", **diaz)
    copy = {"disclosure": shared.disclosure, "file": "5e" * 32, "format": "sunporch-export-v1", "recipient": "court"}
    index = street.maple.good(e.Export, "diaz", "kim", **copy)
    assert seen(ana)["exports"] == []
    home.turn()
    (left,) = seen(ana)["exports"]
    assert (left["index"], left["recipient"], set(left["who"].split(", "))) == (index, "court", {"diaz", "kim"})


@pytest.mark.requirement("R24")
def test_ana_sees_to_whom_her_clip_was_passed_on_and_on_what_ground(home, street, ana, shared):
    street.maple.good(
        e.Access, "diaz", disclosure=shared.disclosure, e=device_public("diaz"), purpose="investigation"
    )
    told = {"recipient": "court", "standard": "subpoena", "justification": "court-demand"}
    index = street.maple.good(e.Sharing, "diaz", "kim", disclosure=shared.disclosure, **told)
    assert seen(ana)["passed_on"] == []
    home.turn()
    (once,) = seen(ana)["passed_on"]
    assert (once["index"], once["recipient"], once["standard"]) == (index, "court", "subpoena")
    assert set(once["who"].split(", ")) == {"diaz", "kim"}
    page = ana.client.get(f"/shares/{shared.disclosure}/", headers=ana.headers).content.decode()
    assert "to: court, on the ground of a subpoena" in page


@pytest.mark.requirement("R26")
def test_ana_withdraws_and_record_and_custodian_hear_it_at_once(home, street, ana, shared):
    status, answer = ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    assert (status, answer["withdrawn_by"], answer["time_left"]) == (200, "ana", 0)
    home.ending.step()
    assert len(street.custodian.withdrawn) == 1
    assert street.maple.tail.fold.disclosures[shared.disclosure].withdrawn_at == home.clock.now()
    home.turn()
    assert seen(ana)["withdrawn_at"] and seen(ana)["state"] == "ended" and not seen(ana)["trouble"]["id"]


def test_the_custodian_hears_of_a_withdrawal_while_the_portal_is_away_and_the_record_later(home, street, ana, shared):
    street.portal.door.stop()
    ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    home.ending.step()
    assert len(street.custodian.withdrawn) == 1
    assert seen(ana)["trouble"]["id"] == "client.server-unreachable" and seen(ana)["withdrawn_at"] is None
    street.portal.door.start()
    home.turn(4, seconds=10)
    assert seen(ana)["withdrawn_at"] and not seen(ana)["trouble"]["id"]


def test_the_record_hears_of_a_withdrawal_while_the_custodian_is_away_and_the_custodian_later(
    home, street, ana, shared
):
    street.custodian.door.stop()
    ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    home.turn(2, seconds=1)
    assert seen(ana)["withdrawn_at"] and seen(ana)["custodian_told_at"] is None
    street.custodian.door.start()
    home.turn(4, seconds=10)
    assert len(street.custodian.withdrawn) == 1 and seen(ana)["custodian_told_at"]


def test_a_withdrawal_that_the_portal_swallowed_is_posted_until_the_record_shows_it(home, street, ana, shared):
    street.portal.before = lambda _, path: (
        (202, {"id": "0", "state": "queued"}) if path.endswith("/entries") else None
    )
    ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    home.turn(2, seconds=1)
    assert seen(ana)["withdrawn_at"] is None
    street.portal.before = lambda *_: None
    home.turn(3, seconds=10)
    assert seen(ana)["withdrawn_at"]


def test_withdrawing_twice_is_withdrawing_once_and_an_ended_share_says_so(home, street, ana, shared):
    ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    ben = Resident("ben").sign_in()
    assert ben.ask("POST", f"/shares/{shared.disclosure}/withdraw")[1]["withdrawn_by"] == "ana"
    home.turn(2, seconds=2)
    Share.objects.update(withdraw_asked_at=None)
    status, answer = ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    assert (status, answer["error"]["id"]) == (409, "hub.share-ended")


def test_the_receipt_verifies_offline_and_its_withdrawal_ends_the_share_without_the_hub(home, street, ana, shared):
    status, data = ana.ask("GET", f"/shares/{shared.disclosure}/receipt")
    assert status == 200
    text = json.dumps(data).encode() if isinstance(data, dict) else data
    report = receipt.check(Share.objects.get().receipt.encode(), street.maple.pin)
    assert not [finding for step in report.steps.values() for finding in step.findings]
    note = json.loads(text)["withdrawal"]
    street.portal.post(note)
    home.turn()
    assert seen(ana)["state"] == "ended" and seen(ana)["withdraw_asked_at"] is None
    assert wire.decode(Note.parse(note.encode()).text)[1].disclosure == shared.disclosure


def test_a_share_ends_by_itself_on_its_day(home, street, ana, shared):
    home.clock.advance(61 * DAY)
    street.maple.cosign()
    home.turn()
    assert seen(ana)["state"] == "ended" and seen(ana)["time_left"] == 0


@pytest.mark.requirement("R32")
def test_ana_reads_what_became_of_the_appeal(home, street, ana, asked, shared):
    appeal, *_ = asked
    home.clock.advance(3 * DAY)
    street.maple.good(e.Outcome, "kim", request=appeal, code="cleared_someone", clips="<5")
    home.turn()
    assert seen(ana)["outcome"] == {"code": "cleared_someone", "clips": "<5", "at": street.maple.last}


def officer_writes(street, release, text, by="diaz"):
    public = keys.load_public(keys.public(release.d_x25519_secret))
    sealed = keys.SUITE.encrypt(text.encode(), public, info=info(release.c, "disclosure"))
    item = {"to": "disclosure", "sealed": to_base64(sealed), "by": by, "at": 1_780_000_000}
    street.portal.mail.setdefault(release.c, []).append(item)


def test_diaz_asks_back_ana_answers_and_only_they_can_read_it(home, street, ana, shared):
    officer_writes(street, shared, "Could you share five more minutes?")
    home.turn()
    (message,) = ana.ask("GET", f"/shares/{shared.disclosure}/messages")[1]
    assert (message["text"], message["sender"], message["ours"]) == (
        "Could you share five more minutes?",
        "diaz",
        False,
    )
    status, mine = ana.ask("POST", f"/shares/{shared.disclosure}/messages", {"text": "No."})
    assert (status, mine["sent_at"]) == (201, None)
    home.turn()
    sent = [item for item in street.portal.mail[shared.c] if item["to"] != "disclosure"]
    assert {item["to"] for item in sent} == {"diaz", "kim"}
    for item in sent:
        private = keys.load_private(device(item["to"]))
        opened = keys.SUITE.decrypt(from_base64(item["sealed"], ""), private, info=info(shared.c, item["to"]))
        assert opened == b"No."
        assert b"No." not in item["sealed"].encode()
    home.turn()
    assert Message.objects.count() == 2 and Message.objects.get(ours=True).sent_at


def test_whoever_opened_her_clip_on_a_new_device_gets_her_answer_and_the_lost_device_and_the_court_get_none(
    home, street, ana, shared
):
    maple = street.maple
    maple.enrol("dora", "officer", "registrar", agency=ORI, x25519=device_public("dora"))
    maple.enrol("judge", "court", "bell", x25519=device_public("judge"))
    maple.good(e.KeyEnd, "registrar", key=maple.at["diaz"], reason="lost")
    for name in ("dora", "judge", "dora"):
        maple.good(e.Access, name, disclosure=shared.disclosure, e=device_public(name), purpose="investigation")
    home.turn()
    ana.ask("POST", f"/shares/{shared.disclosure}/messages", {"text": "It was a red bicycle."})
    home.turn()
    sent = {item["to"]: item["sealed"] for item in street.portal.mail[shared.c]}
    assert set(sent) == {"kim", "dora"} and len(street.portal.mail[shared.c]) == 2
    private = keys.load_private(device("dora"))
    opened = keys.SUITE.decrypt(from_base64(sent["dora"], ""), private, info=info(shared.c, "dora"))
    assert opened == b"It was a red bicycle."


def test_junk_in_the_mailbox_is_not_shown_and_stops_nothing(home, street, ana, shared):
    junk = [{"to": "disclosure", "sealed": sealed, "by": "x", "at": 1} for sealed in ("", "!!", to_base64(b"x" * 80))]
    street.portal.mail[shared.c] = [*junk, {"to": "diaz"}, {}]
    officer_writes(street, shared, "Thank you.")
    home.turn(2)
    assert [m["text"] for m in ana.ask("GET", f"/shares/{shared.disclosure}/messages")[1]] == ["Thank you."]


def test_a_message_waits_while_the_portal_is_away(home, street, ana, shared):
    street.portal.door.stop()
    ana.ask("POST", f"/shares/{shared.disclosure}/messages", {"text": "Hello."})
    home.turn()
    assert ana.ask("GET", f"/shares/{shared.disclosure}/messages")[1][0]["sent_at"] is None
    street.portal.door.start()
    home.turn(2, seconds=40)
    assert ana.ask("GET", f"/shares/{shared.disclosure}/messages")[1][0]["sent_at"]


@pytest.mark.requirement("R20")
def test_ana_hands_the_proof_of_her_clip_to_its_recipients_and_to_nobody_before(home, street, ana, shared):
    proof = json.dumps(ana.ask("GET", f"/shares/{shared.disclosure}/proof")[1], separators=(",", ":"))
    home.turn()
    assert street.portal.mail == {}
    status, mine = ana.ask("POST", f"/shares/{shared.disclosure}/proof")
    assert (status, mine["sender"]) == (201, "ana")
    home.turn()
    for item in street.portal.mail[shared.c]:
        private = keys.load_private(device(item["to"]))
        opened = keys.SUITE.decrypt(from_base64(item["sealed"], ""), private, info=info(shared.c, item["to"]))
        assert json.loads(opened) == json.loads(proof)
    assert home.vault.public_key in proof


def test_a_proof_too_long_for_a_message_is_refused_and_given_as_a_file(home, ana, shared):
    Release.objects.update(proof=json.dumps({"salt": "00" * 16, "text": "x" * 70_000}))
    status, answer = ana.ask("POST", f"/shares/{shared.disclosure}/proof")
    assert (status, answer["error"]["id"]) == (422, "hub.message-refused")
    assert ana.ask("GET", f"/shares/{shared.disclosure}/proof")[0] == 200


def test_nothing_is_written_to_the_recipients_of_a_clip_that_ended(home, ana, shared):
    ana.ask("POST", f"/shares/{shared.disclosure}/withdraw")
    home.turn(2, seconds=2)
    for path, body in (("messages", {"text": "Hello."}), ("proof", None)):
        status, answer = ana.ask("POST", f"/shares/{shared.disclosure}/{path}", body)
        assert (status, answer["error"]["id"]) == (409, "hub.share-ended")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_an_empty_or_endless_message_is_refused(ana, shared, text):
    status, answer = ana.ask("POST", f"/shares/{shared.disclosure}/messages", {"text": text})
    assert (status, answer["error"]["id"]) == (422, "hub.message-refused")


def test_the_mailbox_is_asked_for_nothing_before_anything_was_shared(home, street, ana, asked):
    home.turn(3, seconds=300)
    assert not [item for item in street.portal.asked if "/log/" not in item]


def test_an_unknown_share_is_absent(ana, home):
    for method, path in (("POST", "/withdraw"), ("GET", "/receipt"), ("GET", "/messages"), ("GET", "/proof")):
        status, answer = ana.ask(method, f"/shares/999{path}")
        assert (status, answer["error"]["id"]) == (404, "hub.share-absent")


def test_key_and_hold_go_a_year_after_the_outcome_and_not_before(home, street, ana, asked, shared):
    appeal, *_ = asked
    home.clock.advance(3 * DAY)
    street.maple.good(e.Outcome, "kim", request=appeal, code="charged", clips="<5")
    home.turn()
    home.clock.advance(364 * DAY)
    street.maple.cosign()
    home.turn()
    assert Release.objects.get().d_secret and len(home.vault.holds()) == 2
    home.clock.advance(2 * DAY)
    home.turn()
    assert Release.objects.get().d_secret  # it is the town's time that counts, not this hub's
    street.maple.cosign()
    home.turn()
    release = Release.objects.get()
    assert (release.d_secret, release.d_x25519_secret, release.proof) == ("", "", "")
    assert home.vault.holds() == ()
    status, answer = ana.ask("GET", f"/shares/{shared.disclosure}/proof")
    assert (status, answer["error"]["id"]) == (404, "hub.proof-absent")
