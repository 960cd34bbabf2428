# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each year has its report, counted from the record; Kim tells what no record can, and late words are flagged."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime

import pytest
from django.test import Client
from playwright.sync_api import expect

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.reports import actions, store
from sunporch.portal.reports.items import OWED
from sunporch.portal.reports.models import MAX_TEXT, Explanation
from tests.browser import PHONE
from tests.portal.office import Office
from tests.portal.street import AGENCY, DAY, OTHER_AGENCY, Street, Visitor
from tests.portal.test_clips import recorded_appeal, shared

COSTS = "Forty hours of two officers.\nThe general fund pays."
HELD_BACK = "The agency has said nothing about it yet."


@pytest.fixture(scope="module")
def seed(tmp_path_factory, _unblocked):
    """A town that was founded a month before a New Year long past, whose agencies may ask for years; stopped."""
    folder = tmp_path_factory.mktemp("old") / "town"
    folder.mkdir(mode=0o700)
    now = int(time.time())
    founded = datetime(datetime.fromtimestamp(now, UTC).year - 2, 12, 1, tzinfo=UTC)
    street = Street.found(folder, now - int(founded.timestamp()))
    for agency, registrar in ((AGENCY, "registrar-1"), (OTHER_AGENCY, "registrar-2")):
        renewal = {
            "agency": agency,
            "name": f"Police of {agency}",
            "kind": "municipal",
            "instrument": "Resolution 13",
            "link": "https://example.org/13",
            "hearing": street.now(),
            "in_force_from": street.now() + 60,
            "ends": street.now() + 900 * DAY,
            "registrar": str(street.keys[registrar].verifier),
        }
        street.post(street.signed(entries.Partnership, "council-1", "council-2", registrar, **renewal))
    street.drain()
    street.advance(60)
    street.close()
    return folder


def this_year(street) -> int:
    return datetime.fromtimestamp(street.now(), UTC).year


def to_new_year(street, days: int = 0) -> int:
    """Go to the first seconds of next year and some days on; return the year that is over."""
    year = this_year(street)
    street.advance(store.begins(year + 1) - street.now() + days * DAY)
    return year


def report(street, year: int, tail: str = "", agency: str = AGENCY):
    return Client(headers={"host": "localhost"}).get(f"/agencies/{agency}/reports/{year}/{tail}")


def table(street, year: int, name: str, agency: str = AGENCY) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report(street, year, f"{name}.csv", agency).content.decode())))


def resource(street, name: str) -> dict:
    package = Visitor(street).get("/statistics/datapackage.json").json()
    return next(one for one in package["resources"] if one["name"] == name)


