# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana looks after her home in a browser: cameras, a day, a pause, her own recording, settings, the PIN."""

from __future__ import annotations

import dataclasses
import io
import re

import av
import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import expect

from sunporch.base.errors import Error, all_kinds
from sunporch.hub import guessing
from sunporch.hub.cameras.models import Camera
from sunporch.hub.cameras.recording import Recording
from sunporch.hub.preferences import actions, pin
from sunporch.hub.preferences.models import Preference
from sunporch.recorder import Recorder
from sunporch.web.pings.models import Kind, Way
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import enter
from tests.hub.footage import people_video
from tests.hub.home import Resident
from tests.vault.conftest import sealed_files

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture
def ana(home):
    return Resident("ana")


@pytest.fixture
def porch(home):
    """Six seconds an hour ago."""
    return home.camera(start_s=home.clock.now() - 3600, video=people_video)


@SIZES
def test_ana_looks_at_her_cameras_and_at_a_minute_of_one(people, live_server, home, ana, porch, size):
    home.camera("hall", indoor=True)
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    page.wait_for_load_state("networkidle")
    window.check("hub-home")
    page.get_by_role("link", name="Cameras").click()
    page.wait_for_load_state("networkidle")
    window.check("hub-cameras")
    page.get_by_role("link", name="porch").click()
    expect(page.get_by_text("Recorded: 6 seconds.")).to_be_visible()
    day_first = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4} at \d\d:\d\d")
    expect(page.locator("main time[datetime*='T']").first).to_have_text(day_first)
    page.locator(".moments a").first.click()
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    window.check("hub-camera")
    page.get_by_role("link", name="A minute later").click()
    expect(page.get_by_text("Nothing was recorded in this minute.")).to_be_visible()
    window.check("hub-camera-nothing")


def test_ana_drags_along_the_day_and_sees_what_the_camera_saw_or_why_there_is_nothing(
    people, live_server, home, ana, porch
):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/")
    slide, seen = page.get_by_label("Look at a moment of these 24 hours"), page.locator(".scrub figure")
    expect(seen).to_be_hidden()
    slide.fill("82800")  # an hour ago, to ten seconds
    page.wait_for_function("() => document.querySelector('.scrub img').naturalWidth > 0")
    expect(seen).to_contain_text(":00:00")
    window.check("hub-camera-scrub")
    slide.press("ArrowRight")  # beside the six seconds, on the bar that is drawn for them
    expect(seen).to_contain_text(":00:00")
    expect(seen.locator("img")).to_be_visible()
    slide.press("Home")
    expect(seen).to_contain_text("nothing was recorded")
    expect(seen.get_by_role("link")).to_be_hidden()
    assert "nothing was recorded" in slide.get_attribute("aria-valuetext")
    slide.fill("82800")
    seen.get_by_role("link", name="Watch from here").click()
    expect(page.locator("#watched time")).to_have_attribute("datetime", re.compile(r":00:00"))


def test_a_still_is_a_picture_that_no_cache_keeps(home, ana, porch):
    ana.sign_in()
    start = home.clock.now() - 3600
    for path in (f"/cameras/{porch.id}/still?at={start + 2.5}", f"/cameras/{porch.id}/still"):
        answer = ana.client.get(f"/api/v1{path}", headers=ana.headers)
        assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/jpeg", "private, no-store")
        with av.open(io.BytesIO(answer.content)) as picture:
            frame = next(picture.decode(video=0))
        assert (frame.width, frame.height) == (320, 180)
    assert float(answer["X-Taken-At"]) == start + 5


def test_a_moment_within_the_last_second_shows_what_was_still_seen_and_a_later_one_shows_nothing(home, ana, porch):
    ana.sign_in()
    end = home.clock.now() - 3600 + 6
    for behind, said in ((-0.01, "image/jpeg"), (0.9, "image/jpeg"), (1.1, "application/json")):
        answer = ana.client.get(f"/api/v1/cameras/{porch.id}/still?at={end + behind}", headers=ana.headers)
        assert answer["Content-Type"] == said, (behind, answer.content[:200])
    assert answer.json()["error"]["id"] == "hub.picture-absent"


def test_ana_erases_a_minute_but_not_what_an_appeal_asked_for_unless_she_says_so(
    people, live_server, home, street, ana, porch
):
    start = home.clock.now() - 3600
    street.maple.ask(start - 600, start + 600)
    home.turn()
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/erase/?at={start}")
    window.check("hub-erase")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("alert")).to_contain_text("It is kept because an appeal asked for it")
    assert home.vault.timeline(porch.id, start, start + 6).spans
    page.get_by_label("Also what an appeal asked for").check()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erased")
    assert not home.vault.timeline(porch.id, start, start + 6).spans


