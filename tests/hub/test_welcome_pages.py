# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first run: from a code in the terminal to the first camera's live picture, one question a page."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import expect

from sunporch.base.errors import Error, all_kinds
from sunporch.hub import config, guessing, household
from sunporch.hub.cameras.models import Camera
from sunporch.hub.inbox.reading import MOST_RECORD_AGE
from sunporch.hub.setup import set_limits
from sunporch.hub.welcome import actions, pages
from sunporch.hub.welcome.models import FirstRun
from sunporch.hub.worker import RETENTION_SECONDS, Worker
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import Steps
from tests.hub.home import Resident, code
from tests.hub.watching import for_ever
from tests.recorder.faultcam import FaultCamera

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "four quiet garden chairs"
PLACE = "39.7589123,-84.1916069"


@pytest.fixture
def file(home, monkeypatch):
    """The hub's settings file; pages read it as they do at home."""
    path = home.folder / "hub.toml"
    made = {name: str(value) if name in ("data_dir", "pin_file") else value for name, value in vars(home.hub).items()}
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in made.items()))
    monkeypatch.setenv(config.FILE_VARIABLE, str(path))
    monkeypatch.setattr(household, "hub", lambda: config.load(path))
    return path


def sentence(error_id, **params):
    """What the page says of this error."""
    return all_kinds()[error_id].what.format(**params)


@pytest.fixture(autouse=True)
def nobody_asked_lately():
    pages._asks._spent.clear()


def answer_who(page):
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Name for signing in").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A code from your phone")


