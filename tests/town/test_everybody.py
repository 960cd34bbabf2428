# SPDX-License-Identifier: AGPL-3.0-or-later
"""One town with all of them: each person's part in a real browser, at their own site, on the same record.

The town is what `sunporch demo` starts: every part a process of its own. It is started once and played once, in the
order in which things happen to people, so each part is a function that the one test calls.
"""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from sunporch.town import cast, keys, scenes, streets
from sunporch.town.layout import Layout, free_base
from sunporch.town.story import Options, Story
from sunporch.town.town import Town
from sunporch.town.visit import Account
from tests.browser import DESKTOP, PHONE, Window
from tests.hands import carry_passkeys, choose, follow, hold, invite, join, published, reach, write_appeal

pytestmark = [pytest.mark.story, pytest.mark.timeout(420)]
TOLD = (
    "A blue pickup truck with a dented left door backed into a garage and left north along the alley; two people in "
    "dark jackets loaded a bicycle and several boxes before driving away quickly."
)
# A person waits so long for what other programs do (ms): the hub reads every two seconds, a worker looks for people.
SOON = 60_000
LOOK_AGAIN = 500
OPEN_IT = "Put my opening on record and open the clip"
# Omar lives at the edge of town: from two cells further in, his home lies within 280 metres, and Ana's does not.
NEAR_OMAR = "44.950484, -93.104798"
# The name of Diaz' next device.
NEW = "diaz-9d9d"


@pytest.fixture
def town(tmp_path):
    """Maple Street in its first hour: rules, officers and a partnership in force, both homes recording."""
    folder = tmp_path / "town"
    folder.mkdir(mode=0o700)
    with Town(Layout(folder, free_base())) as made:
        Story(made, Options(), lambda _line: None).play(scenes.OPENING)
        yield made


class Doors:
    """Whoever opens a browser in the town, signed in with password and code as on any day."""

    def __init__(self, town: Town, people) -> None:
        self.town, self._people = town, people

    def window(self, site: str = "portal", size=DESKTOP) -> Window:
        """Open a fresh browser at a site, without an account."""
        url = self.town.layout.url
        return self._people.window(url(site), size, also=(url("custodian"),))

    def sign_in(self, who: str, size=DESKTOP) -> Window:
        """Open a browser in which one of the cast is signed in, with the keys of their file where they have one."""
        member = cast.BY_NAME[who]
        window = self.window(member.site, size)
        enter(window.page, self.town.account(who))
        if member.role:
            self.take_over_keys(window.page, who)
        return window

    def take_over_keys(self, page: Page, who: str) -> None:
        """Take the person's key file into this browser."""
        page.goto("/work/device/")
        page.get_by_label("Key file").set_input_files(keys.key_file(self.town.layout.people, who))
        expect(page.get_by_role("heading", name=self.town.keys_of(who).pseudonym)).to_be_visible()