def test_any_adult_pauses_a_camera_and_it_goes_on_when_one_says_so(people, live_server, home, ana, porch):
    recording = Recording(Recorder(home.vault, home.clock))
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/")
    try:
        recording.step()
        page.get_by_role("button", name="Pause recording").click()
        expect(page.get_by_text("paused by a resident")).to_be_visible()
        recording.step()
        recording.step()
        assert Camera.objects.get(id=porch.id).state == "stopped"
        page.get_by_role("button", name="Go on recording").click()
        recording.step()
        recording.step()
        assert Camera.objects.get(id=porch.id).state != "stopped"
    finally:
        recording.stop()


def test_ana_moves_a_camera_and_a_place_that_is_none_is_refused_at_its_field(people, live_server, home, ana, porch):
    window = people.window(live_server.url, DESKTOP)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/place/")
    window.check("hub-place")
    page.get_by_label("Place", exact=True).fill("91,0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("is not a place")
    expect(page.locator(".field.wrong")).to_contain_text("is not a place")
    window.check("hub-place-wrong")
    page.get_by_label("Place", exact=True).fill("39.7589123,-84.1916069")
    page.get_by_label("Looks to").fill("90")
    page.get_by_label("It hangs indoors").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("indoors, never shared")).to_be_visible()
    porch.refresh_from_db()
    assert (porch.lat_e7, porch.lon_e7, porch.bearing, porch.indoor) == (397589123, -841916069, 90, True)


@SIZES
def test_the_settings_say_what_is_kept_and_for_how_long_and_speak_the_language_that_was_chosen(
    people, live_server, home, ana, size
):
    Resident("omar")
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text("Omar")).to_be_visible()
    expect(page.get_by_text("3 days")).to_be_visible()
    expect(page.get_by_text("A proxy (Tor, for example) keeps it from both.")).to_be_visible()
    expect(page.get_by_text(home.hub.log_url)).to_be_visible()
    window.check("hub-settings")
    page.get_by_label("Language").select_option("es")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    window.check("hub-settings-es")
    home.hub = dataclasses.replace(home.hub, socks_proxy="socks5h://127.0.0.1:9050")
    page.reload()
    expect(page.get_by_text("socks5h://127.0.0.1:9050")).to_be_visible()
    expect(page.get_by_text("Todo lo que sale de casa pasa por él")).to_be_visible()


def test_ana_adds_omar_who_signs_in_with_what_was_shown_once(people, live_server, home, ana):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto("/settings/")
    page.get_by_role("link", name="Add an adult").click()
    page.get_by_label("Password").fill(ana.password)
    page.get_by_role("button", name="Continue").click()
    window.check("hub-adult")
    page.get_by_label("What the others call them").fill("Omar")
    for taken in ("ana", "omar"):
        page.get_by_label("Name for signing in").fill(taken)
        page.get_by_role("button", name="Add them").click()
        if taken == "ana":
            expect(page.get_by_role("alert")).to_contain_text("There is already a resident with this name.")
            window.check("hub-adult-wrong")
    expect(page.get_by_role("heading", level=1)).to_have_text("Omar can sign in now")
    window.check("hub-adult-added")
    username, password, secret = page.locator("dd code").all_inner_texts()
    omar = Resident.__new__(Resident)
    omar.username, omar.password, omar.secret = username, password, secret
    there = people.window(live_server.url, PHONE).page
    enter(there, omar)
    page.get_by_role("link", name="They have it").click()
    page.get_by_role("link", name="Omar").click()
    window.check("hub-adult-access")
    page.get_by_role("button", name="Make them now").click()
    renewed = page.locator("dd code").all_inner_texts()
    assert renewed[0] == username and not {password, secret} & set(renewed)
    there.reload()
    expect(there.get_by_role("heading", level=1)).to_have_text("This is a home hub")
    omar.password, omar.secret = renewed[1:]
    enter(there, omar)
    page.get_by_role("link", name="They have it").click()
    page.get_by_role("link", name="Omar").click()
    page.get_by_role("button", name="End their access").click()
    expect(page.get_by_role("listitem").filter(has_text="Omar")).to_contain_text("cannot sign in")
    there.reload()
    expect(there.get_by_role("heading", level=1)).to_have_text("This is a home hub")
    page.get_by_role("link", name="Omar").click()
    window.check("hub-adult-ended")


def test_whoever_moved_out_hears_nothing_more_and_signs_in_by_nothing(home, ana):
    omar = Resident("omar")
    omar.sign_in()
    way = Way.objects.create(user=omar.user, kind=Kind.MAIL, target="omar@example.org", name="Email")
    actions.end_access(omar.user)
    assert not Session.objects.exists()
    assert omar.ask("GET", "/cameras")[0] == 401
    assert not Way.objects.filter(pk=way.pk).exists() and not Authenticator.objects.filter(user=omar.user).exists()
    assert not User.objects.get(username="omar").has_usable_password()
    with pytest.raises(Error, match=r"hub\.adult-last"):
        actions.end_access(ana.user)
    with pytest.raises(Error, match=r"hub\.adult-absent"):
        actions.find_resident(username="lee")
    assert ana.sign_in().ask("GET", "/cameras")[0] == 200