@pytest.mark.requirement("R31", "S11")
def test_a_years_report_counts_the_agencys_own_entries_of_that_year_and_the_towns(street):
    street.advance(20 * DAY)
    clip = shared(street, asked := recorded_appeal(street))[0]
    street.record(street.signed(entries.Access, "diaz-4f2a", disclosure=clip, e="ab" * 32, purpose="view"))
    fields = {"recipient": "court", "standard": "subpoena", "justification": "court-demand"}
    street.record(street.signed(entries.Sharing, "kim-77b0", disclosure=clip, **fields))
    street.record(
        street.signed(entries.Breach, "okafor-2c1d", code="lost-disk", clips=2, since=street.now() - DAY, text="")
    )
    fields = {"action": "suspended", "target": asked, "draft": "", "reason": "area-too-wide"}
    street.record(street.signed(entries.Review, "okafor-2c1d", **fields))
    complaint = entries.Complaint
    filed = {"about": clip, "received": street.now(), "text": "", "agency": ""}
    heard = street.record(street.signed(complaint, "okafor-2c1d", code="clip", **filed))
    found = Blob.new("It was used as promised.")
    note = street.signed(entries.Finding, "okafor-2c1d", complaint=heard, code="not-upheld", text=found.commitment)
    street.record(note, found)
    year = to_new_year(street)
    street.record(street.signed(entries.Access, "kim-77b0", disclosure=clip, e="ef" * 32, purpose="view"))

    assert table(street, year, "appeals")[0]["appeals"] == "1"
    assert table(street, year, "offences") == [{"offence": "220", "appeals": "1", "hours": "1"}]
    assert sum(int(row["appeals"]) for row in table(street, year, "areas")) >= 1
    assert table(street, year, "clips")[0]["shared"] == "1"
    assert table(street, year, "people") == [
        {"pseudonym": "diaz-4f2a", "appeals": "1", "openings": "1", "exports": "0"}
    ]
    [passed] = table(street, year, "passed-on")
    assert (passed["recipient"], passed["standard"]) == ("court", "subpoena")
    assert table(street, year, "complaints") == [{"code": "clip", "complaints": "1", "with_finding": "1"}]
    [breach] = table(street, year, "breaches")
    assert (breach["code"], breach["clips"]) == ("lost-disk", "2")
    assert datetime.fromisoformat(breach["since"]).tzinfo == UTC
    assert {datetime.fromisoformat(row["day"]).year for row in table(street, year, "decisions")} == {year}
    kinds = {field["name"]: field["type"] for field in resource(street, "breaches")["schema"]["fields"]}
    assert kinds == {"code": "string", "clips": "integer", "since": "datetime", "entry": "integer"}
    signed = {row["act"]: row["signers"] for row in table(street, year, "decisions")}
    assert "registrar-1" in signed["partnership"]
    assert "council-1" in signed["policy"]
    assert {row["action"] for row in table(street, year, "decisions")} == {"", "suspended"}
    # The year after has its own, and the other agency only what is the town's.
    assert table(street, year + 1, "people") == [
        {"pseudonym": "kim-77b0", "appeals": "0", "openings": "1", "exports": "0"}
    ]
    assert table(street, year, "people", OTHER_AGENCY) == table(street, year, "complaints", OTHER_AGENCY) == []
    assert table(street, year, "appeals", OTHER_AGENCY)[0]["appeals"] == "0"
    assert table(street, year, "breaches", OTHER_AGENCY) == [breach]


@pytest.mark.requirement("R23", "R31")
def test_a_key_that_was_destroyed_counts_for_the_agency_whose_clip_it_was(street):
    clip = shared(street, recorded_appeal(street))[0]
    street.advance(62 * DAY)
    street.drain()
    street.record(street.signed(entries.Expiry, "custodian-lib", disclosures=(clip,), generation=1))
    year = this_year(street)
    ends = {row["act"]: row["times"] for row in table(street, year, "ends")}
    assert ends["expiry"] == "1"
    assert {row["act"]: row["times"] for row in table(street, year, "ends", OTHER_AGENCY)}["expiry"] == "0"


@pytest.mark.requirement("R31")
def test_there_is_a_report_for_each_year_since_the_first_approval_and_for_no_other(street):
    year = to_new_year(street)
    for there, status in ((year - 1, 404), (year, 200), (year + 1, 200), (year + 2, 404)):
        assert report(street, there).status_code == status, there
    assert report(street, year, agency="MN0000000").status_code == 404
    assert report(street, year, "cameras.csv").status_code == 404
    assert f"{year + 1} is not over" in report(street, year + 1).content.decode()
    assert f"{year} is not over" not in report(street, year).content.decode()
    for page in ("/agencies/", "/statistics/"):
        found = Client(headers={"host": "localhost"}).get(page).content.decode()
        assert found.count(f"/agencies/{AGENCY}/reports/{year}/") == 1  # although it was approved twice


@pytest.mark.requirement("R31", "R32")
def test_an_appeal_without_its_outcome_stands_at_the_top_of_its_year(street):
    asked, year = recorded_appeal(street), this_year(street)
    assert "Outcomes overdue" not in report(street, year).content.decode()
    street.advance(40 * DAY)
    told = report(street, year).content.decode()
    assert told.index("Outcomes overdue") < told.index(f'href="/appeals/{asked}/"') < told.index("A. How it was used")


def write(street, year: int, name: str = "kim-77b0", **texts: str):
    return Visitor(street, name).form(f"/work/reports/{year}/", **(dict.fromkeys(OWED, "") | texts))


