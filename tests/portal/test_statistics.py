# SPDX-License-Identifier: AGPL-3.0-or-later
"""Anybody reads the town's figures, in a browser or as tables, and gets what the record says."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from playwright.sync_api import expect

from sunporch.docket import entries
from tests.browser import DESKTOP, PHONE
from tests.portal.running import Portal
from tests.portal.street import AGENCY, DAY, OTHER_AGENCY, Visitor
from tests.portal.test_clips import recorded_appeal


@pytest.fixture
def busy(street):
    """One appeal with a clip that was opened and taken back, and a day on which drafts were refused."""
    asked = recorded_appeal(street)
    c, header, sealed, d = street.clip(asked)
    anyone = Visitor(street)
    anyone.put(f"/api/v1/uploads/{c}/header", header)
    anyone.put(f"/api/v1/uploads/{c}/sealed", sealed)
    share = street.record(street.disclosure(c, d))
    street.record(
        street.signed(entries.Access, "diaz-4f2a", disclosure=share, e="ab" * 32, purpose="identify-suspect")
    )
    street.record(street.signed(entries.Withdrawal, d, disclosure=share))
    street.record(
        street.signed(entries.Review, "okafor-2c1d", action="suspended", target=asked, draft="", reason="x")
    )
    return asked


@pytest.fixture
def running(street, busy):
    portal = Portal(street)
    portal.wait_ready()
    yield f"http://127.0.0.1:{portal.port}"
    portal.end()


def table(name: str) -> list[dict[str, str]]:
    answer = Client(headers={"host": "localhost"}).get(f"/statistics/{name}.csv")
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.requirement("R13", "R24", "R31")
def test_the_figures_are_those_of_the_record(busy):
    appeals = {row["agency"]: row for row in table("appeals")}
    assert (appeals[AGENCY]["appeals"], appeals[AGENCY]["suspended"]) == ("1", "1")
    assert appeals[OTHER_AGENCY]["appeals"] == "0"
    assert table("offences") == [{"offence": "220", "appeals": "1", "hours": "1"}]
    [clips] = table("clips")
    assert (clips["shared"], clips["live"], clips["opened"], clips["taken_back"]) == ("1", "0", "1", "1")
    assert {row["pseudonym"]: row["openings"] for row in table("people")} == {"diaz-4f2a": "1"}
    assert {row["act"]: row["times"] for row in table("oversight")}["review"] == "1"


@pytest.mark.requirement("R31", "R32")
def test_an_outcome_is_counted_once_and_its_appeal_is_due_no_more(street):
    asked = recorded_appeal(street)
    street.advance(3 * DAY)
    street.drain()
    street.record(street.signed(entries.Outcome, "diaz-4f2a", request=asked, code="cleared_someone", clips="<5"))
    assert table("outcomes") == [{"outcome": "cleared_someone", "appeals": "1"}]
    appeals = {row["agency"]: row for row in table("appeals")}[AGENCY]
    assert (appeals["closed"], appeals["with_outcome"]) == ("0", "1")


@pytest.mark.requirement("R14")
def test_no_figure_relates_clips_to_appeals_or_counts_who_was_asked(busy):
    package = Client(headers={"host": "localhost"}).get("/statistics/datapackage.json").json()
    for resource in package["resources"]:
        names = {field["name"] for field in resource["schema"]["fields"]}
        assert not {"appeal", "request", "home", "rate", "asked", "answered"} & names
        assert not ({"shared", "opened"} & names and {"appeals", "offence"} & names), resource["name"]


@pytest.mark.requirement("R31")
def test_the_data_package_describes_every_table_that_it_names(busy):
    package = Client(headers={"host": "localhost"}).get("/statistics/datapackage.json").json()
    assert len(package["resources"]) == 13
    for resource in package["resources"]:
        rows = table(resource["name"])
        fields = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        for row in rows:
            assert set(row) == set(fields)
            assert all(value.isdecimal() for name, value in row.items() if fields[name] == "integer")


def test_a_table_that_does_not_exist_is_said(busy):
    answer = Client(headers={"host": "localhost"}).get("/statistics/cameras.csv")
    assert answer.status_code == 404


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ruth_reads_every_public_page(people, running, busy, size):
    window = people.window(running, size)
    page = window.page
    page.goto("/")
    window.check("public-appeals")
    for link, name in (
        ("Who may ask", "public-agencies"),
        ("The town\u2019s rules", "public-rules"),
        ("Figures", "public-figures"),
        ("Public record", "public-record"),
        ("Who runs what", "public-who"),
    ):
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        window.check(name)
    page.goto(f"/appeals/{busy}/")
    expect(page.get_by_text("You may ignore this")).to_be_visible()
    window.check("public-appeal")
