# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana says who is seen and what is covered: by mouse, by numbers, by keyboard alone, and without JavaScript."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.hub.coverings.models import Covering
from sunporch.hub.release.models import Release
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import enter, tab_to
from tests.hub.footage import people_video
from tests.hub.home import Resident

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(home):
    return Resident("ana")


@pytest.fixture
def asked(home, street):
    """Ana's porch, which hears too, saw two people an hour ago and again eleven minutes later."""
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start - 590, video=people_video, sound=True)
    home.vault.import_file(porch.id, people_video(), start + 100)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    return appeal, porch, start


def draft(page, home, asked, seconds=4):
    """Go to the page that asks who stays covered."""
    appeal, porch, start = asked
    page.goto(f"/inbox/{appeal}/{porch.id}/?at={start + 100}")
    page.get_by_label("To second").fill(str(seconds))
    page.get_by_role("button", name="These seconds").click()
    expect(page.get_by_text("The hub looks for people")).to_be_visible()
    home.finding.step()
    expect(page.get_by_text("2 people or faces")).to_be_visible()


@pytest.mark.requirement("R21", "S5")
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ana_draws_a_box_leaves_who_matches_visible_and_is_asked_about_sound(
    people, live_server, home, ana, asked, size
):
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    draft(page, home, asked)
    picture = page.locator("[data-over]")
    picture.scroll_into_view_if_needed()
    seen = picture.bounding_box()
    page.mouse.move(seen["x"] + seen["width"] / 4, seen["y"] + seen["height"] / 4)
    page.mouse.down()
    page.mouse.move(seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Add a box").click()
    second = page.locator(".box").nth(1)
    second.get_by_label("From left").fill("10")
    second.get_by_label("To second").fill("1.5")
    page.get_by_role("button", name="Add a box").click()
    page.locator(".box").nth(2).get_by_role("button", name="Remove this box").click()
    expect(page.locator(".box")).to_have_count(2)
    page.get_by_label("This person matches the appeal").first.check()
    expect(page.get_by_label("No, pictures only")).to_be_checked()
    window.check("hub-cover-boxes")
    page.get_by_label("Yes, with sound").check()
    page.get_by_role("button", name="Show me the result").click()
    expect(page.get_by_text("one person left visible")).to_be_visible()
    expect(page.get_by_text("with sound", exact=False).first).to_be_visible()
    kept = Covering.objects.get()
    drawn, typed = kept.boxes
    assert abs(drawn["x"] - 80) <= 2 and abs(drawn["width"] - 80) <= 3 and abs(drawn["height"] - 45) <= 3
    assert (typed["x"], typed["from_90k"], typed["to_90k"]) == (10, 0, 135_000)
    assert len(kept.uncovered) == 1 and kept.sound
    page.get_by_role("link", name="Back").click()
    expect(page.locator(".box")).to_have_count(2)


def test_a_box_outside_the_clip_is_refused_in_words_and_nothing_typed_is_lost(people, live_server, home, ana, asked):
    window = people.window(live_server.url, DESKTOP)
    page = window.page
    enter(page, ana)
    draft(page, home, asked)
    page.get_by_role("button", name="Add a box").click()
    page.get_by_label("To second").fill("99")
    page.get_by_role("button", name="Show me the result").click()
    expect(page.get_by_role("alert")).to_contain_text("Box 1 to cover cannot be used")
    expect(page.get_by_label("To second")).to_have_value("99")
    window.check("hub-cover-wrong")
    assert Covering.objects.get().boxes == []


def test_numbers_that_nobody_could_mean_uncover_nobody(home, ana, asked):
    appeal, porch, start = asked
    client = Client()
    client.force_login(User.objects.get(username="ana"))
    place = f"/inbox/{appeal}/{porch.id}/?at={start + 100}"
    at = client.post(place, {"start": "0", "end": "4"})["Location"]
    home.finding.step()
    for number in ("9" * 5_000, "-1", "\u0661", "two"):
        assert client.post(at, {"match": number}).status_code == 302, number[:9]
    assert Covering.objects.get().uncovered == []


def test_seconds_that_are_too_few_are_refused_at_their_field(people, live_server, home, ana, asked):
    appeal, porch, start = asked
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/inbox/{appeal}/{porch.id}/?at={start + 100}")
    page.get_by_label("To second").fill("0.5")
    page.get_by_role("button", name="These seconds").click()
    expect(page.get_by_role("alert")).to_contain_text("A clip must last from 1 second")
    expect(page.locator(".field.wrong")).to_contain_text("A clip must last from 1 second")
    window.check("hub-trim-wrong")
    page.get_by_text("Another moment").click()
    expect(page.locator(".moments a")).to_have_count(2)
    page.locator(".moments a").first.click()
    expect(page.get_by_label("To second")).to_have_value("6")


def test_the_sliders_and_the_number_fields_say_the_same_and_the_seconds_can_be_played(
    people, live_server, home, ana, asked
):
    appeal, porch, start = asked
    page = people.window(live_server.url, PHONE).page
    enter(page, ana)
    page.goto(f"/inbox/{appeal}/{porch.id}/?at={start + 100}")
    page.get_by_label("First moment").focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_label("From second")).to_have_value("1.5")
    page.get_by_label("First moment").press("End")
    expect(page.get_by_label("From second")).to_have_value("5")
    page.get_by_label("To second").fill("5.9")
    page.get_by_label("From second").fill("2")
    expect(page.get_by_label("First moment")).to_have_value("2")
    page.get_by_role("button", name="Play them").click()
    page.wait_for_function("() => document.querySelector('video').ended")
    assert page.locator("video").evaluate("video => video.duration") == pytest.approx(3.9, abs=0.15)


@pytest.mark.requirement("S5")
def test_ana_shares_with_the_keyboard_alone(people, live_server, home, ana, asked):
    page = people.window(live_server.url, DESKTOP).page
    enter(page, ana)
    page.goto("/")
    for name in ("Inbox", "Burglary", "Choose seconds"):
        tab_to(page, page.get_by_role("link", name=name).last)
        page.keyboard.press("Enter")
        page.wait_for_load_state("networkidle")
    tab_to(page, page.get_by_label("To second"))
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    tab_to(page, page.get_by_role("button", name="These seconds"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The hub looks for people")).to_be_visible()
    home.finding.step()
    expect(page.get_by_text("2 people or faces")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Show me the result"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is what they will see")
    tab_to(page, page.get_by_role("button", name="Hold to share"))
    page.keyboard.press("Enter")
    assert not Release.objects.exists()
    page.keyboard.down(" ")
    expect(page.get_by_role("heading", level=1)).to_have_text("It waits here")
    page.keyboard.up(" ")
    assert Release.objects.get().state == "waiting"


def test_ana_shares_without_javascript(people, live_server, home, ana, asked):
    page = people.window(live_server.url, PHONE, java_script_enabled=False).page
    enter(page, ana)
    appeal, porch, start = asked
    page.goto(f"/inbox/{appeal}/{porch.id}/?at={start + 100}")
    page.get_by_label("To second").fill("3")
    page.get_by_role("button", name="These seconds").click()
    home.finding.step()
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Add a box").click()
    page.get_by_label("From left").fill("12")
    page.get_by_role("button", name="Show me the result").click()
    page.get_by_label("Yes, share these seconds").check()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It waits here")
    assert Covering.objects.get().boxes[0]["x"] == 12