def enter(page: Page, account: Account) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(account.username)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(account.fresh_code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def reload_until(page: Page, there: Locator) -> None:
    """Look at the page again and again, as people do who wait for what somebody else's program does."""
    end = time.monotonic() + SOON / 1000
    while not there.count():
        assert time.monotonic() < end, (page.url, there)
        page.wait_for_timeout(LOOK_AGAIN)
        page.reload()


@pytest.mark.requirement("R1", "R2", "R6", "R8", "R12", "R14", "R17", "R26", "R34", "R42", "S2", "S3", "S4", "S5")
def test_everybody_of_maple_street_does_their_part_in_a_browser_and_ruth_finds_the_record_whole(town, people):
    doors = Doors(town, people)
    diaz, kim = doors.sign_in("diaz"), doors.sign_in("kim", PHONE)
    she_signs_in_with_a_passkey_from_now_on(diaz, "/work/device/", town.account("diaz"))
    diaz_is_refused_an_appeal_that_asks_for_too_much(town, diaz.page)
    appeal = diaz_asks_anas_street_and_kim_countersigns_on_her_phone(town, diaz.page, kim)
    omars = diaz_asks_omars_street_and_kim_countersigns_with_the_keyboard_alone(town, diaz.page, kim)
    omar_reads_closes_the_page_and_nobody_is_told(town, doors, omars)
    ana = doors.sign_in("ana", PHONE)
    she_signs_in_with_a_passkey_from_now_on(ana, "/settings/", town.account("ana"))
    ana_shares_takes_it_back_and_shares_again(ana.page, appeal)
    clip = diaz_is_told_that_the_custodian_is_down_and_opens_once_it_is_back(town, diaz.page)
    new = diaz_loses_her_laptop_and_ito_and_kim_help_her_to_the_next(doors, diaz, kim)
    diaz_opens_plays_and_steps_with_the_keyboard_alone(town, new.page, clip)
    ana_stops_sharing(ana.page)
    diaz_can_open_it_no_more(new, clip)
    okafor_suspends_with_the_keyboard_alone(town, doors, appeal)
    sam_complains_with_the_keyboard_alone(town, doors, appeal)
    bell_and_lind_end_the_partnership_with_the_keyboard_alone(doors)
    diaz_can_ask_no_more(new.page)
    ruth_checks_the_record_in_the_page(doors)


def she_signs_in_with_a_passkey_from_now_on(window: Window, where: str, account: Account) -> None:
    page = window.page
    carry_passkeys(window)
    page.goto(where)
    page.get_by_role("link", name="Your passkeys").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What shall it be called?").fill("my device")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="my device")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def last_minute(town: Town) -> int:
    """Return the end of the last whole minute: an appeal asks for whole minutes of the past."""
    return town.clock.now() // 60 * 60


def diaz_is_refused_an_appeal_that_asks_for_too_much(town: Town, page: Page) -> None:
    # The town's clock goes on until a whole minute with pictures lies behind it.
    town.clock.advance(120)
    write_appeal(page, last_minute(town), TOLD, metres=700, hours=20)
    page.get_by_role("button", name="Sign and send all the same").click()
    expect(page.locator("#errors")).to_contain_text("R8.area-max")


def diaz_asks(town: Town, page: Page, around: str, metres: int) -> None:
    write_appeal(page, last_minute(town), TOLD, around=around, metres=metres)
    page.get_by_role("button", name="Sign and send to a supervisor").click()
    expect(page.get_by_text("Signed and sent.")).to_be_visible()


def on_record(town: Town, kim: Window, *before: int) -> int:
    """Wait until Kim's page says that it is published, and return the number of the appeal."""
    assert re.fullmatch(r"Published \d\d:\d\d UTC, co-signed [34] of 4", published(kim))
    (appeal,) = set(town.record.read().fold.requests) - {*before}
    return appeal


def diaz_asks_anas_street_and_kim_countersigns_on_her_phone(town: Town, diaz: Page, kim: Window) -> int:
    diaz_asks(town, diaz, streets.ANA, metres=200)
    return kim_countersigns(town, kim)


def kim_countersigns(town: Town, kim: Window) -> int:
    kim.page.goto("/work/")
    kim.page.get_by_role("link", name=re.compile("Burglary")).click()
    kim.page.get_by_role("button", name="Countersign").click()
    return on_record(town, kim)


def diaz_asks_omars_street_and_kim_countersigns_with_the_keyboard_alone(town: Town, diaz: Page, kim: Window) -> int:
    before = town.record.read().fold.requests
    diaz_asks(town, diaz, NEAR_OMAR, metres=280)
    kim.page.goto("/work/")
    follow(kim.page, "Burglary", link=True)
    follow(kim.page, "Countersign")
    return on_record(town, kim, *before)


def omar_reads_closes_the_page_and_nobody_is_told(town: Town, doors: Doors, appeal: int) -> None:
    page = doors.sign_in("omar").page
    page.get_by_role("link", name="Inbox").click()
    reload_until(page, page.locator("article.card a"))
    size = town.head()["size"]
    page.locator("article.card a").click()
    expect(page).to_have_url(re.compile(rf"/inbox/{appeal}/"))
    expect(page.get_by_text("You may ignore this, and nobody is told")).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    assert town.head()["size"] == size


def ana_shares_takes_it_back_and_shares_again(page: Page, appeal: int) -> None:
    page.get_by_role("link", name="Inbox").click()
    reload_until(page, page.locator("article.card a"))
    ana_covers_and_shares(page, appeal)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You took it back")
    ana_covers_and_shares(page, appeal)
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shared until", timeout=SOON)


def ana_covers_and_shares(page: Page, appeal: int) -> None:
    page.goto(f"/inbox/{appeal}/")
    page.get_by_role("link", name="Choose seconds").first.click()
    page.get_by_label("From second").first.fill("2")
    page.get_by_label("To second").first.fill("6")
    page.get_by_role("button", name="These seconds").click()
    page.get_by_role("button", name="Show me the result").click(timeout=SOON)
    expect(page.get_by_role("heading", level=1)).to_have_text("This is what they will see")
    hold(page, "Hold to share")
    expect(page.get_by_role("heading", level=1)).to_have_text("It waits here")


def diaz_is_told_that_the_custodian_is_down_and_opens_once_it_is_back(town: Town, page: Page) -> int:
    # One clip on the record: what Ana took back never left, and of Omar there is nothing.
    (clip,) = town.record.read().fold.disclosures
    town.supervisor.stop_part("custodian")
    page.goto(f"/work/clips/{clip}/")
    page.get_by_role("button", name=OPEN_IT).click()
    expect(page.locator("#refused")).to_contain_text("but the key custodian gives no key now", timeout=SOON)
    town.supervisor.resume_part("custodian")
    page.get_by_role("button", name=OPEN_IT).click()
    expect(page.get_by_role("heading", name="What was shared")).to_be_visible(timeout=SOON)
    (opened,) = town.record.read().fold.disclosures[clip].accesses
    expect(page.locator("[data-told='access']")).to_have_text(str(opened))
    return clip


def diaz_loses_her_laptop_and_ito_and_kim_help_her_to_the_next(doors: Doors, diaz: Window, kim: Window) -> Window:
    ito, new = doors.sign_in(keys.REGISTRAR), doors.window()
    diaz.page.goto("/work/device/")
    diaz.page.get_by_role("button", name="My device is lost").click()
    expect(diaz.page.get_by_text("signed out everywhere but here")).to_be_visible()
    ito.page.goto("/work/")
    ito.page.get_by_role("link", name=re.compile("End the lost key")).click()
    ito.page.get_by_label("The device is lost or was stolen").check()
    ito.page.get_by_role("button", name="Sign the end of the key").click()
    published(ito)
    diaz.page.goto("/work/clips/")
    expect(diaz.page.get_by_text("No key named diaz-")).to_be_visible()
    join(new, invite(ito.page, "Ana Diaz", NEW))
    new.page.get_by_role("button", name="Make my keys in this browser").click()
    number = new.page.locator("[data-number]")
    expect(number).to_have_text(re.compile(r"(\d{4} ){5}\d{4}"))
    ito.page.goto("/work/")
    ito.page.get_by_role("link", name="Enrol Ana Diaz").click()
    expect(ito.page.locator("[data-number]")).to_have_text(number.inner_text())
    ito.page.get_by_label("I heard the same number").check()
    ito.page.get_by_role("button", name="Sign and put on record").click()
    published(ito)
    expect(new.page.get_by_role("heading", level=1)).to_have_text("My work", timeout=SOON)
    kim.page.goto("/work/clips/")
    kim.page.get_by_role("link", name="Seal clips for a colleague").click()
    kim.page.get_by_role("link", name="Ana Diaz").click()
    kim.page.get_by_role("button", name="Seal the marked clips").click()
    expect(kim.page.get_by_text("They find the clips under")).to_be_visible(timeout=SOON)
    return new


def diaz_opens_plays_and_steps_with_the_keyboard_alone(town: Town, page: Page, clip: int) -> None:
    page.goto("/work/clips/")
    follow(page, f"Clip {clip}", link=True)
    reach(page, OPEN_IT)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What was shared")).to_be_focused(timeout=SOON)
    where = page.locator("#where")
    expect(where).to_contain_text("frame 0")
    reach(page, "Play")
    page.keyboard.press("Space")
    # It plays to its end: nobody has to be quick.
    expect(where).not_to_contain_text(re.compile(r"frame [0-9]\b"))
    expect(page.locator("#play")).to_have_text("Play")
    reach(page, "Position")
    page.keyboard.press("Home")
    expect(where).to_contain_text("frame 0")
    for name, frame in (("One frame on", 1), ("One frame on", 2), ("One frame back", 1)):
        reach(page, name)
        page.keyboard.press("Space")
        expect(where).to_contain_text(re.compile(rf"frame {frame}\b"))
    assert len(town.record.read().fold.disclosures[clip].accesses) == 2


def ana_stops_sharing(page: Page) -> None:
    page.reload()
    page.get_by_role("link", name="Stop sharing").click()
    expect(page.get_by_text("Somebody opened it already")).to_be_visible()
    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You stopped sharing")
    reload_until(page, page.get_by_text("The record says so since"))


def diaz_can_open_it_no_more(diaz: Window, clip: int) -> None:
    diaz.expected.add(410)
    diaz.page.goto(f"/work/clips/{clip}/")
    expect(diaz.page.locator("#state")).to_contain_text("ended", timeout=SOON)


def okafor_suspends_with_the_keyboard_alone(town: Town, doors: Doors, appeal: int) -> None:
    okafor = doors.sign_in("okafor")
    page = okafor.page
    page.goto(f"/work/review/{appeal}/")
    choose(page, "The area is wider", "The area is wider than the offence needs")
    follow(page, "Sign and suspend")
    published(okafor)
    assert town.record.read().fold.requests[appeal].suspended


def sam_complains_with_the_keyboard_alone(town: Town, doors: Doors, appeal: int) -> None:
    page = doors.window().page
    size = town.head()["size"]
    page.goto("/complaint/")
    choose(page, "I was filmed, or", "I was filmed, or my home was")
    reach(page, "Number of the appeal")
    page.keyboard.type(str(appeal))
    reach(page, "What happened?")
    page.keyboard.type("They asked about my street, and my children are on it.")
    follow(page, "Send the complaint")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your complaint has arrived")
    reached = town.record.until(lambda tail: tail.size > size or None, SOON / 1000, "Sam's complaint on record")
    assert reached


def bell_and_lind_end_the_partnership_with_the_keyboard_alone(doors: Doors) -> None:
    bell = doors.sign_in("bell").page
    bell.goto("/work/partnerships/")
    follow(bell, "End it", link=True)
    reach(bell, "Reason")
    bell.keyboard.type("Resolution 2026-31")
    follow(bell, "Sign the end")
    expect(bell.get_by_text("Waiting for a second signature")).to_be_visible()
    lind = doors.sign_in("council-2")
    lind.page.goto("/work/")
    follow(lind.page, "A partnership is ended", link=True)
    follow(lind.page, "Sign too")
    published(lind)


def diaz_can_ask_no_more(page: Page) -> None:
    page.goto("/work/")
    expect(page.get_by_text("has no partnership in force here")).to_be_visible()


def ruth_checks_the_record_in_the_page(doors: Doors) -> None:
    ruth = doors.window()
    ruth.page.goto("/record/")
    ruth.page.get_by_role("button", name="Check this in my browser").click()
    expect(ruth.page.locator("#found")).to_contain_text("everything that this page can check", timeout=SOON)
    ruth.check("town-record-checked")
