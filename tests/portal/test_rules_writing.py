# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mr. Bell writes the town's rules as numbers and check boxes, and a second key signs them, in real browsers."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.docket.custody import DAY
from sunporch.policy import parse_bundle, presets
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.clerk import actions, decision_form
from sunporch.portal.clerk.models import Motion, Proposal
from sunporch.portal.clerk.rules_form import Rules
from sunporch.portal.clerk.wording_form import MAX_PLACES
from sunporch.portal.record import public_record
from tests.browser import PHONE
from tests.portal.office import Office, published
from tests.portal.street import TOWN


@pytest.fixture
def office(street, people):
    made = Office(street, people)
    yield made
    made.close()


def told(answer) -> str:
    """Return what a page says is wrong beside its fields."""
    return html.unescape(" ".join(re.findall(r'<p class="error">(.*?)</p>', answer.content.decode())))


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def first_day(street) -> int:
    return decision_form.first_day(street.state().comment_days, street.now())


def sign(page) -> None:
    """Sign, and see that it waits for another key."""
    with page.expect_navigation():
        page.get_by_role("button", name="Sign these rules").click()
    expect(page.get_by_text("Waiting for a second signature")).to_be_visible()


def begin(page, start: str) -> None:
    page.goto("/work/rules/")
    page.get_by_label(re.compile(start)).check()
    with page.expect_navigation():  # until the module that keeps what is typed is there
        page.get_by_role("button", name="Begin").click()


def decide(page, street) -> None:
    """Fill in what every decision needs."""
    page.get_by_label("Decision", exact=True).fill("Resolution 2026-20")
    page.get_by_label("Address where").fill("https://maple.example/20")
    page.get_by_label("Day of the decision").fill(iso(street.now()))
    page.get_by_label("Day of the public hearing").fill(iso(first_day(street)))
    page.get_by_label("In force from").fill(iso(first_day(street)))


def reword(bell) -> None:
    """Name a place by numbers, and write one sentence anew."""
    page = bell.page
    page.get_by_role("button", name="Change the places").click()
    page.get_by_label("Name", exact=True).fill("Cedar Clinic")
    page.get_by_label("Clinic", exact=True).check()
    page.get_by_label("Around", exact=True).fill("44.9431, -93.1004")
    page.get_by_role("button", name="Add this place").click()
    expect(page.get_by_role("button", name="Take off the list Cedar Clinic")).to_be_visible()
    bell.check("rules-places")
    page.get_by_role("link", name="Back to the rules").click()
    page.get_by_role("button", name="Change words and sentences").click()
    page.get_by_text("Where", exact=True).click()
    page.get_by_label("R8.area-min, in English").fill("Only {cells} cells.")
    bell.check("rules-words")
    page.get_by_role("button", name="Keep these words").click()
    expect(page.get_by_label("Smallest area")).to_have_value("5")
    page.get_by_role("button", name="Look at the rules").click()
    expect(page.get_by_text("1 place more: Cedar Clinic.")).to_be_visible()


@pytest.mark.requirement("R2", "R3", "R4", "S2")
def test_bell_changes_numbers_offences_and_a_clause_and_a_second_key_puts_them_on_record(office):
    street = office.street
    before = street.state().policy_in_force(street.now()).index
    bell = office.sign_in("council-1")
    page = bell.page
    page.get_by_role("link", name="Rules", exact=True).click()
    bell.check("rules-start")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Choose what the rules begin from")).to_be_visible()
    begin(page, "Change some of them")
    bell.check("rules-form")
    page.get_by_role("button", name="Look at the rules").click()
    expect(page.locator("#errors")).to_contain_text("Decision")
    decide(page, street)
    page.get_by_label("They stay open").check()
    page.get_by_label("Smallest area").fill("70")
    page.get_by_role("button", name="Look at the rules").click()
    expect(page.locator("#errors")).to_contain_text("Smallest area")
    expect(page.get_by_text("This is more than “Largest area”").last).to_be_visible()
    bell.check("rules-form-refused")
    page.get_by_label("Smallest area").fill("5")
    page.get_by_label("Burglary or breaking and entering (220)").uncheck()
    page.get_by_label(re.compile("R10.review-school")).uncheck()
    reword(bell)
    expect(page.get_by_role("heading", level=1)).to_have_text("The rules as they will be")
    expect(page.locator("del").get_by_text("at least 4 map cells")).to_be_visible()
    expect(page.locator("ins").get_by_text("at least 5 map cells")).to_be_visible()
    expect(page.get_by_text("Resolution 2026-20")).to_be_visible()
    bell.check("rules-check")
    assert '@id("R8.area-min")' in page.locator("details pre").first.text_content()
    sign(page)
    bell.check("rules-motion")
    assert street.state().policies.keys() == {before}
    second = office.sign_in("council-2", PHONE)
    second.page.get_by_role("link", name="The town adopts rules").click()
    expect(second.page.locator("ins").get_by_text("at least 5 map cells")).to_be_visible()
    second.check("rules-motion-second")
    second.page.get_by_role("button", name="Sign too").click()
    published(second)
    new = max(street.state().policies)
    rules = public_record().bundle(new)
    assert (rules.limits["cells_min"], "220" in rules.offences) == (5, False)
    assert "R10.review-school" not in rules.rules.rules and "R10.review-worship" in rules.rules.rules
    assert rules.resolution.instrument == "Resolution 2026-20"
    assert {place.name for place in rules.places} == {"Cedar Clinic", *(place["name"] for place in TOWN.places)}
    assert rules.sentences["en"]["R8.area-min"] == "Only {cells} cells."
    assert not Proposal.objects.exists()
    street.advance(first_day(street) - street.now())
    assert street.state().policy_in_force(street.now()).index == new


