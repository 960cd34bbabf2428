# SPDX-License-Identifier: AGPL-3.0-or-later
"""Diaz asks, Kim approves on a phone, Okafor suspends, Bell ends: the story of an appeal in real browsers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from sunporch.docket import wire
from sunporch.portal.appeals.forms import local
from sunporch.portal.board import actions as board_actions
from tests.browser import PHONE
from tests.portal.office import Office, published
from tests.portal.street import NARRATIVE


@pytest.fixture
def asked(street):
    """An appeal of Diaz that Kim countersigned, on the record; its index."""
    note, narrative = street.appeal()
    text = {"salt": narrative.salt.hex(), "text": narrative.text}
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    board_actions.hand_in(entry_id, "request", street.cosign(note, "kim-77b0"), [text], street.now())
    street.drain()
    return street.rows()[entry_id].index


@pytest.fixture
def office(street, people, request):
    if "asked" in request.fixturenames:
        request.getfixturevalue("asked")  # before the portal's own sequencer runs
    made = Office(street, people)
    yield made
    made.close()


def write(page, office, *, metres=200, hours=1, look=str):
    """Write an appeal from the start page to the last page of the form."""
    page.goto("/work/")
    page.get_by_role("button", name="Write an appeal").click()
    look("form-offence")
    page.get_by_label("Offence", exact=True).fill("Burglary or breaking and entering")
    page.get_by_label("Find out who did it").check()
    page.get_by_role("button", name="Continue").click()
    look("form-what")
    page.get_by_label("What happened, and what do you look for?").fill(NARRATIVE)
    page.get_by_label("Case number").fill("24-001234")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Around", exact=True).fill("44.9431, -93.1004")
    page.get_by_label("Metres around it").fill(str(metres))
    page.get_by_role("button", name="Take the cells around it").click()
    look("form-where")
    page.get_by_role("button", name="Continue").click()
    end = office.street.now() // 60 * 60 - 3600
    page.get_by_label("From", exact=True).fill(local(end - hours * 3600))
    page.get_by_label("To", exact=True).fill(local(end))
    look("form-when")
    page.get_by_role("button", name="Continue").click()
    look("form-who")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check and sign")


@pytest.mark.requirement("R2", "R6", "R7", "R8", "R9", "R12", "S3")
def test_diaz_is_refused_with_every_clause_then_files_and_kim_countersigns_on_a_phone(office):
    diaz = office.sign_in("diaz-4f2a")
    page = diaz.page
    diaz.check("officer-start")
    write(page, office, metres=700, hours=20, look=diaz.check)
    diaz.check("check-refused-before")
    page.get_by_role("button", name="Sign and send all the same").click()
    expect(page.locator("#errors")).to_contain_text("Nothing was published.")
    alert = page.locator("#errors").inner_text()
    assert all(clause in alert for clause in ("R8.area-max", "R9.window-max")), alert
    diaz.check("check-refused")
    page.goto("/work/")
    write(page, office)
    diaz.check("check-allowed")
    page.get_by_role("button", name="Sign and send to a supervisor").click()
    expect(page.get_by_text("Signed and sent.")).to_be_visible()
    diaz.check("draft-waiting")
    kim = office.sign_in("kim-77b0", PHONE)
    kim.check("supervisor-start")
    kim.page.get_by_role("link", name=re.compile("Burglary")).click()
    kim.check("countersign")
    kim.page.get_by_role("button", name="Countersign").click()
    assert re.fullmatch(r"Published \d\d:\d\d UTC, co-signed [34] of 4", published(kim))
    kim.check("published")
    assert re.fullmatch(r"Published \d\d:\d\d UTC, co-signed [34] of 4", published(diaz))
    expect(page.get_by_text("You will never see who was asked")).to_be_visible()


@pytest.mark.requirement("R12", "R35")
def test_okafor_suspends_an_appeal_and_puts_it_in_force_again(office, asked):
    okafor = office.sign_in("okafor-2c1d")
    page = okafor.page
    okafor.check("reviewer-start")
    page.get_by_role("link", name=re.compile("Burglary")).click()
    page.get_by_label("The area is wider than the offence needs").check()
    okafor.check("suspend")
    page.get_by_role("button", name="Sign and suspend").click()
    published(okafor)
    assert office.street.state().requests[asked].suspended
    page.goto(f"/work/review/{asked}/")
    page.get_by_label("The agency explained it").check()
    page.get_by_role("button", name="Sign and reinstate").click()
    published(okafor)
    assert not office.street.state().requests[asked].suspended


@pytest.mark.requirement("R1", "R42", "S2")
def test_bell_and_a_second_key_end_the_partnership_and_diaz_can_do_nothing_more(office, asked):
    bell = office.sign_in("council-1")
    bell.check("clerk-start")
    bell.page.get_by_role("link", name=re.compile("End it.*MN0620800")).click()
    bell.page.get_by_label("Reason").fill("Resolution 15")
    bell.check("end-partnership")
    bell.page.get_by_role("button", name="Sign the end").click()
    expect(bell.page.get_by_text("Waiting for a second signature")).to_be_visible()
    bell.check("motion-waiting")
    second = office.sign_in("council-2", PHONE)
    second.page.get_by_role("link", name="A partnership is ended").click()
    second.check("motion-sign")
    second.page.get_by_role("button", name="Sign too").click()
    published(second)
    second.check("ended")
    diaz = office.sign_in("diaz-4f2a", key=False)
    expect(diaz.page.get_by_text("has no partnership in force here")).to_be_visible()
