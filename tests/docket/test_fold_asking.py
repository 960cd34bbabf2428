# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking, as the record tells it: requests, civil oversight, outcomes, legal process, complaints and letters."""

from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.verdict import Clause, Outcome, Terms, Verdict
from sunporch.docket.void import Void
from tests.docket.people import DAY, ORI, OTHER_ORI, Town
from tests.docket.void_cases import sealed, words

BOARD = ("bell-1", "bell-2")


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.mark.promise(12)
@pytest.mark.parametrize("signers", [("diaz",), ("kim",), ("diaz", "novak"), ("kim", "ross"), ()])
def test_the_officer_who_asks_cannot_approve(town, signers):
    record = town.put(e.Request, *signers, **town.request_fields())
    assert record.reason in (Void.OFFICER_SIGNATURE, Void.SUPERVISOR_SIGNATURE)
    assert town.fold.requests == {}


@pytest.mark.promise(6)
def test_a_request_that_the_rules_forbid_is_void_with_its_clauses_though_all_keys_signed(town):
    clause = Clause("R8.area-max", "a test", {"en": "The area is too large."})
    town.judge.answers["request"] = Verdict(Outcome.FORBID, (clause,), terms=Terms(60, 30))
    record = town.put(e.Request, "diaz", "kim", "okafor", **town.request_fields())
    assert record.reason is Void.RULES
    assert record.verdict.clauses == (clause,)
    assert town.fold.requests == {}


@pytest.mark.requirement("R12")
def test_where_the_rules_ask_for_a_reviewer_the_third_signature_counts(town):
    review = (Clause("R10.review-health", "a test"),)
    town.judge.answers["request"] = Verdict(Outcome.PERMIT, review=review, terms=Terms(60, 30))
    assert town.put(e.Request, "diaz", "kim", **town.request_fields()).reason is Void.REVIEWER_SIGNATURE
    index = town.good(e.Request, "diaz", "kim", "okafor", **town.request_fields())
    assert town.fold.requests[index].reviewer == "okafor"


def test_a_request_is_a_span_of_time(town):
    fields = town.request_fields(from_=town.now - 60, to=town.now - 60)
    assert town.put(e.Request, "diaz", "kim", **fields).reason is Void.SPAN


@pytest.mark.parametrize("recipient", ["reyes", "ito", "judge-hall"])
def test_courts_prosecutors_and_defence_can_be_recipients(town, recipient):
    recipients = (town.at["diaz"], town.at["kim"], town.at[recipient])
    assert town.ask(recipients=recipients)


def test_a_device_that_ended_or_never_was_is_no_recipient(town):
    town.good(e.KeyEnd, f"registrar-{ORI}", key=town.at["novak"], **words())
    for other in (town.at["novak"], 10_000):
        fields = town.request_fields(recipients=(town.at["diaz"], town.at["kim"], other))
        assert town.put(e.Request, "diaz", "kim", **fields).reason is Void.RECIPIENTS


def test_requests_of_one_case_are_counted_by_its_tag(town):
    town.ask()
    town.ask()
    town.ask(case_tag="ce" * 16)
    assert town.fold.case_count(ORI, "cc" * 16) == 2
    assert town.fold.case_count(OTHER_ORI, "cc" * 16) == 0


@pytest.mark.requirement("R35")
def test_a_reviewer_suspends_and_reinstates_a_request(town):
    request = town.fold.requests[town.ask()]
    fields = {"target": request.index, "draft": "", "reason": "too-wide"}
    assert town.put(e.Review, "okafor", action="reinstated", **fields).reason is Void.ALREADY
    town.good(e.Review, "okafor", action="suspended", **fields)
    assert request.phase(town.now) is RequestPhase.SUSPENDED
    assert town.fold.open_requests(ORI, town.now) == [request]
    town.good(e.Review, "okafor", action="reinstated", **fields)
    assert request.phase(town.now) is RequestPhase.OPEN
    assert [step.type for step in request.history] == ["request", "review", "review"]
    assert town.put(e.Review, "diaz", action="suspended", **fields).reason is Void.SIGNER


