# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing an appeal: what is kept, what is refused at each question, what never leaves the officer's own sketch."""

from __future__ import annotations

import hashlib

import h3
import pytest

from sunporch.base.errors import Error
from sunporch.docket import entries
from sunporch.policy import presets
from sunporch.policy.bundle import parse_bundle
from sunporch.portal.agencies.models import Account, AdminAct
from sunporch.portal.agencies.permissions import Person, person_of
from sunporch.portal.appeals import actions, area, store, streets
from sunporch.portal.appeals.models import Sketch
from sunporch.portal.appeals.writing import STEPS, step_of
from sunporch.portal.board.models import Outgoing
from sunporch.portal.clerk import actions as clerk_actions
from sunporch.portal.clerk import store as clerk_store
from sunporch.portal.clerk.models import Motion
from sunporch.portal.review.sampling import sample
from tests.portal.street import AGENCY, NARRATIVE, TOWN, Visitor

BUNDLE = parse_bundle(presets.make("consent", TOWN.grid, TOWN.places, name="Maple Street"))


@pytest.fixture
def diaz(street):
    return Visitor(street, "diaz-4f2a")


def form(visitor, path: str, **answers):
    """Send a page's form as a browser would."""
    return visitor._client.post(path, answers, headers=visitor._headers)


def begin(diaz) -> str:
    where = form(diaz, "/work/appeals/new/")["Location"]
    return where.removesuffix("offence/")


@pytest.mark.requirement("R7", "R11")
def test_a_placeholder_is_refused_at_its_question_in_the_words_of_the_rules_and_kept_for_correction(diaz):
    at = begin(diaz)
    for text, words in (
        ("investigation", "alone says nothing"),
        ("You must hand over your video, failure to do so will be noted " * 2, "puts pressure on residents"),
        ("", "This is needed."),
    ):
        answer = form(diaz, f"{at}what/", narrative=text, case_number="24-001234")
        assert answer.status_code == 200
        assert words in answer.content.decode()
    answer = form(diaz, f"{at}what/", narrative=NARRATIVE, case_number="0000")
    assert "is not a case number" in answer.content.decode()
    assert Sketch.objects.get().answers["narrative"] == NARRATIVE
    assert form(diaz, f"{at}what/", narrative=NARRATIVE, case_number="24-001234")["Location"] == f"{at}where/"


def test_an_account_that_would_show_residents_another_text_is_refused_at_its_question(diaz):
    at = begin(diaz)
    turned = NARRATIVE.replace("the", "\u202ethe\u202c", 1)
    answer = form(diaz, f"{at}what/", narrative=turned, case_number="24-001234")
    assert "turn the order of letters" in answer.content.decode()
    typed = NARRATIVE.replace(" ", "\t", 1) + "\r\nCall us."
    assert form(diaz, f"{at}what/", narrative=typed, case_number="24-001234").status_code == 302
    assert Sketch.objects.get().answers["narrative"] == NARRATIVE + "\nCall us."


@pytest.mark.requirement("R7")
def test_an_offence_is_chosen_from_the_towns_closed_list_by_title_or_code_and_brings_its_marks(diaz):
    at = begin(diaz)
    answer = form(diaz, f"{at}offence/", offence="Loitering", purpose="identify-suspect")
    assert "is not on Maple Street&#x27;s list" in answer.content.decode()
    for typed in ("220", "burglary or breaking and entering", "Burglary or breaking and entering (220)"):
        assert form(diaz, f"{at}offence/", offence=typed, purpose="identify-suspect").status_code == 302
        assert Sketch.objects.get().answers["offence"] == "220"
    form(diaz, f"{at}offence/", offence="11A", purpose="identify-suspect")
    assert Sketch.objects.get().answers["flags"] == ["sexual"]


def test_a_time_that_no_appeal_can_name_is_refused_at_its_question_and_locks_nobody_out_of_their_sketch(diaz):
    at = begin(diaz)
    for when in ("0001-01-01T00:00", "1969-12-31T23:59", "yesterday"):
        answer = form(diaz, f"{at}when/", from_=when, to="2026-08-17T12:00", open_hours="72")
        assert "Write a day and a time" in answer.content.decode(), when
    assert "from" not in Sketch.objects.get().answers
    assert diaz.get(f"{at}when/").status_code == 200


