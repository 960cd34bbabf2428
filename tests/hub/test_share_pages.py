# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana shares some seconds in a browser, takes them back, stops; Omar ignores the appeal and nobody is told."""

from __future__ import annotations

import base64
import io
import re
import zlib

import av
import httpx
import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.clip import keys
from sunporch.docket.entries import Access, Withdrawal
from sunporch.hub.coverings.models import Covering
from sunporch.hub.release.models import Release
from sunporch.hub.shares import paper
from sunporch.hub.shares.models import Share
from sunporch.hub.shares.thread import info
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import Steps, enter, hold
from tests.hub.footage import people_video
from tests.hub.home import Resident, share
from tests.hub.maple import device

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture
def ana(home):
    return Resident("ana")


@pytest.fixture
def asked(home, street):
    """Ana's porch saw two people an hour ago; Diaz asks for twenty minutes around them."""
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start, video=people_video)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    return appeal, porch, start


def choose(page, home, start="1", end="5"):
    """From the inbox to the page where one holds to share."""
    page.get_by_role("link", name="Inbox").click()
    page.locator("article.card a").first.click()
    page.get_by_role("link", name="Choose seconds").click()
    page.get_by_label("From second").first.fill(start)
    page.get_by_label("To second").first.fill(end)
    page.get_by_role("button", name="These seconds").click()
    expect(page.get_by_text("The hub looks for people")).to_be_visible()
    home.finding.step()
    page.get_by_role("button", name="Show me the result").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This is what they will see")


@pytest.mark.requirement("R17", "R18", "S5")
@SIZES
def test_ana_shares_four_seconds_in_six_pages(people, live_server, home, street, ana, asked, size):
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    steps = Steps(page)
    page.get_by_role("link", name="Inbox").click()
    window.check("hub-inbox")
    page.locator("article.card a").first.click()
    expect(page.get_by_text("You may ignore this, and nobody is told")).to_be_visible()
    window.check("hub-appeal")
    page.get_by_role("link", name="Choose seconds").click()
    page.get_by_label("From second").fill("1")
    page.get_by_label("To second").fill("5")
    expect(page.locator("[data-said]")).to_contain_text("4 seconds")
    page.wait_for_load_state("networkidle")
    window.check("hub-trim")
    page.get_by_role("button", name="These seconds").click()
    expect(page.get_by_text("The hub looks for people")).to_be_visible()
    window.check("hub-finding")
    home.finding.step()
    expect(page.get_by_text("2 people or faces")).to_be_visible()
    page.wait_for_load_state("networkidle")
    window.check("hub-cover")
    page.get_by_role("button", name="Show me the result").click()
    page.locator("video").evaluate("video => video.play()")
    page.wait_for_function("() => document.querySelector('video').ended")
    assert page.locator("video").evaluate("video => video.currentTime") == pytest.approx(4, abs=0.2)
    window.check("hub-review")
    hold(page, "Hold to share")
    expect(page.get_by_role("heading", level=1)).to_have_text("It waits here")
    window.check("hub-waiting")
    assert [re.sub(r"[0-9a-f]{16,}|\d+", "*", path) for path in steps.seen] == [
        "/inbox/",
        "/inbox/*/",
        "/inbox/*/*/",
        "/coverings/*/",
        "/coverings/*/review/",
        "/releases/*/",
    ]
    assert not street.portal.uploads
    page.get_by_role("button", name="Send it now").click()
    home.turn(2, seconds=6)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shared until")
    expect(page.get_by_text("Nobody so far.")).to_be_visible()
    window.check("hub-share")
    index, media = street.opened(Share.objects.get().release.c)
    assert (index.sound, index.visible, index.redacted) == (0, 0, 1)
    with av.open(io.BytesIO(media)) as container:
        assert len(list(container.decode(video=0))) == 40


@pytest.mark.requirement("R26", "S5")
@SIZES
def test_ana_stops_sharing_and_sees_when_the_record_says_so(people, live_server, home, street, ana, asked, size):
    appeal, porch, start = asked
    share(home, ana.sign_in(), appeal, porch, start + 1, start + 3)
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    page.get_by_role("link", name="Shares").click()
    window.check("hub-shares")
    page.locator("article.card a").first.click()
    page.get_by_role("link", name="Stop sharing").click()
    window.check("hub-stop")
    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You stopped sharing")
    home.turn(2, seconds=6)
    assert street.custodian.withdrawn
    assert any(isinstance(record.entry, Withdrawal) for record in home.town.records_since(0))
    page.reload()
    expect(page.get_by_text("The record says so since")).to_be_visible()
    window.check("hub-stopped")


def test_ana_takes_a_clip_back_while_it_waits_and_nothing_has_left(people, live_server, home, street, ana, asked):
    page = people.window(live_server.url, PHONE).page
    enter(page, ana)
    choose(page, home)
    hold(page, "Hold to share")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You took it back")
    home.clock.advance(3600)
    home.turn(2, seconds=6)
    assert not street.portal.uploads and not street.custodian.halves and not Share.objects.exists()
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing has left this house")