@pytest.mark.requirement("R31")
def test_kim_adds_what_no_record_can_tell_and_what_stood_there_before_stays(street):
    year = this_year(street)
    assert report(street, year).content.decode().count(HELD_BACK) == len(OWED)
    assert write(street, year, J=COSTS).status_code == 302
    street.advance(DAY)
    assert write(street, year, J=f"{COSTS}\nAnd a gift.", general="Ask us.", name="lopez-90cd").status_code == 302
    assert [(row.item, row.by) for row in Explanation.objects.order_by("pk")] == [
        *(("J", "kim-77b0"), ("J", "lopez-90cd"), ("general", "lopez-90cd"))
    ]
    acts = AdminAct.objects.filter(act="report explained").order_by("pk")
    assert (acts[0].operator, acts[0].about) == ("kim-77b0", f"{AGENCY}/{year} J")
    said = report(street, year).content.decode()
    before, _, after = said.partition("What stood here before")
    assert "And a gift." in before
    assert COSTS.replace("\n", "<br>") in after
    assert "Written by lopez-90cd" in before
    assert "not part of the record" in before
    assert said.count(HELD_BACK) == len(OWED) - 1
    read = report(street, year, "report.json").json()
    [costs] = [item for item in read["items"] if item["item"] == "J"]
    assert [row["by"] for row in costs["agency_says"]] == ["lopez-90cd", "kim-77b0"]
    assert read["agency_says"][0]["text"] == "Ask us."
    # Writing the same again is nothing; taking it back is said.
    assert write(street, year, J=f"{COSTS}\nAnd a gift.", general="Ask us.").status_code == 302
    assert Explanation.objects.count() == 3
    write(street, year, **{"initial-J": f"{COSTS}\nAnd a gift."})
    assert "The agency took back what it said." in report(street, year).content.decode()
    assert "J" in store.year_of(street.state(), AGENCY, year, street.now()).missing


@pytest.mark.requirement("R31", "R35", "S11")
def test_okafor_takes_down_a_wording_that_names_somebody_and_its_place_says_who_and_why(street):
    year, okafor = this_year(street), Visitor(street, "okafor-2c1d")
    write(street, year, J="Officer Jane Roe worked forty hours.")
    write(street, year, J=COSTS)
    named, newest = Explanation.objects.order_by("pk")
    at = f"/work/words/wording/{named.pk}/takedown/"
    assert at in okafor.get("/work/comments/").content.decode()
    assert "Jane Roe" in okafor.get(at).content.decode()
    assert okafor.form(at, reason="asked").status_code == 200
    assert okafor.form(at, reason="names-a-person").status_code == 302
    said = report(street, year).content.decode()
    assert "Jane Roe" not in said
    before, _, after = said.partition("What stood here before")
    assert "Taken down" not in before
    assert "By okafor-2c1d" in after and "It says who somebody is" in after
    [costs] = [item for item in report(street, year, "report.json").json()["items"] if item["item"] == "J"]
    assert [row.get("taken_down", {}).get("reason") for row in costs["agency_says"]] == [None, "names-a-person"]
    assert AdminAct.objects.get(act="wording taken down").about == f"{AGENCY}, {year}, J ({named.pk}): names-a-person"
    # Where the newest goes, the agency owes words again; and nothing is taken down twice.
    okafor.form(f"/work/words/wording/{newest.pk}/takedown/", reason="threat")
    assert "J" in store.year_of(street.state(), AGENCY, year, street.now()).missing
    assert okafor.form(at, reason="threat").status_code == 404
    assert okafor.get("/work/words/book/1/takedown/").status_code == 404
    assert Visitor(street, "kim-77b0").get(at).status_code == 403


def test_who_writes_on_a_page_opened_before_does_not_undo_what_a_colleague_wrote_meanwhile(street):
    year = this_year(street)
    write(street, year, J=COSTS)
    opened = Visitor(street, "kim-77b0").get(f"/work/reports/{year}/").content.decode()
    assert f'name="initial-J" value="{COSTS}"' in opened
    write(street, year, name="lopez-90cd", J="Fifty hours.", **{"initial-J": COSTS})
    write(street, year, B="A court.", J=COSTS.replace("\n", "\r\n"), **{"initial-J": COSTS.replace("\n", "\r\n")})
    assert [(row.item, row.by, row.text) for row in Explanation.objects.order_by("-pk")[:2]] == [
        *(("B", "kim-77b0", "A court."), ("J", "lopez-90cd", "Fifty hours."))
    ]


