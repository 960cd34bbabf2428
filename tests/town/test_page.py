# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town page: a process of its own that tells whoever sits at this machine how to sign in, and nobody else."""

from __future__ import annotations

import re
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import expect

from sunporch.base import durable
from sunporch.town import cast, keys
from sunporch.town.clock import TownClock
from sunporch.town.layout import Layout, free_base
from sunporch.town.supervisor import Part, Supervisor
from sunporch.town.visit import Account
from sunporch.verify.pin import Pin
from tests.browser import PHONE
from tests.verify.town import ORIGIN, tlog_policy
from tests.web.headings import well_ordered

START = (
    "import sys; from pathlib import Path; from sunporch.town.layout import Layout; from sunporch.town import page;"
    "page.serve(Layout(Path(sys.argv[1]), int(sys.argv[2])))"
)


@pytest.fixture
def town(tmp_path):
    layout = Layout(tmp_path / "town", free_base())
    durable.private_directory(layout.people)
    TownClock.start(layout.clock)
    layout.pin.write_text(Pin(ORIGIN, bytes(32), tlog_policy()).to_json())
    cast.write_accounts(layout.people, {member.who: Account.new(member.who) for member in cast.MEMBERS})
    supervisor = Supervisor({})
    command = (sys.executable, "-c", START, str(layout.folder), str(layout.base))
    supervisor.start([Part("page", command, layout.port("page"), layout.log("page"))])
    yield layout
    supervisor.stop()


def test_the_page_names_every_place_every_person_and_their_code_of_the_moment(town):
    text = httpx.get(town.url("page"), trust_env=False).text
    for part in ("portal", "hub", "hub-omar", "custodian"):
        assert town.url(part) in text
    accounts = cast.read_accounts(town.people)
    for member in cast.MEMBERS:
        assert member.title in text
        assert accounts[member.who].password in text
    assert accounts["diaz"].code() in text or accounts["diaz"].code() in httpx.get(town.url("page")).text
    assert re.search(r"120</span> days behind", text)
    assert well_ordered(text)


def test_another_sites_page_that_points_its_name_here_gets_no_code(town):
    answer = httpx.get(town.url("page"), headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 421
    assert cast.read_accounts(town.people)["diaz"].password not in answer.text


def test_another_sites_form_moves_no_clock_and_signs_nobody_in(town):
    before = town.clock.read_text()
    for path, data in (("/skip", {"to": "1d"}), ("/be/ana", {})):
        for headers in ({}, {"Origin": "http://evil.example"}):
            answer = httpx.post(town.url("page") + path, data=data, headers=headers, trust_env=False)
            assert (answer.status_code, answer.headers.get("Set-Cookie")) == (403, None)
    assert town.clock.read_text() == before


def test_only_the_keys_of_officers_and_their_like_are_handed_out(town):
    keys.make(town.people, "diaz")
    durable.write(town.people / "council-3.key", b"of nobody who signs in")
    assert httpx.get(f"{town.url('page')}/keys/diaz.key", trust_env=False).text.startswith("PRIVATE+KEY+diaz")
    for path in (
        "/keys/council-3.key",
        "/keys/../accounts.json",
        "/keys/ana.key",
        "/keys/.key",
    ):
        assert httpx.get(town.url("page") + path, trust_env=False).status_code == 404


def test_a_part_of_the_town_that_does_not_answer_is_said_on_the_page(people, town):
    window = people.window(town.url("page"), PHONE)
    window.page.goto("/")
    expect(window.page.locator("[data-live=ana]")).to_contain_text("No answer just now")
    expect(window.page.locator("[data-live=record]")).to_contain_text("No answer just now")
    window.check("town")


def test_the_page_ends_when_its_parent_does(town):
    command = [sys.executable, "-c", START, str(town.folder), str(free_base())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=20, check=False)
    assert done.returncode == 0


def test_the_casts_accounts_lie_where_nobody_else_can_read_them(town):
    assert (town.people / "accounts.json").stat().st_mode & 0o777 == 0o600
    assert town.people.stat().st_mode & 0o777 == 0o700
