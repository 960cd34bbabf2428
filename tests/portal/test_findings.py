# SPDX-License-Identifier: AGPL-3.0-or-later
"""Okafor answers what Sam wrote, and says what the random sample brought to light: in public, and naming nobody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from sunporch.docket.blobs import Blob
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.complaints import actions
from sunporch.portal.complaints.models import Complaint
from sunporch.portal.review import actions as review
from sunporch.portal.review import findings
from sunporch.portal.review.models import Answer
from tests.browser import PHONE
from tests.portal.office import Office, published
from tests.portal.street import AGENCY, DAY, OTHER_AGENCY, Visitor
from tests.portal.test_clips import recorded_appeal
from tests.portal.test_complaints import STORY, wrote

OKAFOR = "okafor-2c1d"
SAID = "Ours was an error.\nWe draw them smaller now."
FOUND = "Its area was wider than the offence needed.\nThe agency was told so."


@pytest.fixture
def running(street, people):
    """The portal's processes, and browsers for its people; what a test puts on record before is there."""
    made: list[Office] = []

    def start() -> Office:
        made.append(Office(street, people))
        return made[0]

    yield start
    for office in made:
        office.close()


def written(street, about: int | None = None) -> tuple[Complaint, int]:
    """A complaint on record, and its index."""
    complaint = wrote() if about is None else wrote(about=str(about))
    street.drain()
    return complaint, actions.progress(complaint.token).index


@pytest.mark.requirement("R34", "S11")
def test_okafor_answers_sam_and_everybody_reads_the_answer_but_not_the_complaint(street, running):
    complaint, index = written(street, recorded_appeal(street))
    office = running()
    okafor = office.sign_in(OKAFOR)
    page = okafor.page
    page.get_by_role("link", name="Complaints", exact=True).click()
    expect(page.get_by_text(STORY)).to_be_visible()
    okafor.check("complaints")
    page.get_by_role("link", name="Answer it").click()
    page.get_by_label("The complaint is right in part").check()
    page.get_by_label("Say it so that everybody understands it").fill(f"  {FOUND}\n")
    okafor.check("answer-complaint")
    page.get_by_role("button", name="Sign and publish").click()
    published(okafor)
    [number] = street.state().complaints[index].findings
    sam = Visitor(street)
    assert f"/findings/#finding-{number}" in sam.get(f"/complaint/{complaint.token}/").content.decode()
    public = sam.get("/findings/").content.decode()
    assert "The complaint is right in part" in public
    assert FOUND.replace("\n", "<br>") in public
    assert STORY not in public
    assert f"Police of {AGENCY} has not answered it." in public
    kim = office.window("kim-77b0", PHONE)
    kim.page.goto("/work/")
    kim.page.get_by_role("link", name=f"Finding of entry {number}").click()
    kim.page.get_by_label("What does your agency say to it?").fill(SAID)
    kim.check("finding-to-answer")
    kim.page.get_by_role("button", name="Publish the answer").click()
    expect(kim.page.get_by_text("Ours was an error.")).to_be_visible()
    kim.check("findings")


@pytest.fixture
def found(street) -> int:
    """A finding on record about a complaint of an appeal of AGENCY."""
    asked = recorded_appeal(street)
    index = written(street, asked)[1]
    text = Blob.new(FOUND)
    note = street.signed(findings.Finding, OKAFOR, complaint=index, code="upheld", text=text.commitment)
    return street.record(note, text)


def say(street, found: int, name: str = "kim-77b0", text: str = SAID):
    return Visitor(street, name).form(f"/work/findings/{found}/", text=text)


def shown(street) -> str:
    return Visitor(street).get("/findings/").content.decode()


@pytest.mark.requirement("R34", "R36", "S11")
def test_kim_answers_for_her_agency_and_corrects_it_and_what_stood_there_stays(street, found):
    assert "not answered</span>" in Visitor(street, "kim-77b0").get("/work/").content.decode()
    assert say(street, found)["Location"] == f"/findings/#finding-{found}"
    assert say(street, found).status_code == 302
    assert Answer.objects.count() == 1
    assert "answered</span>" in Visitor(street, "kim-77b0").get("/work/").content.decode()
    say(street, found, "lopez-90cd", "We drew it smaller since.")
    before, _, after = shown(street).partition("What stood here before")
    assert "We drew it smaller since." in before and "Written by lopez-90cd" in before
    assert "Ours was an error." in after and "not part of the record" in before
    assert AdminAct.objects.filter(act="finding answered", about=f"{AGENCY}, finding {found}").count() == 2


@pytest.mark.requirement("R36")
def test_nobody_answers_for_another_agency_or_what_is_no_finding_and_not_without_end(street, found, monkeypatch):
    assert say(street, found, "marsh-0b0b").status_code == 404
    assert say(street, found, "diaz-4f2a").status_code == 403
    assert say(street, 0).status_code == 404
    assert say(street, 10**9).status_code == 404
    assert "turn the order of letters" in say(street, found, text="a\u202eb").content.decode()
    assert not Answer.objects.exists()
    monkeypatch.setattr(review, "MAX_WORDINGS", 1)
    say(street, found)
    refused = say(street, found, text="Other words.").content.decode()
    assert "portal.wordings-exceeded" in refused and "Other words." in refused