@pytest.mark.requirement("R35", "S11")
def test_a_reviewer_suspends_a_whole_partnership(town):
    fields = {"target": town.at["partnership"], "draft": "", "reason": "misuse"}
    town.good(e.Review, "okafor", action="suspended", **fields)
    assert town.put(e.Request, "diaz", "kim", **town.request_fields()).reason is Void.PARTNERSHIP
    town.good(e.Review, "okafor", action="reinstated", **fields)
    assert town.ask()


def test_a_returned_draft_is_named_by_its_hash_only(town):
    town.good(e.Review, "okafor", action="returned", target=-1, draft="ab" * 32, reason="unclear")
    wrong = town.put(e.Review, "okafor", action="returned", target=-1, draft="", reason="unclear")
    assert wrong.reason is Void.TARGET
    for target, draft in ((-1, ""), (town.ask(), "ab" * 32)):
        record = town.put(e.Review, "okafor", action="suspended", target=target, draft=draft, reason="unclear")
        assert record.reason is Void.TARGET


def test_a_reviewer_marks_a_flood_of_clips_as_junk(town):
    clip = town.fold.disclosures[town.share()]
    fields = {"action": "junk", "target": clip.index, "draft": "", "reason": "spam"}
    town.good(e.Review, "okafor", **fields)
    assert clip.junk
    assert town.put(e.Review, "okafor", **fields).reason is Void.ALREADY


def test_a_takedown_names_a_published_text_once(town):
    town.ask(narrative="d1" * 32)
    index = town.good(e.Takedown, "okafor", blob="d1" * 32, reason="personal-data")
    assert town.fold.takedowns == {"d1" * 32: index}
    assert town.put(e.Takedown, "okafor", blob="d1" * 32, reason="personal-data").reason is Void.ALREADY


def test_the_grid_is_never_taken_down(town):
    assert town.put(e.Takedown, "okafor", blob="aa" * 32, reason="personal-data").reason is Void.TEXT_OF_RULES


def test_refusals_are_counted_by_day_and_clause(town):
    day = town.now // DAY - 1
    town.good(e.Refusals, "portal", day=day, counts=(("R8.area-min", 3), ("R9.window-max", 1)))
    assert town.fold.refusals[day] == {"R8.area-min": 3, "R9.window-max": 1}
    assert town.put(e.Refusals, "portal", day=day, counts=(("R8.area-min", 1),)).reason is Void.DAY


@pytest.mark.requirement("R32")
def test_a_later_outcome_replaces_an_earlier_one_and_both_stay(town):
    request = town.fold.requests[town.ask()]
    town.wait(days=8)
    town.good(e.Outcome, "diaz", request=request.index, code="not_viewed", clips="<5")
    town.good(e.Outcome, "kim", request=request.index, code="cleared_someone", clips="6")
    assert request.outcome.code == "cleared_someone"
    assert [step.type for step in request.history] == ["request", "outcome", "outcome"]
    assert town.put(e.Outcome, "okafor", request=request.index, code="closed", clips="<5").reason is Void.SIGNER


def test_the_outcome_is_owed_after_the_partnership_too(town):
    index = town.ask()
    town.good(e.PartnershipCancel, *BOARD, partnership=town.at["partnership"], **words())
    assert town.put(e.Outcome, "diaz", request=index, code="closed", clips="<5").in_force


@pytest.mark.requirement("S6", "R27")
def test_a_sealed_request_is_unsealed_with_the_content_that_was_sealed(town):
    index = town.good(e.SealedRequest, "judge-hall", "kim", **sealed(town))
    state = town.fold.sealed[index]
    assert town.put(e.SealedRequest, "judge-hall", **sealed(town)).reason is Void.SIGNER
    assert not state.overdue(town.now)
    opened = town.good(e.Unseal, "diaz", sealed=index, content="5e" * 32)
    assert state.unsealed == opened
    assert "5e" * 32 in town.fold.texts
    assert town.put(e.Unseal, "diaz", sealed=index, content="5e" * 32).reason is Void.ALREADY
    town.wait(days=100)
    assert town.fold.overdue_unseals(town.now) == []