def test_what_is_typed_is_kept_on_the_way_and_the_officer_finds_it_again(diaz):
    at = begin(diaz)
    answer = form(diaz, f"{at}what/", narrative="A half", case_number="", autosave="1")
    assert answer.status_code == 204
    assert "A half" in diaz.get(f"{at}what/").content.decode()
    assert diaz.get(f"{at}check/")["Location"] == f"{at}offence/"
    assert "Appeal without an offence yet" in diaz.get("/work/").content.decode()
    form(diaz, f"{at}drop/")
    assert Sketch.objects.count() == 0


def test_nobody_begins_appeals_without_end_and_old_ones_are_forgotten(street, diaz):
    for _ in range(actions.MAX_SKETCHES):
        assert form(diaz, "/work/appeals/new/").status_code == 302
    refused = form(diaz, "/work/appeals/new/")
    assert (refused.status_code, "portal.sketches-exceeded" in refused.content.decode()) == (409, True)
    actions.forget_sketches(street.now() + actions.SKETCH_DAYS * 86_400 - 60)
    assert Sketch.objects.count() == actions.MAX_SKETCHES
    actions.forget_sketches(street.now() + actions.SKETCH_DAYS * 86_400 + 60)
    assert Sketch.objects.count() == 0


@pytest.mark.requirement("R8")
def test_an_area_is_taken_around_a_place_a_crossing_or_numbers_and_snaps_to_cells(street, diaz):
    at = begin(diaz)
    form(diaz, f"{at}where/", place="44.9431, -93.1004", radius="200", around="1")
    assert set(Sketch.objects.get().answers["cells"]) == set(h3.grid_disk(TOWN.centre, 1))
    form(diaz, f"{at}where/", place="elm chapel", radius="60", around="1")
    (cell,) = Sketch.objects.get().answers["cells"]
    assert cell in next(place["cells"] for place in TOWN.places if place["name"] == "Elm Chapel")
    answer = form(diaz, f"{at}where/", place="Nowhere", radius="200", around="1")
    assert "No crossing or place of that name" in answer.content.decode()
    answer = form(diaz, f"{at}where/", place="44.9431, -93.1004", radius="2000", around="1")
    assert "R8.area-max" in answer.content.decode()
    answer = form(diaz, f"{at}where/", cells="89abc")
    assert "is not the name of a map cell" in answer.content.decode()
    answer = form(diaz, f"{at}where/", cells="")
    assert "Choose the cells" in answer.content.decode()
    (street.data / streets.FILE).write_text(
        '{"features": [{"properties": {"name": "Maple Street"}, "geometry": {"type": "LineString", "coordinates": '
        '[[-93.1, 44.94], [-93.1004, 44.9431]]}}, {"properties": {"name": "Elm Street"}, "geometry": {"type": '
        '"MultiLineString", "coordinates": [[[-93.2, 44.9431], [-93.1004, 44.9431]]]}}, {"properties": {}, '
        '"geometry": {"type": "Point", "coordinates": [0, 0]}}]}'
    )
    assert "Elm Street &amp; Maple Street" in diaz.get(f"{at}where/").content.decode()
    form(diaz, f"{at}where/", place="Elm Street & Maple Street", radius="200", around="1")
    assert set(Sketch.objects.get().answers["cells"]) == set(h3.grid_disk(TOWN.centre, 1))


def test_every_clause_that_an_answer_can_break_leads_to_its_question():
    helped = {clause: step_of(clause) for clause in BUNDLE.rules.rules}
    assert set(helped.values()) <= {*STEPS, ""}
    wanted = {"R8.area-max": "where", "R9.window-max": "when", "R9.case-requests": "what", "R7.offence": "offence"}
    wanted |= {"R10.flags-demanded": "offence", "R10.assembly": "where", "R19.recipients-min": "who", "R32.x": ""}
    assert {clause: step_of(clause) for clause in wanted} == wanted


def test_a_big_town_is_drawn_in_part_around_what_is_chosen(monkeypatch):
    monkeypatch.setattr(area, "MOST_DRAWN", 40)
    drawing = area.draw(BUNDLE, [min(TOWN.grid)])
    assert (len(drawing.cells), drawing.whole) == (40, False)
    assert [cell.id for cell in drawing.cells if cell.chosen] == [min(TOWN.grid)]
    monkeypatch.undo()
    whole = area.draw(BUNDLE, [])
    assert whole.whole
    assert {cell.id for cell in whole.cells} == set(TOWN.grid)
    assert all(0 <= cell.x <= area.WIDTH and 0 <= cell.y <= whole.height for cell in whole.cells)