@pytest.mark.requirement("R36")
def test_each_agency_whose_appeals_a_sample_draws_from_answers_what_the_audit_found(street):
    text = Blob.new("Two of ten were too wide.")
    note = street.signed(findings.Finding, OKAFOR, complaint=-1, code="faults-found", text=text.commitment)
    audit = street.record(note, text)
    assert say(street, audit, "marsh-0b0b").status_code == 302
    page = shown(street)
    assert f"What Police of {OTHER_AGENCY} says to it" in page
    assert f"Police of {AGENCY} has not answered it." in page


@pytest.mark.requirement("R35", "S11")
def test_okafor_takes_down_an_answer_that_names_somebody_and_its_place_says_who_and_why(street, found):
    say(street, found, text="Jane Roe of Elm Street is wrong.")
    okafor, row = Visitor(street, OKAFOR), Answer.objects.get()
    at = f"/work/words/answer/{row.pk}/takedown/"
    assert at in okafor.get("/work/comments/").content.decode()
    assert okafor.form(at, reason="names-a-person").status_code == 302
    page = shown(street)
    assert "Jane Roe" not in page
    assert "By okafor-2c1d" in page and "It says who somebody is" in page
    assert AdminAct.objects.filter(operator=OKAFOR, act="answer taken down").count() == 1
    assert "not answered</span>" in Visitor(street, "kim-77b0").get("/work/").content.decode()
    assert at not in okafor.get("/work/comments/").content.decode()


@pytest.mark.requirement("R36")
def test_okafor_says_what_the_sample_brought_to_light(street, running):
    recorded_appeal(street)
    okafor = running().sign_in(OKAFOR, PHONE)
    page = okafor.page
    page.goto("/work/review/sample/")
    page.get_by_role("link", name="Say what you found").click()
    page.get_by_label("All that was looked at is in order").check()
    page.get_by_label("Say it so that everybody understands it").fill(
        "Ten of ten appeals name one offence and one place."
    )
    okafor.check("audit")
    page.get_by_role("button", name="Sign and publish").click()
    published(okafor)
    public = Visitor(street).get("/findings/").content.decode()
    assert "All that was looked at is in order" in public
    assert "about the random sample" in public


@pytest.mark.requirement("R34")
def test_a_complaint_that_nobody_answers_is_overdue_for_everybody_to_see(street):
    _, index = written(street)
    anyone = Visitor(street)
    page = re.sub(r"\s+", " ", anyone.get("/findings/").content.decode())
    assert f"Complaint of entry {index}" in page
    assert "owed by" in page
    assert "overdue" not in page
    street.advance(actions.ANSWER_DAYS * DAY + 1)
    street.drain()
    assert ">overdue<" in anyone.get("/findings/").content.decode()


def test_a_refused_finding_keeps_what_okafor_wrote_and_publishes_nothing(street):
    _, index = written(street)
    form = {"code": "upheld", "text": FOUND, "note": "no note", "salt": "00" * 16}
    visitor = Visitor(street, OKAFOR)
    answer = visitor._client.post(f"/work/complaints/{index}/", form, headers=visitor._headers)
    assert "tlog.note-malformed" in answer.content.decode()
    assert FOUND in answer.content.decode()
    turned = form | {"text": "say \u202eno"}
    answer = visitor._client.post(f"/work/complaints/{index}/", turned, headers=visitor._headers)
    assert "turn the order of letters" in answer.content.decode()
    assert not street.state().complaints[index].findings


def test_a_finding_whose_text_is_another_than_the_signed_one_is_refused(street):
    _, index = written(street)
    signed = Blob(bytes(16), FOUND)
    note = street.signed(findings.Finding, OKAFOR, complaint=index, code="upheld", text=signed.commitment)
    form = {"code": "upheld", "text": "The complaint is nonsense.", "note": note, "salt": "00" * 16}
    visitor = Visitor(street, OKAFOR)
    answer = visitor._client.post(f"/work/complaints/{index}/", form, headers=visitor._headers)
    assert "portal.blobs-refused" in answer.content.decode()
    good = visitor._client.post(
        f"/work/complaints/{index}/", form | {"text": FOUND.replace("\n", "\r\n")}, headers=visitor._headers
    )
    assert good.status_code == 302


def test_no_page_answers_an_entry_that_is_no_complaint(street):
    assert Visitor(street, OKAFOR).get("/work/complaints/0/").status_code == 404


def test_what_was_written_and_erased_is_answered_all_the_same(street):
    complaint, index = written(street)
    Complaint.objects.filter(pk=complaint.pk).delete()
    page = Visitor(street, OKAFOR).get(f"/work/complaints/{index}/").content.decode()
    assert "is erased, or came to another portal" in page