@pytest.mark.requirement("R2", "S2")
@pytest.mark.parametrize("start", ["Nobody may ask", "Warrant only"])
def test_a_town_that_lets_nobody_ask_is_asked_for_the_decision_and_hardly_a_number(office, start):
    bell = office.sign_in("council-1", PHONE)
    page = bell.page
    begin(page, start)
    expect(page.get_by_label("Smallest area")).to_have_count(0)
    expect(page.get_by_text("Offences")).to_have_count(0)
    decide(page, office.street)
    page.get_by_label("They close on that day").check()
    bell.check(f"rules-{start.split()[0].lower()}")
    page.get_by_role("button", name="Look at the rules").click()
    expect(page.get_by_text("No agency may ask residents for footage", exact=False).first).to_be_visible()
    sign(page)
    assert Motion.objects.get().type == "policy"


def test_what_bell_types_is_kept_right_or_wrong_and_another_clerk_writes_on(office):
    bell = office.sign_in("council-1")
    begin(bell.page, "Consent with guard-rails")
    bell.page.get_by_label("Largest area").fill("9999")
    bell.page.get_by_label("Decision", exact=True).fill("Resolution 99")
    expect(bell.page.locator("[data-saved]")).to_have_text("Saved")
    other = office.sign_in("council-2")
    other.page.goto("/work/rules/")
    other.page.get_by_role("link", name="Resolution 99").click()
    expect(other.page.get_by_label("Largest area")).to_have_value("9999")
    other.page.get_by_role("button", name="Throw this away").click()
    expect(other.page.get_by_text("Being written")).to_have_count(0)


@pytest.fixture
def bell(street):
    """Mr. Bell's browser, without its script: what the site itself refuses."""
    street.account("council-1")
    made = Client(headers={"host": "localhost"})
    made.force_login(User.objects.get(username="council-1"))
    return made


def answers(street, **changes) -> dict:
    """Return what the form of unchanged rules sends, with a decision."""
    base = parse_bundle(presets.make("consent", TOWN.grid, TOWN.places, name="Maple Street"))
    form = Rules(base, 0, street.now())
    given = {name: field.initial for name, field in form.fields.items() if field.initial is not None}
    first = iso(first_day(street))
    decision = {"instrument": "Resolution 20", "link": "https://maple.example/20", "decided": first, "hearing": first}
    return given | decision | {"in_force_from": first, "open_requests": "keep"} | changes


def signed_for(bell, at: str) -> str:
    """Return the exact text of the rules that the page gives to be signed."""
    page = bell.get(f"{at}check/").content.decode()
    shown = json.loads(re.search(r'id="to-sign" type="application/json">(.*?)</script>', page)[1])
    return shown["commit"]["text"]


def wording(bell, at: str) -> dict[str, str]:
    """Return what the page of words holds, as a browser sends it back."""
    form = bell.get(f"{at}words/").context["form"]
    return {field.html_name: field.value().replace("\n", "\r\n") for field in form}


PLACE = {"name": "Cedar Clinic", "kind": "clinic", "place": "44.9431, -93.1004", "radius": "200", "cells": ""}


def draft(bell, base: str = "consent") -> str:
    return bell.post("/work/rules/", {"base": base})["Location"]


