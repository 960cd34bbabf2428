# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading

import h3
import pytest
from django.db import connections

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.portal.appeals import actions
from sunporch.portal.appeals.casetags import case_tag, normalised
from sunporch.portal.appeals.models import TRANSITIONS, Draft, DraftState, RefusedCount
from sunporch.portal.board import store
from tests.portal.street import AGENCY, CASE, DAY, OTHER_AGENCY, TOWN, Visitor, error_of


def countersigned(street, draft: dict, name: str) -> str:
    return street.cosign(draft["note"], name)


@pytest.mark.requirement("R6", "R7", "S3")
def test_an_appeal_of_two_people_is_recorded_and_public_after_both_signed(street):
    diaz, kim = Visitor(street, "diaz-4f2a"), Visitor(street, "kim-77b0")
    note, narrative = street.appeal()
    made = diaz.submit(note, narrative, private_note="Call the lab first.")
    assert made.status_code == 201, made.content
    draft = made.json()
    assert draft["state"] == "waiting-countersign"
    seen = kim.get(f"/api/v1/drafts/{draft['id']}").json()
    assert seen["verdict"]["outcome"] == "permit"
    assert seen["private_note"] == "Call the lab first."
    signed = kim.post(f"/api/v1/drafts/{draft['id']}/countersign", note=countersigned(street, seen, "kim-77b0"))
    assert (signed.status_code, signed.json()["state"]) == (200, "queued")
    street.drain()
    answer = Visitor(street).get(f"/api/v1/entries/{draft['id']}").json()
    assert answer["state"] == "recorded"
    asked = street.state().requests[answer["index"]]
    assert (asked.officer, asked.supervisor) == ("diaz-4f2a", "kim-77b0")
    page = Visitor(street).get(f"/appeals/{answer['index']}/")
    assert narrative.text[:40] in page.content.decode()
    assert "Call the lab first." not in page.content.decode()
    assert CASE not in page.content.decode()


@pytest.mark.promise(12)
@pytest.mark.requirement("R6")
def test_the_officer_who_asks_cannot_approve(street):
    diaz, kim = Visitor(street, "diaz-4f2a"), Visitor(street, "kim-77b0")
    note, narrative = street.appeal()
    draft = diaz.submit(note, narrative).json()
    again = diaz.post(f"/api/v1/drafts/{draft['id']}/countersign", note=note)
    assert (again.status_code, error_of(again)) == (403, "portal.role-refused")
    # A supervisor who hands in the officer's signature has approved nothing.
    borrowed = kim.post(f"/api/v1/drafts/{draft['id']}/countersign", note=note)
    assert error_of(borrowed) == "portal.signature-refused"
    assert Draft.objects.get().state == DraftState.COUNTERSIGN


@pytest.mark.promise(12)
@pytest.mark.requirement("R6", "R42")
def test_an_account_whose_key_ended_can_do_nothing_from_that_entry_on(street):
    diaz = Visitor(street, "diaz-4f2a")
    assert diaz.get("/api/v1/me").json() == {
        "key": "diaz-4f2a",
        "index": street.index_of("diaz-4f2a"),
        "role": "officer",
        "agency": AGENCY,
    }
    street.record(street.signed(entries.KeyEnd, "registrar-1", key=street.index_of("diaz-4f2a"), reason="left"))
    note, narrative = street.appeal("nowak-11aa")
    refused = diaz.submit(note, narrative)
    assert (refused.status_code, error_of(refused)) == (403, "portal.key-ended")


@pytest.mark.requirement("R1", "R42")
def test_accounts_of_an_agency_stop_when_its_partnership_ends(street):
    diaz = Visitor(street, "diaz-4f2a")
    partner = next(p for p in street.state().partnerships.values() if p.agency == AGENCY)
    street.record(
        street.signed(
            entries.PartnershipCancel, "council-1", "council-2", partnership=partner.index, reason="ended by vote"
        )
    )
    assert error_of(diaz.get("/api/v1/drafts")) == "portal.partnership-ended"
    # History stays: the former partner is shown, as ended.
    page = Visitor(street).get("/agencies/").content.decode()
    assert f"Police of {AGENCY}" in page
    assert "ended by the elected body" in page


