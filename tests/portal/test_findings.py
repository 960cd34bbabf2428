# SPDX-License-Identifier: AGPL-3.0-or-later
"""Okafor answers what Sam wrote, and says what the random sample brought to light: in public, and naming nobody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from sunporch.docket.blobs import Blob
from sunporch.portal.complaints import actions
from sunporch.portal.complaints.models import Complaint
from sunporch.portal.review import findings
from tests.browser import PHONE
from tests.portal.office import Office, published
from tests.portal.street import DAY, Visitor
from tests.portal.test_clips import recorded_appeal
from tests.portal.test_complaints import STORY, wrote

OKAFOR = "okafor-2c1d"
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


def written(street) -> tuple[Complaint, int]:
    """A complaint on record, and its index."""
    complaint = wrote()
    street.drain()
    return complaint, actions.progress(complaint.token).index


@pytest.mark.requirement("R34", "S11")
def test_okafor_answers_sam_and_everybody_reads_the_answer_but_not_the_complaint(street, running):
    complaint, index = written(street)
    okafor = running().sign_in(OKAFOR)
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
    page.goto("/findings/")
    okafor.check("findings")


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
    assert "docket.blob-malformed" in answer.content.decode()
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