@pytest.mark.requirement("R12")
def test_a_returned_draft_comes_back_with_its_reason_and_its_answers(street, diaz):
    note, narrative = street.appeal()
    draft = diaz.submit(note, narrative).json()["id"]
    kim = Visitor(street, "kim-77b0")
    assert form(kim, f"/work/drafts/{draft}/return/", reason="x").status_code == 200
    form(kim, f"/work/drafts/{draft}/return/", reason="Name the street corner.")
    page = diaz.get(f"/work/drafts/{draft}/").content.decode()
    assert "Name the street corner." in page
    assert "Write it again" in page
    again = form(diaz, "/work/appeals/new/", again=draft)["Location"]
    assert again.endswith("/check/")
    assert NARRATIVE in diaz.get(again).content.decode()
    late = form(kim, f"/work/drafts/{draft}/return/", reason="Once more")
    assert "portal.draft-decided" in late.content.decode()
    assert form(diaz, "/work/appeals/new/", again="ab" * 32).status_code == 404


def person(street, name):
    street.account(name)
    return person_of(Account.objects.get(pseudonym=name), street.state(), street.now())


def cancel(street, *signers) -> str:
    partner = next(p for p in street.state().partnerships.values() if p.agency == AGENCY)
    fields = {"partnership": partner.index, "reason": "ended by vote"}
    return street.signed(entries.PartnershipCancel, *signers, **fields)


@pytest.mark.requirement("R1", "R42")
def test_an_entry_of_the_community_waits_for_its_second_key_and_is_handed_in_with_it(street):
    bell, second = person(street, "council-1"), person(street, "council-2")
    note = cancel(street, "council-1")
    motion = clerk_actions.begin(bell, note, [], street.now())
    assert isinstance(motion, Motion)
    assert clerk_actions.begin(bell, note, [], street.now()).id == motion.id
    alone = clerk_actions.sign(bell, motion.id, note, street.now())
    assert isinstance(alone, Motion)
    assert Outgoing.objects.filter(id=motion.id).count() == 0
    taken = clerk_actions.sign(second, motion.id, street.cosign(note, "council-2"), street.now())
    assert isinstance(taken, Outgoing)
    street.drain()
    assert street.rows()[motion.id].state == "recorded"
    with pytest.raises(Error) as error:
        clerk_store.motion(motion.id, street.now())
    assert error.value.id == "portal.motion-absent"


def test_what_could_never_count_or_is_not_ones_own_waits_for_nobody(street):
    bell, second = person(street, "council-1"), person(street, "council-2")
    for note in (cancel(street, "council-2"), cancel(street, "kim-77b0")):
        with pytest.raises(Error) as error:
            clerk_actions.begin(bell, note, [], street.now())
        assert error.value.id == "portal.signature-refused"
    absent = street.signed(entries.PartnershipCancel, "council-1", partnership=0, reason="no such partner")
    with pytest.raises(Error) as error:
        clerk_actions.begin(bell, absent, [], street.now())
    assert error.value.id == "portal.entry-void"
    motion = clerk_actions.begin(bell, cancel(street, "council-1"), [], street.now())
    with pytest.raises(Error) as error:
        clerk_actions.sign(second, motion.id, cancel(street, "council-2"), street.now())
    assert error.value.id == "portal.signature-refused"
    clerk_actions.drop(bell, motion.id, street.now())
    assert AdminAct.objects.filter(operator="council-1", about=motion.id).count() == 1
    assert Motion.objects.count() == 0
    late = clerk_actions.begin(bell, cancel(street, "council-1"), [], street.now())
    clerk_actions.forget_late(late.not_after + 1)
    assert Motion.objects.count() == 0


@pytest.mark.requirement("R14")
def test_a_sketch_is_private_to_its_officer(street, diaz):
    begin(diaz)
    sketch = Sketch.objects.get()
    nowak = Person("nowak-11aa", street.state().names["nowak-11aa"])
    with pytest.raises(Error) as error:
        store.sketch_of(nowak, sketch.pk)
    assert error.value.id == "portal.draft-absent"


@pytest.mark.requirement("R36")
def test_the_records_root_draws_a_sample_that_everybody_can_draw_again():
    drawn = sample("ab" * 32, range(50), 5)
    assert drawn == sample("ab" * 32, reversed(range(50)), 5)
    assert len(set(drawn)) == 5
    assert drawn != sample("ac" * 32, range(50), 5)
    assert drawn[0] == min(range(50), key=lambda index: hashlib.sha256(f"{'ab' * 32} {index}".encode()).digest())