@pytest.mark.promise(6)
@pytest.mark.requirement("R8", "R9", "R12")
def test_a_forbidden_appeal_is_refused_with_every_clause_and_counted_without_a_name(street):
    diaz = Visitor(street, "diaz-4f2a")
    wide = street.now() - 40 * 86_400
    note, narrative = street.appeal(cells=(TOWN.centre,), from_=wide, to=wide + 20 * 3600)
    for _ in range(2):
        refused = diaz.submit(note, narrative)
        assert refused.status_code == 422
        error = refused.json()["error"]
        assert error["id"] == "portal.appeal-forbidden"
        named = {clause["id"] for clause in error["clauses"]}
        assert {"R8.area-min", "R9.window-max", "R9.look-back"} <= named, named
        assert all(clause["sentence"] and clause["cite"] for clause in error["clauses"])
    assert Draft.objects.count() == 0
    counted = {row.clause: row.count for row in RefusedCount.objects.all()}
    assert counted == dict.fromkeys(named, 2)
    assert "diaz" not in str(counted)


@pytest.mark.requirement("R7", "R11")
def test_a_placeholder_or_pressing_narrative_is_refused_by_the_portal(street):
    diaz = Visitor(street, "diaz-4f2a")
    for text, clause in (
        ("investigation", "R7.narrative-placeholder"),
        ("You must hand over your video, failure to do so will be noted " * 2, "R11.pressure"),
    ):
        note, narrative = street.appeal(text=text)
        error = diaz.submit(note, narrative).json()["error"]
        assert clause in {item["id"] for item in error["clauses"]}


@pytest.mark.requirement("R7", "R9")
def test_a_case_tag_that_does_not_belong_to_the_case_number_is_refused(street):
    diaz = Visitor(street, "diaz-4f2a")
    note, narrative = street.appeal()
    assert error_of(diaz.submit(note, narrative, case_number="24-009999")) == "portal.tag-dishonest"
    given = diaz.post("/api/v1/case-tags", case_number=" 24 - 001234 ").json()
    assert given == {"case_tag": case_tag(AGENCY, CASE)}
    assert case_tag(OTHER_AGENCY, CASE) != case_tag(AGENCY, CASE)
    assert normalised("24\u2013001234a") == "24001234A"


@pytest.mark.requirement("R12")
def test_a_flagged_appeal_needs_the_reviewers_third_signature(street):
    place = next(p for p in TOWN.places if p["kind"] == "worship")
    cells = tuple(sorted(set(h3.grid_disk(place["cells"][0], 2)) & set(TOWN.grid)))
    diaz, kim, okafor = (Visitor(street, name) for name in ("diaz-4f2a", "kim-77b0", "okafor-2c1d"))
    note, narrative = street.appeal(cells=cells)
    draft = diaz.submit(note, narrative).json()
    assert draft["flags"], draft
    # Kim hands in the reviewer's signature too: it is not hers to give.
    both = street.cosign(street.cosign(note, "okafor-2c1d"), "kim-77b0")
    signed = kim.post(f"/api/v1/drafts/{draft['id']}/countersign", note=both).json()
    assert signed["state"] == "waiting-review"
    street.drain()
    assert street.state().requests == {}
    third = okafor.post(f"/api/v1/drafts/{draft['id']}/review", note=street.cosign(note, "okafor-2c1d"))
    assert third.json()["state"] == "queued", third.content
    street.drain()
    (asked,) = street.state().requests.values()
    assert asked.reviewer == "okafor-2c1d"


