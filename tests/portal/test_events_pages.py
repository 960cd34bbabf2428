# SPDX-License-Identifier: AGPL-3.0-or-later
"""Okafor hears of a vigil and puts it on record, so that nobody films it into a case; Ruth reads where it is."""

from __future__ import annotations

import h3
import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.docket import entries
from sunporch.portal.appeals.forms import local
from tests.browser import DESKTOP, PHONE
from tests.portal.office import Office, published
from tests.portal.street import DAY, TOWN, Visitor


@pytest.fixture
def office(street, people):
    made = Office(street, people)
    yield made
    made.close()


def sent(street, **changes) -> str:
    """What the page says to Okafor where she sends this."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="okafor-2c1d"))
    start = street.now() + DAY
    form = {"kind": "assembly", "from_": local(start), "to": local(start + 7200), "cells": TOWN.centre}
    answer = client.post("/work/events/", form | changes)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


@pytest.mark.requirement("R10", "R12")
def test_okafor_announces_a_vigil_on_a_phone_and_ruth_reads_of_it(office, people):
    okafor = office.sign_in("okafor-2c1d", PHONE)
    page, start = okafor.page, office.street.now() // 60 * 60 + DAY
    page.goto("/work/review/")
    page.get_by_role("link", name="Announce a gathering").click()
    page.get_by_label("Around", exact=True).fill("44.9431, -93.1004")
    page.get_by_role("button", name="Take the cells around it").click()  # before anything else is answered
    expect(page.locator("#total")).not_to_contain_text("0 cells, ")
    page.get_by_label("Assembly").check()
    page.get_by_label("From").fill(local(start))
    page.get_by_label("To", exact=True).fill(local(start + 7200))
    okafor.check("event")
    page.get_by_role("button", name="Continue").click()
    okafor.check("event-check")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Assembly")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Sign and publish").click()
    published(okafor)
    [event] = office.street.state().events.values()
    assert (event.kind, event.from_, event.to) == ("assembly", start, start + 7200)
    assert TOWN.centre in event.cells
    ruth = people.window(office.url, DESKTOP)
    ruth.page.goto("/")
    ruth.page.get_by_role("link", name="Gatherings that appeals have to respect").click()
    expect(ruth.page.get_by_role("heading", name="Assembly")).to_be_visible()
    ruth.check("events")


def clerk(street, name: str) -> Client:
    street.account(name)
    made = Client(headers={"host": "localhost"})
    made.force_login(User.objects.get(username=name))
    return made


@pytest.mark.requirement("R6", "R10")
def test_bell_announces_a_gathering_that_counts_once_a_second_key_of_the_community_signed_too(street):
    bell, lind = clerk(street, "council-1"), clerk(street, "council-2")
    start = street.now() // 60 * 60 + DAY
    told = {"kind": "vote", "from_": local(start), "to": local(start + 3600), "cells": TOWN.centre}
    assert 'href="/work/events/"' in bell.get("/work/").content.decode()
    assert "Sign for the community" in bell.post("/work/events/", told).content.decode()
    cells = (TOWN.centre,)
    note = street.signed(entries.Event, "council-1", cells=cells, from_=start, to=start + 3600, kind="vote")
    waits = bell.post("/work/events/", told | {"note": note})["Location"]
    street.drain()
    assert waits.startswith("/work/motions/") and not street.state().events
    shown = lind.get(waits).content.decode()
    assert "Vote" in shown and "1 cell, about" in shown and "A gathering is announced" in shown
    lind.post(waits, {"note": street.cosign(note, "council-2")})
    street.drain()
    [event] = street.state().events.values()
    assert (event.kind, event.from_, event.cells) == ("vote", start, cells)


@pytest.mark.requirement("R10")
def test_a_gathering_that_is_over_stays_listed_as_over(street):
    start = street.now() - DAY
    street.record(
        street.signed(entries.Event, "okafor-2c1d", cells=(TOWN.centre,), from_=start, to=start + 9, kind="worship")
    )
    page = Visitor(street).get("/events/").content.decode()
    coming, past = page.split('id="past"')
    assert "None is announced." in coming
    assert "Service of worship" not in coming
    assert "Service of worship" in past


def test_a_gathering_that_ends_before_it_begins_is_refused_at_its_question(street):
    assert "It has to end after it begins." in sent(street, to=local(street.now()))
    assert "Sign and publish" in sent(street)


def test_a_gathering_outside_the_town_or_of_too_many_cells_is_refused_at_its_question(street):
    elsewhere = "8a2a1072b59ffff"
    assert "Choose the cells of the town" in sent(street, cells=elsewhere)
    many = " ".join(sorted(h3.grid_disk(TOWN.centre, 9)))
    assert "enter it in parts" in sent(street, cells=many)


def test_what_the_record_refuses_is_said_on_the_page_and_nothing_is_handed_in(street):
    note = street.signed(
        entries.Event, "diaz-4f2a", cells=(TOWN.centre,), from_=street.now(), to=street.now() + 9, kind="other"
    )
    assert "portal.entry-void" in sent(street, note=note)
    assert "event" not in {row.type for row in street.rows().values()}