@pytest.mark.requirement("R27", "R29")
def test_an_overdue_unsealing_blocks_only_the_agency_that_owes_it(town):
    town.good(e.SealedRequest, "judge-hall", "diaz", **sealed(town))
    town.wait(days=90)
    assert len(town.fold.overdue_unseals(town.now)) == 1
    assert town.fold.overdue_unseals(town.now, OTHER_ORI) == []
    assert (
        town.put(e.SealedRequest, "judge-hall", "diaz", **sealed(town, unseal_by=town.now)).reason is Void.UNSEAL_BY
    )


@pytest.mark.requirement("S6", "R30")
def test_an_emergency_is_reviewed_once_by_somebody_outside_the_agency(town):
    request = town.fold.requests[town.ask(basis="emergency")]
    fields = {"request": request.index, "code": "unjustified", "text": "77" * 32}
    assert town.put(e.EmergencyReview, "kim", **fields).reason is Void.SIGNER
    index = town.good(e.EmergencyReview, "judge-hall", **fields)
    assert request.emergency_review == index
    assert town.put(e.EmergencyReview, "okafor", **fields).reason is Void.ALREADY


@pytest.mark.requirement("S11", "R34")
def test_a_complaint_is_answered_by_a_finding(town):
    fields = {"agency": ORI, "about": -1, "code": "filmed", "received": town.now, "text": ""}
    index = town.good(e.Complaint, "portal", **fields)
    finding = town.good(e.Finding, "okafor", complaint=index, code="upheld", text="78" * 32)
    audit = town.good(e.Finding, "okafor", complaint=-1, code="sample-clean", text="79" * 32)
    assert town.fold.complaints[index].findings == [finding]
    assert audit not in town.fold.complaints[index].findings
    future = fields | {"about": town.fold.size + 1}
    assert town.put(e.Complaint, "okafor", **future).reason is Void.REFERENCE


def test_a_breach_is_told_by_whoever_runs_the_part(town):
    fields = {"code": "table-rolled-back", "clips": 3, "since": town.now - DAY, "text": ""}
    index = town.good(e.Breach, "library", **fields)
    town.good(e.Breach, *BOARD, **fields)
    assert town.fold.breaches[0] == index
    assert town.put(e.Breach, "diaz", **fields).reason is Void.SIGNER
    assert town.put(e.Breach, "library", **(fields | {"since": town.now + 1})).reason is Void.SPAN


@pytest.mark.requirement("S12")
def test_a_letter_gets_a_recorded_answer_of_the_elected_body(town):
    letter = town.good(e.Letter, "portal", text="7a" * 32, signatures=36)
    answer = town.good(e.LetterAnswer, *BOARD, letter=letter, text="7b" * 32)
    assert town.fold.letters == {letter: [answer]}
    assert town.put(e.LetterAnswer, "portal", letter=letter, text="7b" * 32).reason is Void.COMMUNITY_SIGNATURES


def test_rules_of_requests_that_closed_within_a_day_still_count_for_shares(town):
    town.ask(closes=town.now + 40 * DAY)
    first = town.at["policy"]
    second = town.adopt("bc" * 32)
    town.wait(days=30)
    assert [p.index for p in town.fold.policies_answerable(town.now)] == [second, first]
    town.wait(days=10.5)  # half a day after it closed
    assert [p.index for p in town.fold.policies_answerable(town.now)] == [second, first]
    town.wait(days=0.5)
    assert [p.index for p in town.fold.policies_answerable(town.now)] == [second]


@pytest.mark.requirement("R4")
def test_rules_that_close_appeals_leave_a_day_to_share_under_the_old_ones_and_no_more(town):
    town.ask(closes=town.now + 60 * DAY)
    first = town.at["policy"]
    second = town.adopt("bc" * 32, "close")
    town.wait(days=30.5)
    assert [p.index for p in town.fold.policies_answerable(town.now)] == [second, first]
    town.wait(days=0.5)
    assert [p.index for p in town.fold.policies_answerable(town.now)] == [second]