@pytest.mark.requirement("R31")
def test_another_agencys_supervisor_writes_in_their_own_report_alone_and_nobody_in_a_year_that_is_none(street):
    year = this_year(street)
    assert write(street, year, "marsh-0b0b", J=COSTS).status_code == 302
    assert "Forty hours" not in report(street, year).content.decode()
    assert "Forty hours" in report(street, year, agency=OTHER_AGENCY).content.decode()
    assert write(street, year + 1, J=COSTS).status_code == 404
    assert write(street, year, "diaz-4f2a", J=COSTS).status_code == 403
    assert Explanation.objects.count() == 1


def test_what_cannot_stand_there_is_refused_and_what_was_written_stays_in_the_form(street, monkeypatch):
    year = this_year(street)
    for text, why in (
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", "turn the order of letters"),
        ("x" * (MAX_TEXT + 1), "at most"),
    ):
        refused = write(street, year, J=text, B="Kept words.").content.decode()
        assert why in refused
        assert "Kept words." in refused
    monkeypatch.setattr(actions, "MAX_WORDINGS", 1)
    write(street, year, J=COSTS)
    refused = write(street, year, J="Other words.").content.decode()
    assert "portal.wordings-exceeded" in refused
    assert "Other words." in refused
    assert Explanation.objects.count() == 1


@pytest.mark.requirement("R31")
def test_a_report_without_the_agencys_words_is_overdue_after_sixty_days_and_everybody_sees_it(street):
    assert "explanation" not in Visitor(street, "kim-77b0").get("/work/").content.decode()
    year = to_new_year(street, store.EXPLAIN_DAYS - 1)
    start = Visitor(street, "kim-77b0").get("/work/").content.decode()
    assert "explanation wanted" in start
    assert "explanation overdue" not in start
    street.advance(DAY)
    pages = ("/agencies/", "/statistics/")
    for page in pages:
        assert "explanation overdue" in Visitor(street).get(page).content.decode(), page
    assert "Explanation overdue" in report(street, year).content.decode()
    write(street, year, **dict.fromkeys(OWED[1:], "Told."))
    left = report(street, year).content.decode()
    assert '<a href="#item-B">B</a>' in left
    assert '<a href="#item-J">J</a>' not in left
    for name in ("kim-77b0", "marsh-0b0b"):
        write(street, year, name, **dict.fromkeys(OWED, "Told."))
    assert "Explanation overdue" not in report(street, year).content.decode()
    for page in pages:
        assert "explanation overdue" not in Visitor(street).get(page).content.decode(), page


@pytest.mark.requirement("R31", "R42")
def test_a_year_in_which_the_agency_could_not_ask_is_owed_nothing(street):
    for partner in street.state().partnerships.values():
        if partner.agency == AGENCY and street.now() < partner.ends:
            fields = {"partnership": partner.index, "reason": "We leave."}
            street.record(street.signed(entries.PartnershipCancel, "registrar-1", **fields))
    year, state = to_new_year(street), street.state()
    assert store.year_of(state, AGENCY, year, street.now()).missing == OWED
    assert not store.year_of(state, AGENCY, year + 1, street.now()).missing
    assert store.year_of(state, OTHER_AGENCY, year + 1, street.now()).missing == OWED
    assert report(street, year + 1).status_code == 200


@pytest.mark.requirement("R31")
def test_kim_finds_the_report_on_her_start_page_and_ruth_reads_her_words(street, people):
    recorded_appeal(street)
    year = to_new_year(street, store.EXPLAIN_DAYS + 1)
    street.drain()
    office = Office(street, people)
    try:
        kim = office.window("kim-77b0", PHONE)
        page = kim.page
        page.goto("/work/")
        page.get_by_role("link", name=str(year), exact=True).click()
        kim.check("report-explain")
        page.get_by_label("J. What it cost").fill(COSTS)
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_text("Last changed by kim-77b0")).to_be_visible()
        page.get_by_role("link", name="The report as everybody sees it").click()
        expect(page.get_by_text("Forty hours of two officers.")).to_be_visible()
        kim.check("report")
    finally:
        office.close()
