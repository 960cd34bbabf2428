# SPDX-License-Identifier: AGPL-3.0-or-later
"""Diaz asks, Kim approves on a phone, Okafor suspends, Bell ends: the story of an appeal in real browsers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import h3
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from sunporch.docket import wire
from sunporch.portal.board import actions as board_actions
from tests.browser import PHONE
from tests.hands import choose, follow, local, reach, write_appeal
from tests.portal.office import Hand, Office, published
from tests.portal.street import NARRATIVE, TOWN, Visitor

# Screens, clicks and fields of a task (docs/design/004-people.md tells them): they may become fewer.
FILING, COUNTERSIGNING = (8, 9, 6), (3, 2, 0)


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


def write(page, office, **more) -> Hand:
    """Write an appeal from the start page to the last page of the form."""
    return write_appeal(page, office.street.now() // 60 * 60 - 3600, NARRATIVE, **more)


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
    page.locator("ol.steps").get_by_role("link", name="When").click()
    refused, begins = page.locator("[data-clauses] .refused"), page.get_by_label("From")
    too_early = begins.input_value()
    begins.fill(local(office.street.now() // 60 * 60 - 7200))
    expect(refused).to_have_count(0)
    begins.fill(too_early)
    expect(refused).to_contain_text("at most")
    page.goto("/work/")
    hand = write(page, office)
    diaz.check("check-allowed")
    hand.click("button", "Sign and send to a supervisor")
    expect(page.get_by_text("Signed and sent.")).to_be_visible()
    assert hand.counted() == FILING, hand.screens
    diaz.check("draft-waiting")
    kim = office.sign_in("kim-77b0", PHONE)
    kim.check("supervisor-start")
    hand = Hand(kim.page)
    hand.go("link", re.compile("Burglary"))
    kim.check("countersign")
    hand.click("button", "Countersign")
    assert re.fullmatch(r"Published \d\d:\d\d UTC, co-signed [34] of 4", published(kim))
    kim.check("published")
    assert hand.counted() == COUNTERSIGNING, hand.screens
    assert re.fullmatch(r"Published \d\d:\d\d UTC, co-signed [34] of 4", published(diaz))
    expect(page.get_by_text("You will never see who was asked")).to_be_visible()


@pytest.mark.requirement("R12", "R35")
def test_okafor_suspends_an_appeal_and_puts_it_in_force_again_with_the_keyboard_alone(office, asked):
    okafor = office.sign_in("okafor-2c1d")
    page = okafor.page
    okafor.check("reviewer-start")
    follow(page, "Burglary", link=True)
    choose(page, "The area is wider", "The area is wider than the offence needs")
    okafor.check("suspend")
    follow(page, "Sign and suspend")
    published(okafor)
    assert office.street.state().requests[asked].suspended
    page.goto(f"/work/review/{asked}/")
    choose(page, "The agency explained it", "The agency explained it")
    follow(page, "Sign and reinstate")
    published(okafor)
    assert not office.street.state().requests[asked].suspended


@pytest.mark.requirement("R1", "R42", "S2")
def test_bell_and_a_second_key_end_the_partnership_by_keyboard_and_diaz_can_do_nothing_more(office, asked):
    bell = office.sign_in("council-1")
    bell.check("clerk-start")
    follow(bell.page, "End it Police of MN0620800", link=True)
    reach(bell.page, "Reason")
    bell.page.keyboard.type("Resolution 15")
    bell.check("end-partnership")
    follow(bell.page, "Sign the end")
    expect(bell.page.get_by_text("Waiting for a second signature")).to_be_visible()
    bell.check("motion-waiting")
    second = office.sign_in("council-2", PHONE)
    follow(second.page, "A partnership is ended", link=True)
    second.check("motion-sign")
    follow(second.page, "Sign too")
    published(second)
    second.check("ended")
    diaz = office.sign_in("diaz-4f2a", key=False)
    expect(diaz.page.get_by_text("has no partnership in force here")).to_be_visible()


MOVES = {"x": "Space", "r": "ArrowRight", "l": "ArrowLeft", "d": "ArrowDown"}


# How browsers take a moment: in American or European order.
ORDERS = ("%m%d%Y%I%M%p", "%d%m%Y%H%M")


def type_hours(page, start: int, end: int) -> None:
    """Type both moments into the fields of the browser, in whichever order it shows their parts."""
    for order in ORDERS:
        for name, seconds in (("From", start), ("To", end)):
            at = datetime.fromtimestamp(seconds, UTC)
            reach(page, name)
            page.keyboard.type(at.strftime(order))
        values = [page.get_by_label(name, exact=True).input_value() for name in ("From", "To")]
        if values == [local(start), local(end)]:
            return
        page.reload()
    raise AssertionError(values)


@pytest.mark.requirement("R2", "R8")
def test_diaz_files_an_appeal_and_kim_countersigns_with_the_keyboard_alone(office):
    diaz = office.sign_in("diaz-4f2a")
    page, press, typed = diaz.page, diaz.page.keyboard.press, diaz.page.keyboard.type

    follow(page, "Write an appeal")
    reach(page, "Offence")
    typed("220")
    reach(page, "Clear somebody")
    press("ArrowDown")
    follow(page, "Continue")
    reach(page, "What happened, and what")
    typed(NARRATIVE)
    reach(page, "Case number")
    typed("24-001234")
    follow(page, "Continue")
    reach(page, "Cell ")
    for move in "xrxrxldxlx":
        press(MOVES[move])
    expect(page.locator("[data-total]")).to_contain_text("5 cells")
    diaz.check("where-keyboard")
    follow(page, "Continue")
    end = office.street.now() // 60 * 60 - 3600
    type_hours(page, end - 3600, end)
    follow(page, "Continue")
    follow(page, "Continue")
    expect(page.get_by_text("The rules allow this")).to_be_visible()
    follow(page, "Sign and send to a supervisor")
    expect(page.get_by_text("Signed and sent.")).to_be_visible()
    kim = office.sign_in("kim-77b0")
    follow(kim.page, "Burglary", link=True)
    follow(kim.page, "Countersign")
    published(kim)


def test_a_browser_without_her_key_says_so_and_signs_nothing(office, asked):
    okafor = office.sign_in("okafor-2c1d", PHONE, key=False)
    okafor.page.goto(f"/work/review/{asked}/")
    expect(okafor.page.get_by_text("This browser holds no keys for okafor-2c1d.")).to_be_visible()
    expect(okafor.page.get_by_role("button", name="Sign and suspend")).to_be_disabled()
    okafor.check("no-key")
    okafor.page.get_by_role("link", name="Keys of this device").click()
    expect(okafor.page.get_by_role("heading", level=1)).to_have_text("This device")


def test_diaz_finds_her_passkeys_under_this_device_and_from_there_the_way_back_and_out(street, client):
    client.force_login(User.objects.get(username="diaz-4f2a"))
    assert 'href="/passkeys/"' in client.get("/work/device/").content.decode()
    page = client.get("/passkeys/").content.decode()
    assert 'href="/work/"' in page
    assert 'action="/sign-out/"' in page
    assert 'href="/sign-in/"' not in page


def test_okafor_who_opens_no_clips_is_told_that_her_key_is_on_the_record(office):
    okafor = office.sign_in("okafor-2c1d", PHONE)
    okafor.page.goto("/work/device/")
    expect(okafor.page.get_by_text("on the public record", exact=True)).to_be_visible()
    expect(okafor.page.get_by_text("You can sign in this browser.")).to_be_visible()


@pytest.mark.requirement("R10", "R12", "R35")
def test_okafor_reads_a_flagged_draft_and_signs_third_or_returns_it_in_public(office):
    place = next(p for p in TOWN.places if p["kind"] == "worship")
    cells = tuple(sorted(set(h3.grid_disk(place["cells"][0], 2)) & set(TOWN.grid)))
    drafts = []
    for code in ("220", "120"):
        note, narrative = office.street.appeal(cells=cells, offence=code)
        draft = Visitor(office.street, "diaz-4f2a").submit(note, narrative).json()["id"]
        signed = office.street.cosign(note, "kim-77b0")
        Visitor(office.street, "kim-77b0").post(f"/api/v1/drafts/{draft}/countersign", note=signed)
        drafts.append(draft)
    okafor = office.sign_in("okafor-2c1d", PHONE)
    page = okafor.page
    page.get_by_role("link", name=re.compile("Robbery")).click()
    expect(page.get_by_text("place or time of worship")).to_be_visible()
    okafor.check("third-signature")
    page.get_by_role("link", name="Return it instead").click()
    page.get_by_label("It touches an assembly").check()
    okafor.check("return-in-public")
    page.get_by_role("button", name="Sign and return").click()
    published(okafor)
    page.goto(f"/work/drafts/{drafts[0]}/")
    page.get_by_role("button", name="Sign as reviewer").click()
    assert "co-signed" in published(okafor)
    (only,) = office.street.state().requests.values()
    assert (only.entry.offence, only.reviewer) == ("220", "okafor-2c1d")
    diaz = office.sign_in("diaz-4f2a", key=False)
    diaz.page.goto(f"/work/drafts/{drafts[1]}/")
    expect(diaz.page.get_by_text("okafor-2c1d: It touches an assembly")).to_be_visible()
    diaz.check("returned")


@pytest.mark.requirement("R11", "R41")
def test_okafor_takes_an_account_down_and_its_place_stays(office, asked):
    okafor = office.sign_in("okafor-2c1d")
    okafor.page.goto(f"/work/review/{asked}/")
    okafor.page.get_by_role("link", name="Take the account down").click()
    okafor.page.get_by_label("The account could name a person").check()
    okafor.check("take-down")
    okafor.page.get_by_role("button", name="Sign and take it down").click()
    published(okafor)
    okafor.page.goto(f"/work/review/{asked}/")
    expect(okafor.page.get_by_text("The text was taken down")).to_be_visible()


@pytest.mark.requirement("R32")
def test_diaz_prints_a_card_and_tells_the_outcome_once_it_has_closed(office, asked):
    diaz = office.sign_in("diaz-4f2a", PHONE)
    page = diaz.page
    page.get_by_role("link", name="Appeals", exact=True).click()
    diaz.check("history")
    page.get_by_role("link", name=re.compile("card for a door")).click()
    expect(page.get_by_text(f"/appeals/{asked}/")).to_be_visible()
    diaz.check("door-card")
    page.goto(f"/work/appeals/{asked}/outcome/")
    expect(page.get_by_text("It is still open.")).to_be_visible()
    office.street.advance(3 * 86_400)
    page.goto("/work/")
    page.get_by_role("link", name=re.compile("Burglary")).click()
    page.get_by_label("Somebody was cleared").check()
    diaz.check("outcome")
    page.get_by_role("button", name="Sign and publish").click()
    published(diaz)
    assert office.street.state().requests[asked].outcome.code == "cleared_someone"


def test_nothing_is_sent_before_the_page_can_sign_it(office, asked):
    okafor = office.sign_in("okafor-2c1d")
    page = okafor.page
    with page.expect_request("**/sign.js"):
        page.route("**/sign.js", lambda _route: None)  # it is still on its way
        page.goto(f"/work/review/{asked}/", wait_until="commit")
    expect(page.get_by_role("button", name="Sign and suspend")).to_be_disabled()
