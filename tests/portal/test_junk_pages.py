# SPDX-License-Identifier: AGPL-3.0-or-later
"""Diaz gets a clip that is no answer; Okafor, who can open none, marks it. And who of the reviewers is on call."""

from __future__ import annotations

import h3
import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.portal.appeals.forms import local
from sunporch.portal.review import actions, store
from sunporch.portal.review.models import Duty, JunkReport
from tests.browser import PHONE
from tests.portal.office import Office, published
from tests.portal.street import DAY, TOWN, Visitor
from tests.portal.test_clips import recorded_appeal, shared

OKAFOR = "okafor-2c1d"


@pytest.fixture
def junk(street):
    """The index of a clip that somebody shared for an appeal of Diaz."""
    return shared(street, recorded_appeal(street))[0]


@pytest.fixture
def office(street, junk, people):
    made = Office(street, people)
    yield made
    made.close()


def browser(name: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=name))
    return client


@pytest.mark.requirement("R12", "R35")
def test_diaz_reports_junk_and_okafor_marks_it_without_seeing_it(office, junk):
    diaz = office.sign_in("diaz-4f2a")
    diaz.page.goto("/work/clips/")
    diaz.page.get_by_role("link", name=f"Report clip {junk} as junk").click()
    diaz.page.get_by_label("It shows another place or another time").check()
    diaz.check("junk-report")
    diaz.page.get_by_role("button", name="Tell the reviewers").click()
    expect(diaz.page.get_by_text("They decide without seeing it.")).to_be_visible()
    okafor = office.sign_in(OKAFOR, PHONE)
    okafor.page.goto("/work/review/")
    okafor.page.get_by_role("link", name="Clips reported as junk").click()
    okafor.check("junk-reported")
    okafor.page.get_by_role("link", name=f"Clip {junk}").click()
    okafor.page.get_by_label("It shows another place or another time").check()
    okafor.check("junk-mark")
    okafor.page.get_by_role("button", name="Sign and mark as junk").click()
    published(okafor)
    assert office.street.state().disclosures[junk].junk
    diaz.page.reload()
    expect(diaz.page.get_by_text("A reviewer has marked it as junk.")).to_be_visible()


@pytest.mark.requirement("R35")
def test_a_reviewer_learns_neither_the_appeal_nor_the_content_of_a_reported_clip(street, junk):
    assert browser("diaz-4f2a").post(f"/work/clips/{junk}/junk/", {"reason": "flood"}).status_code == 302
    page = Visitor(street, OKAFOR).get(f"/work/review/clips/{junk}/").content.decode()
    assert "diaz-4f2a" in page
    assert "It is one of many that say nothing" in page
    assert "/appeals/" not in page.partition("<main")[2]
    assert Visitor(street, OKAFOR).get(f"/work/clips/{junk}/").status_code == 403


def test_only_whoever_a_clip_was_shared_with_reports_it_and_the_first_report_stays(street, junk):
    for stranger in ("nowak-11aa", "stone-0a0a"):
        assert Visitor(street, stranger).get(f"/work/clips/{junk}/junk/").status_code == 404
        assert browser(stranger).post(f"/work/clips/{junk}/junk/", {"reason": "flood"}).status_code == 404
    assert not JunkReport.objects.exists()
    for name, reason in (("diaz-4f2a", "flood"), ("kim-77b0", "elsewhere")):
        browser(name).post(f"/work/clips/{junk}/junk/", {"reason": reason})
    [report] = JunkReport.objects.all()
    assert (report.by, report.reason) == ("diaz-4f2a", "flood")


def flagged_draft(street) -> str:
    """The address of a draft that a reviewer has to sign, as its officer sees it."""
    place = next(p for p in TOWN.places if p["kind"] == "worship")
    cells = tuple(sorted(set(h3.grid_disk(place["cells"][0], 2)) & set(TOWN.grid)))
    note, narrative = street.appeal(cells=cells)
    draft = Visitor(street, "diaz-4f2a").submit(note, narrative).json()["id"]
    signed = street.cosign(note, "kim-77b0")
    assert Visitor(street, "kim-77b0").post(f"/api/v1/drafts/{draft}/countersign", note=signed).status_code < 300
    return f"/work/drafts/{draft}/"


@pytest.mark.requirement("R12")
def test_whoever_waits_for_a_reviewer_reads_who_is_on_call_and_until_when(street):
    okafor, diaz, now, draft = browser(OKAFOR), browser("diaz-4f2a"), street.now(), flagged_draft(street)
    assert "Nobody is on call now." in diaz.get(draft).content.decode()
    assert "Nobody is on call now." in okafor.get("/work/review/").content.decode()
    answer = okafor.post("/work/review/roster/", {"begins": local(now - 60), "ends": local(now + DAY)})
    assert answer.status_code == 302
    assert store.on_call(now) == {OKAFOR: (now + DAY) // 60 * 60}
    assert "okafor-2c1d is on call until" in okafor.get("/work/review/").content.decode()
    assert "okafor-2c1d is on call until" in diaz.get(draft).content.decode()
    assert store.on_call(now + 2 * DAY) == {}
    duty = Duty.objects.get()
    assert okafor.post(f"/work/review/roster/{duty.pk}/drop/").status_code == 302
    assert store.on_call(now) == {}


def test_nobody_is_on_call_without_end_or_in_the_past(street):
    okafor, now = browser(OKAFOR), street.now()
    for begins, ends in ((now - DAY, now - 60), (now + DAY, now + 60), (now, now + 40 * DAY)):
        page = okafor.post("/work/review/roster/", {"begins": local(begins), "ends": local(ends)}).content.decode()
        assert "portal.duty-refused" in page
    assert not Duty.objects.exists()


def test_duties_that_are_over_are_forgotten(street):
    now = street.now()
    Duty.objects.create(name=OKAFOR, begins=now, ends=now + 60)
    actions.forget(now + 59)
    assert Duty.objects.exists()
    actions.forget(now + 60)
    assert not Duty.objects.exists()


def test_okafor_puts_herself_on_the_roster_on_a_phone(office):
    okafor, now = office.sign_in(OKAFOR, PHONE), office.street.now()
    okafor.page.goto("/work/review/roster/")
    okafor.page.get_by_label("From").fill(local(now))
    okafor.page.get_by_label("To", exact=True).fill(local(now + DAY))
    okafor.page.get_by_role("button", name="Put me on the roster").click()
    expect(okafor.page.get_by_role("button", name="Take me off")).to_be_visible()
    okafor.check("roster")