@pytest.mark.requirement("R3")
@pytest.mark.parametrize(("change", "said"), [
    ({"in_force_from": "2026-01-01"}, "Not before"),
    ({"hearing": "2099-01-01"}, "The hearing is held before"),
    ({"link": "javascript:alert(1)"}, "Enter a valid URL"),
    ({"offences": []}, "Choose at least one"),
    ({"offences": ["30A"]}, "30A"),
    ({"cells_max": "257"}, "less than or equal to 256"),
    ({"open_requests": "lose"}, "lose"),
    ({"instrument": ""}, "This is needed"),
    ({"decided": "0001-01-01"}, "1970"),
])  # fmt: skip
def test_what_cannot_be_rules_is_refused_at_its_field_and_never_shown_for_signing(street, bell, change, said):
    at = draft(bell)
    assert bell.post(at, answers(street)).status_code == 302
    assert bell.get(f"{at}check/").status_code == 200
    answer = bell.post(at, answers(street, **change))
    assert answer.status_code == 200
    assert said in told(answer)
    led = bell.get(f"{at}check/")
    assert led["Location"] == f"{at}?wrong"
    assert said in told(bell.get(led["Location"]))


@pytest.mark.requirement("R4")
def test_nobody_signs_other_rules_than_those_on_the_page(street, bell):
    at = draft(bell)
    bell.post(at, answers(street))
    text, salt = presets.make("nobody", TOWN.grid, TOWN.places), "00" * 16
    other = Blob(bytes.fromhex(salt), text).commitment
    begins = first_day(street)
    note = street.signed(entries.Policy, "council-1", bundle=other, in_force_from=begins, open_requests="keep")
    answer = bell.post(f"{at}check/", {"note": note, "salt": salt})
    assert "portal.blobs-refused" in answer.content.decode()
    assert not Motion.objects.exists()
    assert Proposal.objects.get().entry == ""


def test_rules_are_not_begun_without_end_and_are_forgotten_when_nobody_writes_on(street, bell):
    for _ in range(actions.MAX_PROPOSALS):
        assert bell.post("/work/rules/", {"base": "nobody"}).status_code == 302
    assert "portal.proposals-exceeded" in bell.post("/work/rules/", {"base": "nobody"}).content.decode()
    actions.forget_proposals(street.now() + actions.PROPOSAL_DAYS * DAY - 60)
    assert Proposal.objects.count() == actions.MAX_PROPOSALS
    actions.forget_proposals(street.now() + actions.PROPOSAL_DAYS * DAY + 60)
    assert Proposal.objects.count() == 0
    gone = bell.get("/work/proposals/1/")
    assert (gone.status_code, "portal.proposal-absent" in gone.content.decode()) == (404, True)


def test_whoever_throws_rules_away_is_written_down_and_a_dropped_signature_loses_no_text(street, bell):
    at = draft(bell)
    bell.post(at, answers(street))
    salt = "11" * 16
    bundle = Blob(bytes.fromhex(salt), signed_for(bell, at)).commitment
    begins = first_day(street)
    note = street.signed(entries.Policy, "council-1", bundle=bundle, in_force_from=begins, open_requests="keep")
    assert bell.post(f"{at}check/", {"note": note, "salt": salt}).status_code == 302
    motion = Motion.objects.get()
    assert Proposal.objects.get().entry == motion.id
    assert "it waits for another key" in bell.get("/work/rules/").content.decode()
    bell.post(f"/work/motions/{motion.id}/drop/")
    page = bell.get("/work/rules/").content.decode()
    assert "Resolution 20" in page and "it waits for another key" not in page
    bell.post(f"{at}drop/")
    assert AdminAct.objects.filter(operator="council-1", act="proposal thrown away").count() == 1


@pytest.mark.requirement("R2", "R10")
def test_bell_names_a_place_by_numbers_and_takes_another_off_and_everybody_reads_which(street, bell):
    at = draft(bell)
    bell.post(at, answers(street))
    taken_off = TOWN.places[0]["name"]
    assert bell.post(f"{at}places/", PLACE).status_code == 302
    assert bell.post(f"{at}places/", {"remove": taken_off}).status_code == 302
    made = parse_bundle(signed_for(bell, at))
    assert {place.name for place in made.places} == {
        "Cedar Clinic", *(place["name"] for place in TOWN.places)
    } - {taken_off}  # fmt: skip
    (clinic,) = (place for place in made.places if place.name == "Cedar Clinic")
    assert TOWN.centre in clinic.cells and 1 < len(clinic.cells) < 20 and clinic.kind == "clinic"
    assert made.grid == TOWN.grid
    page = bell.get(f"{at}check/").content.decode()
    assert "1 place more: Cedar Clinic." in page
    assert f"1 place fewer: {taken_off}." in page
    assert f"<strong>Cedar Clinic</strong>: clinic, {len(clinic.cells)} map cells" in page


