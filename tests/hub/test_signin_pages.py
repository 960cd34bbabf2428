# SPDX-License-Identifier: AGPL-3.0-or-later
"""A resident signs in to the home hub in a browser."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.town.entrance import Guest
from sunporch.town.visit import Account
from sunporch.web import sessions
from sunporch.web.settings import IDLE_SECONDS, SESSION_SECONDS
from tests.browser import DESKTOP, PHONE
from tests.hands import carry_passkeys
from tests.hub.home import Resident, code

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(home):
    return Resident("ana")


def enter(page, resident):
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(resident.password)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code").fill(code(resident.secret))
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ana_signs_in_with_password_and_code_and_out_again(people, live_server, ana, size):
    window = people.window(live_server.url, size)
    page = window.page
    page.goto("/")
    window.check("hub-home-anonymous")
    page.get_by_role("link", name="Sign in").click()
    window.check("sign-in")
    enter(page, ana)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing has left this house")
    window.check("hub-home")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_said_at_the_top_and_tells_nothing_more(people, live_server, ana):
    window = people.window(live_server.url)
    page = window.page
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill("not hers at all")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    window.check("sign-in-wrong")


def test_after_five_wrong_passwords_the_right_one_has_to_wait_too(client, ana):
    for _ in range(5):
        client.post("/sign-in/", {"login": "ana", "password": "not hers at all"})
    answer = client.post("/sign-in/", {"login": "ana", "password": ana.password})
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()


def test_ana_makes_a_passkey_and_signs_in_with_it_alone(people, live_server, ana):
    window = people.window(live_server.url)
    page = window.page
    carry_passkeys(window)
    enter(page, ana)
    page.goto("/passkeys/")
    window.check("passkeys")
    page.get_by_role("link", name="Add a passkey").click()
    window.check("sign-in-again")
    page.get_by_label("Password").fill(ana.password)
    page.get_by_role("button", name="Continue").click()
    window.check("passkey-add")
    page.get_by_label("What shall it be called?").fill("my phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="my phone")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing has left this house")
    page.goto("/passkeys/")
    page.get_by_role("link", name=re.compile("Remove")).click()
    page.get_by_label("Password").fill(ana.password)
    page.get_by_role("button", name="Continue").click()
    window.check("passkey-remove")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("You have none yet")).to_be_visible()


def test_a_program_with_name_password_and_code_gets_in_through_the_pages_and_in_again(live_server, ana):
    guest = Guest(live_server.url, Account(ana.username, ana.password, ana.secret))
    assert guest.ask("/api/v1/preferences") == {"language": "en"}
    name, value = guest.cookie("/api/v1/preferences")
    client = Client()
    client.cookies[name] = value
    assert "Nothing has left" in client.get("/").content.decode()
    client.post("/sign-out/")
    assert "Sign in" in client.get("/").content.decode()
    guest.close()


class Ticking:
    """A wall clock that a test moves."""

    def __init__(self):
        self.at = 1_000_000

    def now(self):
        return self.at


@pytest.fixture
def cookie(ana, monkeypatch):
    clock = Ticking()
    monkeypatch.setattr(sessions, "WALL", clock)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username=ana.username))
    client.clock = clock
    return client


def reads(client):
    return client.get("/api/v1/cameras").status_code == 200


def test_a_session_is_locked_after_thirty_minutes_without_a_page(cookie):
    for _ in range(3):
        cookie.clock.at += IDLE_SECONDS - 1
        assert reads(cookie)
        assert "Nothing has left" in cookie.get("/").content.decode()
    cookie.clock.at += IDLE_SECONDS - 1
    assert reads(cookie)
    cookie.clock.at += 1  # what a page asks by itself kept nothing open
    assert not reads(cookie)
    assert "Sign in" in cookie.get("/").content.decode()


def test_a_session_is_over_twelve_hours_after_signing_in_however_busy(cookie):
    for _ in range(SESSION_SECONDS // 1000):
        cookie.clock.at += 1000
        cookie.get("/")
    assert reads(cookie)
    cookie.clock.at += 1000
    cookie.get("/")
    assert not reads(cookie)


def test_a_session_that_does_not_say_when_it_began_is_over(cookie):
    kept = cookie.session
    del kept["signed_in_at"]
    kept.save()
    assert not reads(cookie)


def test_another_sites_page_cannot_use_anas_session(cookie):
    answer = cookie.put("/api/v1/preferences", {"language": "es"}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["id"]) == (403, "web.form-foreign")
    cookie.get("/passkeys/")
    token = cookie.get("/sign-out/").context["csrf_token"]
    headers = {"X-CSRFToken": str(token)}
    answer = cookie.put("/api/v1/preferences", {"language": "es"}, content_type="application/json", headers=headers)
    assert answer.json() == {"language": "es"}
