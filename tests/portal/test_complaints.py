# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sam was filmed. He has no account, and complains; the record shows that he did, and never what he wrote."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.portal.complaints import actions
from sunporch.portal.complaints.models import Complaint
from tests.browser import PHONE
from tests.hands import choose, follow, reach
from tests.portal.running import Portal
from tests.portal.street import AGENCY, DAY, Visitor
from tests.portal.test_clips import recorded_appeal

STORY = "They asked about my street although nothing had happened there, and my children are on it."


@pytest.fixture
def asked(street):
    return recorded_appeal(street)


def wrote(**changes) -> Complaint:
    form = {"code": "filmed", "about": "", "text": STORY, "contact": ""} | changes
    answer = Client(headers={"host": "localhost"}).post("/complaint/", form)
    assert answer.status_code == 302, answer.content.decode()
    return Complaint.objects.get(token=answer["Location"].split("/")[2])


@pytest.mark.requirement("R34", "S11")
def test_sam_complains_without_an_account_or_a_mouse_and_follows_it(people, street, asked):
    portal = Portal(street)
    portal.wait_ready()
    window = people.window(f"http://127.0.0.1:{portal.port}", PHONE)
    page = window.page
    page.goto("/")
    follow(page, "Complain", link=True)
    window.check("complaint")
    reach(page, "Send the complaint")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "code"  # the browser shows what is missing
    page.reload()
    choose(page, "I was filmed, or", "I was filmed, or my home was")
    reach(page, "Number of the appeal")
    page.keyboard.type(str(asked))
    reach(page, "What happened?")
    page.keyboard.type(STORY)
    follow(page, "Send the complaint")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your complaint has arrived")
    page.reload()
    entry = page.get_by_role("link", name="entry")
    while not entry.is_visible():
        page.reload()
    window.check("complaint-arrived")
    entry.click()
    expect(page.get_by_text("A complaint is received")).to_be_visible()
    expect(page.get_by_text("my children")).to_have_count(0)
    portal.end()


@pytest.mark.requirement("R34")
def test_what_sam_wrote_reaches_the_reviewers_and_no_public_byte(street, asked):
    complaint = wrote(about=str(asked), contact="sam@example.org")
    street.drain()
    for file in (path for path in (street.data / "log").rglob("*") if path.is_file()):
        assert b"my children" not in file.read_bytes()
    [recorded] = [r for r in street.state().records if isinstance(r.entry, entries.Complaint)]
    assert (recorded.in_force, recorded.entry.agency, recorded.entry.about) == (True, AGENCY, asked)
    assert recorded.entry.text == ""  # a hash of it would let anybody try out who might have written what
    reviewer = Visitor(street, "okafor-2c1d").get("/work/complaints/").content.decode()
    assert STORY in reviewer
    assert "sam@example.org" in reviewer
    assert Visitor(street, "diaz-4f2a").get("/work/complaints/").status_code == 403
    anyone = Visitor(street).get(f"/complaint/{complaint.token}/").content.decode()
    assert STORY in anyone
    assert "owed by" in anyone


@pytest.mark.requirement("R34")
def test_the_answer_stands_where_sam_was_told_to_look(street, asked):
    complaint = wrote()
    street.drain()
    index = actions.progress(complaint.token).index
    text = Blob.new("The appeal was made in good faith; its area was too wide. The agency was told so.")
    finding = street.record(
        street.signed(entries.Finding, "okafor-2c1d", complaint=index, code="upheld", text=text.commitment), text
    )
    assert f"finding of entry {finding}" in Visitor(street).get(f"/complaint/{complaint.token}/").content.decode()


def test_a_complaint_about_an_entry_that_does_not_exist_is_not_taken(street):
    client = Client(headers={"host": "localhost"})
    answer = client.post("/complaint/", {"code": "filmed", "about": "999", "text": "x", "contact": ""})
    assert "no entry of this number" in answer.content.decode()
    answer = client.post("/complaint/", {"code": "nonsense", "about": "", "text": "", "contact": ""})
    assert "Something is missing or wrong" in answer.content.decode()
    assert not Complaint.objects.exists()


def test_another_address_shows_nobodys_complaint(street):
    wrote()
    answer = Visitor(street).get(f"/complaint/{'0' * 64}/")
    assert answer.status_code == 404
    assert "portal.complaint-absent" in answer.content.decode()


def test_one_address_may_complain_ten_times_an_hour(street):
    for _ in range(10):
        wrote()
    form = {"code": "filmed", "about": "", "text": STORY, "contact": ""}
    answer = Client(headers={"host": "localhost"}).post("/complaint/", form)
    assert answer.status_code == 429
    assert STORY in answer.content.decode()  # what he wrote is not lost


def test_a_portal_whose_key_ended_keeps_no_complaint_that_it_cannot_record(street):
    name = street.portal_key.name
    street.record(street.signed(entries.KeyEnd, "council-1", "council-2", key=street.index_of(name), reason="lost"))
    form = {"code": "filmed", "about": "", "text": STORY, "contact": ""}
    answer = Client(headers={"host": "localhost"}).post("/complaint/", form)
    assert answer.status_code == 503
    assert "portal.complaints-closed" in answer.content.decode()
    assert STORY in answer.content.decode()
    assert not Complaint.objects.exists()


def test_what_was_written_is_erased_after_two_years(street):
    complaint = wrote()
    assert actions.forget(complaint.made_at + actions.KEEP_DAYS * DAY) == 0
    assert actions.forget(complaint.made_at + actions.KEEP_DAYS * DAY + 1) == 1
    assert not Complaint.objects.exists()