def give_code(page):
    cache.clear()
    page.get_by_label("six digits").fill(code(page.locator("code.secret").inner_text()))
    page.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ana_comes_from_the_code_in_the_terminal_to_her_first_cameras_live_picture(
    people,
    live_server,
    home,
    file,
    worker,
    pictures,
    size,
):
    setup_code = actions.begin()
    window = people.window(live_server.url, size)
    page = window.page
    steps = Steps(page)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up this home hub")
    window.check("hub-welcome")
    page.get_by_label("Set-up code").fill(setup_code.lower().replace("-", " "))
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who are you?")
    window.check("hub-welcome-adult")
    answer_who(page)
    window.check("hub-welcome-factor")
    give_code(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Which language?")
    window.check("hub-welcome-language")
    page.get_by_label("Language").select_option("en")
    page.get_by_role("button", name="Continue").click()
    window.check("hub-welcome-keep")
    page.get_by_label("Days").fill("5")
    page.get_by_label("Gigabytes at most").fill("2")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your first camera")
    window.check("hub-welcome-camera")
    with FaultCamera(pictures, for_ever, login=("cam", "right")) as camera:
        page.get_by_label("Name").fill("porch")
        page.get_by_label("Address", exact=True).fill(camera.address)
        page.get_by_label("Where this home is").fill(PLACE)
        page.get_by_label("The camera's user").fill("cam")
        page.get_by_label("The camera's password").fill("right")
        page.get_by_role("button", name="Show me its picture").click()
        expect(page.get_by_text("Your hub is set up.")).to_be_visible()
        worker.step()
        expect(page.locator("[data-state]")).to_have_text("live")
        worker.step()
        expect(page.locator("[data-recording]")).to_have_text("recording")
        window.check("hub-welcome-live")
        assert len(steps.seen) == 7  # welcome, adult, factor, language, keep, camera, and its live picture
    kept = tomllib.loads(file.read_text())
    assert (kept["retention_days"], kept["retention_bytes"]) == (5, 2 * 2**30)
    assert not FirstRun.objects.exists() and User.objects.get().first_name == "Ana"
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing has left this house")


def test_each_wrong_answer_is_said_at_its_field_and_nothing_is_half_written(
    people,
    live_server,
    home,
    file,
    worker,
    pictures,
):
    setup_code = actions.begin()
    window = people.window(live_server.url, PHONE)
    page = window.page
    page.goto("/sign-in/")
    page.get_by_label("Set-up code").fill("AAAA-AAAA")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the set-up code.")
    window.check("hub-welcome-wrong")
    page.get_by_label("Set-up code").fill(setup_code)
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Name for signing in").fill("ana")
    page.get_by_label("Password").fill("too short")
    page.get_by_label("The same again").fill("too short")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("at least 12 characters")
    window.check("hub-welcome-adult-wrong")
    answer_who(page)
    page.get_by_label("six digits").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code.")
    assert not User.objects.exists()
    give_code(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Gigabytes at most").fill("99999")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector(".field.wrong")
    room = re.search(r"room for (\d+) GB", page.content())[1]
    expect(page.get_by_role("alert")).to_contain_text(sentence("hub.limits-beyond", room=room))
    assert tomllib.loads(file.read_text())["retention_days"] == 3
    page.get_by_label("Gigabytes at most").fill("1")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("porch")
    page.get_by_label("Where this home is").fill(PLACE)
    page.get_by_label("Address", exact=True).fill("rtsp://127.0.0.1:9/x")
    page.get_by_role("button", name="Show me its picture").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing answers at the camera's address")
    with FaultCamera(pictures, for_ever, login=("cam", "right")) as camera:
        page.get_by_label("Address", exact=True).fill(camera.address)
        page.get_by_label("The camera's user").fill("cam")
        page.get_by_label("The camera's password").fill("wrong")
        page.get_by_role("button", name="Show me its picture").click()
        expect(page.get_by_role("alert")).to_contain_text("The camera refuses the user name or the password.")
        expect(page.locator(".field.wrong label")).to_have_text("The camera's password")
        window.check("hub-welcome-camera-wrong")
    assert not Camera.objects.exists()
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing has left this house")
    assert not FirstRun.objects.exists()


def let_in(setup_code):
    browser = Client()
    assert browser.post("/welcome/", {"code": setup_code})["Location"] == "/welcome/adult/"
    return browser


def say_who(browser, username="ana"):
    said = {"name": username.title(), "username": username, "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/welcome/adult/", said)["Location"] == "/welcome/factor/"
    page = browser.get("/welcome/factor/").content.decode()
    return re.search(r'<code class="secret">(\w+)</code>', page)[1]


def test_whoever_was_interrupted_goes_on_where_they_were_also_after_a_restart(home, file):
    setup_code = actions.begin()
    browser = let_in(setup_code)
    secret = say_who(browser)
    assert actions.begin() != setup_code  # the hub is started anew
    assert browser.post("/welcome/factor/", {"code": code(secret)})["Location"] == "/welcome/language/"
    ana = User.objects.get()
    assert actions.begin() == "" and ana.check_password(PASSWORD)
    for step, place, answer in (
        ("language", "/welcome/language/", {"language": "es"}),
        ("keep", "/settings/keep/", {"days": "4", "gib": "1"}),
        ("camera", "/cameras/add/", None),
    ):
        other = Client()
        other.force_login(ana)
        assert FirstRun.objects.get().step == step and other.get("/")["Location"] == place
        if answer:
            assert other.post(place, answer).status_code == 302
    assert "Su primera cámara" in other.get(place).content.decode()
    assert other.post("/welcome/later/")["Location"] == "/"
    assert "Set up" not in Client().get("/").content.decode()


def test_whoever_was_added_at_the_command_line_meanwhile_ends_the_set_up_code_and_goes_on_after_it(home, file):
    setup_code = actions.begin()
    Resident("ana")
    assert Client().post("/welcome/", {"code": setup_code})["Location"] == "/"
    browser = Client()
    browser.force_login(User.objects.get())
    assert browser.get("/")["Location"] == "/welcome/language/"
    assert browser.post("/welcome/language/", {"language": ""})["Location"] == "/settings/keep/"
    assert FirstRun.objects.get().code == ""


def test_a_stranger_on_the_network_who_gets_there_first_gets_no_further_than_the_code(home, file):
    assert actions.begin()
    stranger = Client()
    for place in ("/", "/sign-in/", "/welcome/adult/", "/welcome/factor/"):
        assert stranger.get(place)["Location"] == "/welcome/"
    said = {"name": "Eve", "username": "eve", "password": PASSWORD, "again": PASSWORD}
    assert stranger.post("/welcome/adult/", said)["Location"] == "/welcome/"
    assert stranger.post("/welcome/factor/", {"code": "000000"})["Location"] == "/welcome/"
    assert not User.objects.exists()
    for place in ("/cameras/", "/settings/keep/", "/welcome/language/"):
        assert stranger.get(place)["Location"].startswith("/sign-in/")
    assert stranger.post("/welcome/later/")["Location"].startswith("/sign-in/")
    assert FirstRun.objects.exists()


def test_after_five_wrong_set_up_codes_the_right_one_has_to_wait_until_the_hub_is_started_anew(home, file):
    setup_code = actions.begin()
    guesser = Client()
    for _ in range(guessing.MOST_TRIES):
        assert sentence("hub.setupcode-wrong") in guesser.post("/welcome/", {"code": "AAAA-AAAA"}).content.decode()
    said = guesser.post("/welcome/", {"code": setup_code}).content.decode()
    assert sentence("hub.setupcode-spent", minutes=15) in said and "Wait 15 minutes" in said
    fresh = actions.begin()
    assert sentence("hub.setupcode-wrong") in guesser.post("/welcome/", {"code": setup_code}).content.decode()
    let_in(fresh)


def test_of_two_who_know_the_code_one_becomes_the_first_adult_and_nobody_after_them(home, file):
    setup_code = actions.begin()
    one, two = let_in(setup_code), let_in(setup_code)
    secrets = say_who(one, "ana"), say_who(two, "eve")
    person = actions.NewAdult("Eve", "eve", "x", secrets[1])
    assert one.post("/welcome/factor/", {"code": code(secrets[0])})["Location"] == "/welcome/language/"
    with pytest.raises(Error) as caught:
        actions.add_first(person)
    assert caught.value.id == "hub.adult-present"
    for place in ("/welcome/", "/welcome/adult/", "/welcome/factor/"):
        assert two.get(place)["Location"] == two.post(place, {"code": code(secrets[1])})["Location"] == "/"
    assert [user.username for user in User.objects.all()] == ["ana"] and FirstRun.objects.get().code == ""


def test_no_other_sites_page_sets_up_the_hub(home, file):
    setup_code = actions.begin()
    client = Client(enforce_csrf_checks=True)
    for place in ("/welcome/", "/welcome/adult/", "/welcome/factor/", "/welcome/later/"):
        assert client.post(place, {"code": setup_code}).status_code in (302, 403)
    assert not client.session.get(pages.LET_IN)


def test_limits_that_whoever_started_the_hub_fixed_are_not_changed_in_a_page(home, file, monkeypatch):
    ana = Resident("ana")
    browser = Client()
    browser.force_login(User.objects.get(username=ana.username))
    assert browser.post("/settings/keep/", {"days": "4", "gib": "1"})["Location"] == "/settings/"
    assert "4 days" in browser.get("/settings/").content.decode()
    monkeypatch.setenv("SUNPORCH_HUB_RETENTION_DAYS", "9")
    said = browser.post("/settings/keep/", {"days": "5", "gib": "1"}).content.decode()
    assert sentence("hub.limits-fixed", variable="SUNPORCH_HUB_RETENTION_DAYS") in said
    assert tomllib.loads(file.read_text())["retention_days"] == 4


def test_the_worker_erases_by_the_limits_that_the_file_has_now(home, file):
    start = home.clock.now() - 2 * 86_400
    porch = home.camera(start_s=start)
    worker = Worker(home.hub, home.clock)
    try:
        home.clock.advance(MOST_RECORD_AGE)
        worker._enforce_retention()
        assert home.vault.timeline(porch.id, start, start + 6).spans
        set_limits(file, 1, 10**9)
        home.clock.advance(RETENTION_SECONDS)
        worker._enforce_retention()
        assert not home.vault.timeline(porch.id, start, start + 6).spans
    finally:
        worker.close()


def test_limits_that_stand_nowhere_yet_are_added_to_the_settings_file(tmp_path):
    file = tmp_path / "hub.toml"
    file.write_text('portal_url = "http://localhost"\n')
    set_limits(file, 7, 9)
    assert tomllib.loads(file.read_text()) == {
        "portal_url": "http://localhost", "retention_days": 7, "retention_bytes": 9,
    }  # fmt: skip