def test_two_supervisors_at_once_one_wins_and_the_other_is_told(street):
    note, narrative = street.appeal()
    draft = Visitor(street, "diaz-4f2a").submit(note, narrative).json()
    visitors = [Visitor(street, name) for name in ("kim-77b0", "lopez-90cd")]
    answers = []
    start = threading.Barrier(2)

    def sign(visitor):
        start.wait()
        body = street.cosign(note, visitor.name)
        answers.append(visitor.post(f"/api/v1/drafts/{draft['id']}/countersign", note=body))
        connections["default"].close()

    threads = [threading.Thread(target=sign, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(loser) == "portal.draft-decided"
    street.drain()
    assert len(street.state().requests) == 1


def test_the_same_appeal_submitted_twice_is_one_draft(street):
    diaz = Visitor(street, "diaz-4f2a")
    note, narrative = street.appeal()
    first, second = (diaz.submit(note, narrative) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert Draft.objects.count() == 1


def test_a_supervisor_returns_a_draft_with_a_reason_and_nobody_signs_it_after(street):
    diaz, kim, lopez = (Visitor(street, name) for name in ("diaz-4f2a", "kim-77b0", "lopez-90cd"))
    note, narrative = street.appeal()
    draft = diaz.submit(note, narrative).json()
    returned = kim.post(f"/api/v1/drafts/{draft['id']}/return", reason="Name the street corner.")
    assert returned.json()["state"] == "returned"
    assert "Name the street corner." in diaz.get(f"/api/v1/drafts/{draft['id']}").json()["reason"]
    late = lopez.post(f"/api/v1/drafts/{draft['id']}/countersign", note=street.cosign(note, "lopez-90cd"))
    assert (late.status_code, error_of(late)) == (409, "portal.draft-decided")


@pytest.mark.requirement("R12")
def test_a_reviewer_returns_a_draft_in_public(street):
    diaz = Visitor(street, "diaz-4f2a")
    note, narrative = street.appeal()
    draft = diaz.submit(note, narrative).json()
    street.post(
        street.signed(
            entries.Review, "okafor-2c1d", action="returned", target=-1, draft=draft["id"], reason="too-vague"
        )
    )
    assert Draft.objects.get().state == DraftState.RETURNED
    street.drain()
    assert store.lines(None, 1)[0].fields["draft"] == draft["id"]


def test_a_draft_that_nobody_signs_lapses_and_its_private_side_is_forgotten(street):
    diaz, kim = Visitor(street, "diaz-4f2a"), Visitor(street, "kim-77b0")
    note, narrative = street.appeal()
    draft = diaz.submit(note, narrative, private_note="secret").json()
    street.advance(3601)
    late = kim.post(f"/api/v1/drafts/{draft['id']}/countersign", note=street.cosign(note, "kim-77b0"))
    assert error_of(late) == "portal.draft-decided"
    assert actions.expire(street.now()) == 1
    row = Draft.objects.get()
    assert (row.state, row.private_note, row.narrative) == ("expired", "", {})


def test_another_agency_neither_sees_nor_signs_a_draft(street):
    note, narrative = street.appeal()
    draft = Visitor(street, "diaz-4f2a").submit(note, narrative).json()
    marsh = Visitor(street, "marsh-0b0b")
    assert marsh.get("/api/v1/drafts").json() == []
    assert error_of(marsh.get(f"/api/v1/drafts/{draft['id']}")) == "portal.draft-absent"
    signed = marsh.post(f"/api/v1/drafts/{draft['id']}/countersign", note=street.cosign(note, "marsh-0b0b"))
    assert error_of(signed) == "portal.draft-absent"


def test_an_appeal_that_could_never_count_is_told_so_at_once(street):
    diaz = Visitor(street, "diaz-4f2a")
    note, narrative = street.appeal(recipients=(street.index_of("stone-0a0a"), street.index_of("kim-77b0")))
    refused = diaz.submit(note, narrative)
    assert refused.status_code == 422
    assert error_of(refused) == "portal.appeal-forbidden"
    assert error_of(diaz.submit(*street.appeal(not_after=street.now() + 2 * DAY))) == "portal.entry-void"
    other, text = street.appeal("stone-0a0a")
    assert error_of(diaz.submit(other, text)) == "portal.signature-refused"
    note, _ = street.appeal()
    assert error_of(diaz.submit(note, Blob.new("another text entirely"))) == "portal.signature-refused"


def test_every_state_of_a_draft_is_in_the_table_and_ends_somewhere():
    assert set(TRANSITIONS) == set(DraftState)
    assert all(following <= set(DraftState) for following in TRANSITIONS.values())
    assert DraftState.COMPLETE in TRANSITIONS[DraftState.REVIEW]