def test_ana_chooses_another_password_and_is_signed_out_everywhere_else(people, live_server, home, ana):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    elsewhere = Client(headers={"host": "localhost"})
    elsewhere.force_login(ana.user)
    assert elsewhere.get("/settings/").status_code == 200
    key = elsewhere.session.session_key
    page.goto("/settings/")
    page.get_by_role("link", name="Your password").click()
    window.check("password")
    for new in ("too short", "three sleepy brown bears"):
        page.get_by_label("Your password now").fill(ana.password)
        page.get_by_label("New password").fill(new)
        page.get_by_label("The same again").fill(new)
        page.get_by_role("button", name="Change it").click()
        if new == "too short":
            expect(page.get_by_role("alert")).to_contain_text("at least 12 characters")
    expect(page.get_by_role("status")).to_contain_text("Everywhere else you are signed out.")
    assert not Session.objects.filter(session_key=key).exists()
    assert elsewhere.get("/settings/").status_code == 302
    page.goto("/settings/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    assert User.objects.get(username="ana").check_password("three sleepy brown bears")


def test_whoever_finds_a_browser_left_open_adds_nobody_and_locks_nobody_out(home, ana):
    omar = Resident("omar")
    browser = Client()
    browser.force_login(User.objects.get(username="ana"))
    for address, form in (
        ("/settings/adult/", {"name": "Eve", "username": "eve"}),
        (f"/settings/adults/{omar.user.pk}/", {"end": "1"}),
        (f"/settings/adults/{omar.user.pk}/", {"renew": "1"}),
    ):
        answer = browser.post(address, form)
        assert answer.status_code == 302 and answer["Location"].startswith("/sign-in/again/")
    assert User.objects.filter(is_active=True).count() == 2
    assert omar.sign_in().ask("GET", "/cameras")[0] == 200


@pytest.mark.requirement("R16")
def test_the_inbox_opens_only_after_the_pin_and_five_wrong_ones_have_to_wait(people, live_server, home, ana):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto("/settings/pin/")
    window.check("hub-pin")
    page.get_by_label("New PIN").fill("2580")
    page.get_by_label("The same again").fill("2581")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("not the same")
    page.get_by_label("New PIN").fill("2580")
    page.get_by_label("The same again").fill("2580")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You have one.")).to_be_visible()
    assert "2580" not in Preference.objects.get().pin
    page.get_by_role("button", name="Sign out").click()
    enter(page, ana)
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your PIN, please")
    window.check("hub-unlock")
    for _ in range(guessing.MOST_TRIES - 1):
        page.get_by_label("PIN").fill("1111")
        page.get_by_role("button", name="Open the inbox").click()
        expect(page.get_by_role("alert")).to_contain_text("That is not your PIN.")
    window.check("hub-unlock-wrong")
    page.get_by_label("PIN").fill("2580")
    page.get_by_role("button", name="Open the inbox").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")


@pytest.fixture
def locked(home, ana):
    """A signed-in browser of Ana, who set a PIN in another one; without JavaScript."""
    client = Client()
    user = User.objects.get(username="ana")
    client.force_login(user)
    client.post("/settings/pin/", {"pin": "2580", "again": "2580"})
    client = Client()
    client.force_login(user)
    return client


def wrong(client):
    return client.post("/inbox/pin/", {"pin": "0000"}).content.decode()


def test_after_too_many_wrong_pins_the_right_one_has_to_wait_too(locked, monkeypatch):
    for _ in range(guessing.MOST_TRIES):
        assert "That is not your PIN." in wrong(locked)
    answer = locked.post("/inbox/pin/", {"pin": "2580"}).content.decode()
    spent = locked.get("/api/v1/inbox", headers={"X-Inbox-Pin": "2580"})
    assert (spent.status_code, spent.json()["error"]["id"]) == (429, "hub.pin-spent")
    assert "The PIN was wrong too often." in answer and "Wait 15 minutes" in answer
    monkeypatch.setattr(guessing, "WALL", Later(guessing.WAIT_SECONDS + 1))
    assert locked.post("/inbox/pin/", {"pin": "2580"}).status_code == 302


class Later:
    """The wall clock, some seconds on."""

    def __init__(self, seconds):
        self.seconds, self.clock = seconds, pin.WALL

    def now(self):
        return self.clock.now() + self.seconds


def test_the_pin_is_asked_again_after_an_hour_and_before_every_page_of_the_inbox(locked, monkeypatch):
    pages = ("/inbox/", "/inbox/7/", "/inbox/7/x/", "/coverings/x/", "/coverings/x/review/", "/settings/pin/")
    for place in pages:
        assert locked.get(place)["Location"].startswith("/inbox/pin/?next=")
    assert locked.get("/api/v1/inbox").json()["error"]["id"] == "hub.inbox-locked"
    assert locked.get("/api/v1/inbox", headers={"X-Inbox-Pin": "0000"}).json()["error"]["id"] == "hub.pin-wrong"
    assert locked.get("/api/v1/inbox", headers={"X-Inbox-Pin": "2580"}).json() == []
    assert locked.get("/api/v1/inbox").status_code == 403
    assert locked.post("/inbox/pin/", {"pin": "2580", "next": "https://elsewhere.example/"})["Location"] == "/inbox/"
    assert locked.get("/inbox/").status_code == 200 and locked.get("/api/v1/inbox").json() == []
    monkeypatch.setattr(pin, "WALL", Later(pin.OPEN_SECONDS))
    assert locked.get("/inbox/").status_code == 302


def test_a_pin_of_letters_or_three_digits_is_refused(home, ana):
    client = Client()
    client.force_login(User.objects.get(username="ana"))
    refused = all_kinds()["hub.pin-refused"](least=pin.LEAST_DIGITS, most=pin.MOST_DIGITS)
    for bad in ("123", "abcd", "1" * 13):
        assert refused.what in client.post("/settings/pin/", {"pin": bad, "again": bad}).content.decode()
    assert not Preference.objects.exclude(pin="").exists()


@pytest.mark.promise(5)
def test_no_page_before_the_inbox_says_whether_anything_matched(home, street, ana, porch):
    ana.sign_in()
    changing = re.compile(rb'\d+ entries.*?</time>|name="csrfmiddlewaretoken" value="\w+"')

    def pages():
        found = [ana.client.get(place, headers=ana.headers) for place in ("/", "/cameras/", "/shares/", "/settings/")]
        assert all(answer.status_code == 200 for answer in found)
        return [changing.sub(b"", answer.content) for answer in found]

    home.turn()
    before = pages()
    start = home.clock.now() - 3600
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    assert ana.ask("GET", "/inbox")[1][0]["appeal"] == appeal
    assert pages() == before


@SIZES
def test_a_camera_whose_newest_footage_is_spoiled_has_its_page_all_the_same_and_it_says_what_is_wrong(
    people, live_server, home, ana, size
):
    porch = home.camera(start_s=home.clock.now() - 600)

    def record(ago):
        writer = home.vault.begin_segment(porch.id, "main", "0" * 16, (home.clock.now() - ago) * 90_000, b"init")
        for second in range(50):
            writer.append_gop(b"no picture", second * 90_000, 90_000, motion=b"\x5a")
        writer.close()

    record(ago=120)
    window = people.window(live_server.url, size)
    window.expected |= {422}  # of its stills
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/")
    expect(page.get_by_text("The newest picture cannot be shown.")).to_be_visible()
    expect(page.get_by_text("The recording cannot be decoded")).to_be_visible()
    expect(page.get_by_text("More moved than usual once")).to_be_visible()
    window.check("hub-camera-undecodable")
    record(ago=60)
    newest = sealed_files(home.vault)[-1]
    spoiled = bytearray(newest.read_bytes())
    spoiled[-25] ^= 1  # in what its end says of motion
    newest.write_bytes(spoiled)
    page.reload()
    expect(page.get_by_text("What moved in these 24 hours cannot be read.")).to_be_visible()
    expect(page.get_by_text("The newest picture cannot be shown.")).to_be_visible()
    window.check("hub-camera-spoiled")


@SIZES
def test_the_day_is_marked_where_more_moved_and_the_times_are_a_list_too(people, live_server, home, ana, size):
    porch = home.camera(start_s=home.clock.now() - 600)
    start = home.clock.now() // 3600 * 3600 - 7200
    for minute in (0, 10, 60):
        writer = home.vault.begin_segment(porch.id, "main", "0" * 16, (start + minute * 60) * 90_000, b"init")
        for second in range(10):
            writer.append_gop(b"group", second * 90_000, 90_000, motion=bytes([90 if second in (3, 6) else 15]))
        writer.close()
    window = people.window(live_server.url, size)
    window.expected |= {404, 422}  # these groups are no pictures
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/")
    page.get_by_text("More moved than usual 3 times").click()
    expect(page.locator(".times a")).to_have_text(["08:00:03", "08:10:03", "09:00:03"])
    assert page.locator("svg .moved").count() == 3
    expect(page.get_by_text("Where there is no mark, something may have happened all the same.")).to_be_visible()
    window.check("hub-camera-motion")
    page.locator(".times a").nth(1).click()
    expect(page.locator("#watched time")).to_have_attribute("datetime", re.compile(r"T08:10:03"))