def test_ana_sees_how_much_of_her_clip_has_left_and_how_long_it_will_take(
    people, live_server, home, street, ana, asked
):
    appeal, porch, start = asked
    _, made = ana.sign_in().wish(appeal, porch, start + 1, start + 3)
    on_its_way = Release.objects.filter(id=made["id"])
    on_its_way.update(state="uploading")
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/releases/{made['id']}/")
    told = page.locator("[data-upload]")
    expect(told).to_be_hidden()
    on_its_way.update(sent_bytes=3 << 20, sealed_bytes=40 << 20)
    expect(told).to_contain_text("3.0 of 40.0 MB have left.")
    on_its_way.update(sent_bytes=4 << 20)
    expect(told).to_contain_text(re.compile(r"4\.0 of 40\.0 MB have left\. About \d+ (seconds|minutes?) to go\."))
    expect(page.get_by_text(re.compile(r"porch, .* at \d\d:00:01 \w+ . \d\d:00:03$"))).to_be_visible()
    window.check("hub-uploading")
    on_its_way.update(state="refused")
    expect(page.get_by_role("heading", level=1)).to_have_text("It was not shared")


def test_a_button_that_is_not_held_shares_nothing(people, live_server, home, ana, asked):
    page = people.window(live_server.url).page
    enter(page, ana)
    choose(page, home)
    page.get_by_role("button", name="Hold to share").click()
    page.wait_for_timeout(1_600)
    expect(page.get_by_role("heading", level=1)).to_have_text("This is what they will see")
    assert not Release.objects.exists()
    page.get_by_role("button", name="Hold to share").evaluate("button => button.click()")
    expect(page.get_by_label("Yes, share these seconds")).to_be_focused()
    assert not Release.objects.exists()


@pytest.mark.requirement("R26", "R20")
def test_anybody_who_has_anas_sheet_of_paper_can_end_the_share(home, street, ana, asked):
    appeal, porch, start = asked
    share(home, ana.sign_in(), appeal, porch, start + 1, start + 3)
    shared = Share.objects.get()
    answer = ana.client.get(f"/shares/{shared.disclosure}/receipt.pdf", headers=ana.headers)
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    code = paper.stop_code(shared)
    sheet = answer.content
    streams = re.findall(rb"stream\n(.*?)\nendstream", sheet, re.DOTALL)
    assert any(code.encode() in (part, _inflated(part)) for part in streams)
    portal = street.portal.door.url
    posted = httpx.post(f"{portal}/api/v1/entries", content=code, headers={"Content-Type": "application/json"})
    assert posted.status_code == 202
    home.turn()
    shared.refresh_from_db()
    assert shared.withdrawn_at is not None and shared.withdraw_asked_at is None


def _inflated(part: bytes) -> bytes:
    try:
        return zlib.decompress(part)
    except zlib.error:
        return b""


@pytest.mark.requirement("R24")
def test_ana_sees_who_opened_her_clip_and_answers_what_they_ask(people, live_server, home, street, ana, asked):
    appeal, porch, start = asked
    release = share(home, ana.sign_in(), appeal, porch, start + 1, start + 3)
    street.maple.good(
        Access, "diaz", disclosure=release.disclosure, e=keys.public(device("one look")), purpose="view"
    )
    text = "May we have the minute before?"
    home.turn()
    sealed = keys.encrypt(text.encode(), keys.public(release.d_x25519_secret), info(release.c, "disclosure"))
    letter = {"to": "disclosure", "sealed": base64.b64encode(sealed).decode(), "by": "diaz", "at": home.clock.now()}
    street.portal.mail[release.c] = [letter]
    home.turn()
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/shares/{release.disclosure}/")
    expect(page.locator("ol.history")).to_contain_text("diaz")
    expect(page.locator("ol.thread")).to_contain_text(text)
    page.get_by_label("Write to them").fill("No.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("waits to be sent")).to_be_visible()
    home.turn()
    page.reload()
    expect(page.get_by_text("waits to be sent")).to_have_count(0)
    window.check("hub-share-opened")
    page.get_by_role("link", name="Stop sharing").click()
    expect(page.get_by_text("Somebody opened it already")).to_be_visible()


def test_a_form_that_does_not_say_yes_shares_nothing(home, ana, asked):
    appeal, porch, start = asked
    body = {"appeal": appeal, "camera": porch.id, "from": start + 1, "to": start + 3}
    draft = ana.sign_in().ask("POST", "/coverings", body)[1]["id"]
    home.finding.step()
    browser = Client()
    browser.force_login(User.objects.get(username="ana"))
    place = f"/coverings/{draft}/review/"
    assert "nothing is shared by a slip" in browser.post(place).content.decode() and not Release.objects.exists()
    assert browser.post(place, {"sure": "1"})["Location"] == f"/releases/{Release.objects.get().id}/"


@pytest.mark.requirement("R14", "S4")
def test_omar_reads_the_appeal_and_closes_it_and_nobody_is_told(people, live_server, home, street, asked):
    omar = Resident("omar")
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, omar)
    before = list(street.portal.asked)
    page.get_by_role("link", name="Inbox").click()
    page.locator("article.card a").first.click()
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    assert street.portal.asked == before
    home.turn()
    assert not street.portal.posts and not Release.objects.exists() and not Covering.objects.exists()