@pytest.mark.requirement("R2")
@pytest.mark.parametrize(("change", "said"), [
    ({"place": ""}, "Say where it is"),
    ({"place": "nowhere at all"}, "No crossing or place of that name"),
    ({"place": "48.8584, 2.2945"}, "No map cell of the town lies there"),
    ({"radius": "1900"}, "One place has at most 256"),
    ({"radius": "1"}, "greater than or equal to 50"),
    ({"cells": "8a1fb46622d7fff"}, "is no map cell of the town"),
    ({"name": TOWN.places[0]["name"].upper()}, "There is a place of this name already"),
    ({"name": "a\u202eb"}, "turn the order of letters"),
    ({"kind": "bar"}, "bar"),
])  # fmt: skip
def test_what_is_no_place_of_the_town_is_refused_at_its_field_and_changes_nothing(street, bell, change, said):
    at = draft(bell)
    answer = bell.post(f"{at}places/", PLACE | change)
    assert answer.status_code == 200
    assert said in told(answer)
    assert "places" not in Proposal.objects.get().answers


def test_a_list_of_places_ends_somewhere_and_the_map_moves_before_a_name_is_given(street, bell):
    at = draft(bell)
    moved = bell.post(f"{at}places/", PLACE | {"name": "", "around": "1"}).content.decode()
    assert TOWN.centre in re.search(r'<textarea name="cells".*?>(.*?)<', moved, re.DOTALL)[1]
    many = [{"kind": "other", "name": f"Place {n}", "cells": [TOWN.centre]} for n in range(MAX_PLACES)]
    Proposal.objects.update(answers={"places": many})
    assert f"at most {MAX_PLACES} places" in told(bell.post(f"{at}places/", PLACE))


@pytest.mark.requirement("R2", "R4")
def test_bell_writes_a_sentence_and_a_list_of_words_and_the_page_tells_which_changed(street, bell):
    at = draft(bell)
    bell.post(at, answers(street))
    before = signed_for(bell, at)
    assert bell.post(f"{at}words/", wording(bell, at)).status_code == 302
    assert signed_for(bell, at) == before
    listed = parse_bundle(before).words["pressure"]
    own = {"es:R8.area-min": "Solo {cells}\r\nceldas.", "pressure": "or else\r\n\r\n  or   else "}
    assert bell.post(f"{at}words/", wording(bell, at) | own).status_code == 302
    made = json.loads(signed_for(bell, at))
    was = json.loads(before)
    assert made["sentences"]["es"].pop("R8.area-min") == "Solo {cells} celdas."
    assert made["words"].pop("pressure") == ["or else"]
    del was["sentences"]["es"]["R8.area-min"], was["words"]["pressure"]
    assert made == was
    page = html.unescape(bell.get(f"{at}check/").content.decode())
    assert "1 more in “Phrases that put pressure on residents”." in page
    assert f"{len(listed)} fewer in “Phrases that put pressure on residents”." in page
    assert "1 sentence of a refusal is written anew." in page
    assert "<ins>Solo {cells} celdas.</ins>" in page


@pytest.mark.parametrize(("change", "said"), [
    ({"en:R8.area-min": "Only {cells cells."}, "Braces hold one name each"),
    ({"en:R8.area-min": "Only {found} cells."}, "Nobody fills in “found”"),
    ({"en:R8.area-min": ""}, "This is needed"),
    ({"es:R8.area-min": "x" * 501}, "at most 500"),
    ({"town": ""}, "This is needed"),
    ({"features": "a\u202eb"}, "holds a character that is not shown"),
    ({"features": "\n".join(map(str, range(1001)))}, "At most 1000"),
    ({"features": "x" * 20_001}, "at most 20000"),
])  # fmt: skip
def test_what_cannot_be_a_word_or_a_sentence_is_refused_at_its_field_and_never_signed(street, bell, change, said):
    at = draft(bell)
    bell.post(at, answers(street))
    answer = bell.post(f"{at}words/", wording(bell, at) | change)
    assert answer.status_code == 200
    assert said in told(answer)
    led = bell.get(f"{at}check/")
    assert led["Location"] == f"{at}words/"
    assert said in told(bell.get(led["Location"]))
