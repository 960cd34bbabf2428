# SPDX-License-Identifier: AGPL-3.0-or-later
"""`decide` and the judge that all doors use: pure, whole, and honest about what it cannot check."""

from __future__ import annotations

import dataclasses
import json

import h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.docket.state import Status
from sunporch.docket.verdict import Outcome
from sunporch.docket.void import Unsettled, Void
from sunporch.policy import PolicyJudge, cedar, decide
from sunporch.policy import decision as decision_room
from sunporch.policy.facts import parts
from tests.docket.people import DAY, ORI, RETENTION, SteadyJudge, Town
from tests.docket.void_cases import event, words
from tests.policy.clause_cases import asked, edited
from tests.policy.street import AREA, SAMPLE, Street, bundle_of


def test_the_main_job_passes_under_real_rules():
    street = Street()
    request = street.fold.requests[street.ask()]
    assert request.terms.retention_days == RETENTION
    clip = street.share()
    assert street.put_access(clip, "diaz").in_force
    exported = street.put(e.Export, "diaz", "kim", disclosure=clip, file="f1" * 32, format="mp4", recipient="court")
    assert exported.in_force


@pytest.mark.promise(6)
@pytest.mark.requirement("R8")
def test_a_forbidden_request_that_was_published_all_the_same_is_void_with_its_clauses():
    street = Street()
    record = street.put(e.Request, "diaz", "kim", "okafor", **street.request_fields(cells=AREA[:3]))
    assert record.reason is Void.RULES
    assert [clause.id for clause in record.verdict.clauses] == ["R8.area-min", "R8.households-min"]


@pytest.mark.promise(12)
@pytest.mark.requirement("R12", "S3")
def test_one_person_alone_is_refused_with_the_clause_of_the_two_people():
    street = Street()
    record = street.put(e.Request, "diaz", **street.request_fields())
    assert record.reason is Void.SUPERVISOR_SIGNATURE
    assert [clause.id for clause in record.verdict.clauses] == ["R12.two-people"]


def test_a_bundle_without_that_clause_cannot_bend_the_rule_of_the_two_people():
    clause = '@id("R12.two-people")'
    rules = bundle_of().rules
    assert "R12.two-people" in rules.rules
    text = json.loads(bundle_of().text)["cedar"]
    start = text.index(clause)
    bent = edited(cedar=text[:start] + text[text.index(";\n", start) + 2 :])
    street = Street(bundle=bent)
    record = street.put(e.Request, "diaz", **street.request_fields())
    assert record.verdict.permitted
    assert record.reason is Void.SUPERVISOR_SIGNATURE


@pytest.mark.requirement("R5")
def test_the_refusal_of_a_federal_partner_cites_its_clause():
    street = Street()
    fields = street.partnership_fields("DCFBI0000", kind="federal")
    record = street.put(e.Partnership, "bell-1", "bell-2", "registrar-DCFBI0000", **fields)
    assert record.reason is Void.AGENCY_KIND
    assert [clause.id for clause in record.verdict.clauses] == ["R5.agency-kind"]


@pytest.mark.requirement("R10", "S8")
def test_an_area_near_a_clinic_counts_only_with_a_reviewers_signature():
    street = Street()
    place = next(place for place in SAMPLE.places if place["kind"] == "clinic")
    area = tuple(sorted(cell for cell in h3.grid_disk(place["cells"][0], 2) if cell in SAMPLE.grid))
    fields = street.request_fields(cells=area)
    record = street.put(e.Request, "diaz", "kim", **fields)
    assert record.reason is Void.REVIEWER_SIGNATURE
    assert [clause.id for clause in record.verdict.review] == ["R10.review-health"]
    assert street.put(e.Request, "diaz", "kim", "okafor", **fields).in_force


@pytest.mark.requirement("R10")
def test_an_event_elsewhere_or_at_another_time_is_no_reason():
    street = Street()
    street.good(e.Event, "okafor", **event(cells=(SAMPLE.centre,), from_=street.now - 3600, to=street.now))
    street.good(e.Event, "okafor", **event(cells=("8a28d542d59ffff",), from_=0, to=street.now))
    assert street.ask()


@pytest.mark.requirement("R9")
def test_a_second_too_much_is_too_much():
    street = Street()
    draft = street.draft(from_=street.now - 720 * 60 - 61, to=street.now - 60)
    assert [clause.id for clause in street.decide(draft).clauses] == ["R9.window-max"]
    assert street.decide(street.draft(to=street.now)).permitted
    assert not street.decide(street.draft(to=street.now + 1)).permitted


def test_without_household_figures_only_the_limits_in_cells_hold():
    bundle = edited(grid=dict.fromkeys(SAMPLE.grid, 0))
    assert not bundle.households_known
    street = Street(bundle=bundle)
    assert street.decide(street.draft()).permitted


def test_rules_of_a_day_ago_still_permit_a_share_that_was_under_way():
    street = Street()
    street.ask(closes=street.now + 7 * DAY)
    longer = bundle_of(retention_days=90)
    blob = Blob(b"\x02" * 16, longer.text)
    street.blobs[blob.commitment] = blob
    street.adopt(blob.commitment)
    assert street.put_share(1).in_force
    street.wait(days=30)
    assert street.put_share(2).reason is Void.RULES
    assert street.put_share(3, expires=(street.now // DAY + 90) * DAY).in_force


@pytest.mark.requirement("R23", "R22")
def test_a_receipt_of_yesterday_is_in_time_and_an_older_one_is_not():
    street = Street()
    yesterday = (street.now // DAY - 1 + RETENTION) * DAY
    assert street.put_share(1, expires=yesterday).in_force
    assert street.put_share(2, expires=yesterday - DAY).reason is Void.RULES


@pytest.mark.requirement("R1", "S2")
def test_before_any_rules_are_in_force_nobody_may_ask():
    street = Street()
    early = street.fold.policies[street.at["policy"]].in_force_from - 1
    verdict = street.judge.judge(street.draft(), street.fold, early)
    assert [clause.id for clause in verdict.clauses] == ["R2.no-rules"]
    assert verdict.outcome is Outcome.FORBID


def judged_with(blob_of) -> tuple[Street, object]:
    street = Street()
    judge = PolicyJudge(blob_of(street))
    return street, judge.judge(street.draft(), street.fold, street.now)


def other_format(street):
    text = street.rules.text.replace("sunporch/policy/v1", "sunporch/policy/v9")
    blob = Blob(b"\x03" * 16, text)
    adopted = street.fold.policies[street.at["policy"]]
    street.fold.policies[adopted.index] = dataclasses.replace(adopted, bundle=street.publish(blob))
    return street.blobs.get


@pytest.mark.parametrize(
    ("blob_of", "said"),
    [
        (lambda _: {}.get, "not here"),
        (lambda street: (street.blobs | {street.bundle: Blob(b"\x09" * 16, street.rules.text)}).get, "not the one"),
        (other_format, "format"),
    ],
    ids=["no bundle", "another bundle", "newer format"],
)
def test_rules_that_are_not_here_or_too_new_cannot_be_checked_and_forbid_nothing(blob_of, said):
    _, verdict = judged_with(blob_of)
    assert verdict.outcome is Outcome.CANNOT_CHECK
    assert said in verdict.clauses[0].sentence("en")
    assert verdict.clauses[0].sentence("es") != verdict.clauses[0].sentence("en")


def test_a_request_that_cannot_be_checked_is_neither_in_force_nor_void():
    street = Street()
    street.blobs.clear()
    street.fold._judge = PolicyJudge(street.blobs.get)
    record = street.put(e.Request, "diaz", "kim", **street.request_fields())
    assert (record.status, record.reason) == (Status.UNKNOWN, Unsettled.CANNOT_CHECK)
    share = street.put_share()
    assert (share.status, share.reason) == (Status.UNKNOWN, Unsettled.CANNOT_CHECK)


def test_a_rule_that_cannot_be_computed_refuses():
    overflow = "context.cells * 9223372036854775807 * 2 > 5"
    head = '@id("X.overflow") @cite("x")\nforbid (principal, action == Action::"request", resource)'
    more = f"{head} when {{ {overflow} }};\n"
    good = json.loads(bundle_of().text)
    sentences = {language: known | {"X.overflow": "Never."} for language, known in good["sentences"].items()}
    street = Street(bundle=edited(cedar=good["cedar"] + more, sentences=sentences))
    verdict = street.decide(street.draft())
    assert [clause.id for clause in verdict.clauses] == [cedar.FAILED]
    assert (
        verdict.clauses[0].sentence("en") == "A rule could not be computed, so this is refused (clause rules.error)."
    )
    assert "rechaza" in verdict.clauses[0].sentence("es")


def test_facts_that_do_not_fit_the_schema_refuse():
    assert bundle_of().rules.forbidding("request", ORI, {"cells": 5}) == [[cedar.FAILED]]


def test_rules_that_permit_nothing_refuse():
    good = json.loads(bundle_of().text)
    bundle = edited(
        cedar=good["cedar"].replace(
            '@id("base.request")\npermit (principal, action == Action::"request"',
            '@id("base.request")\npermit (principal, action == Action::"export"',
        )
    )
    street = Street(bundle=bundle)
    assert [clause.id for clause in street.decide(street.draft()).clauses] == [cedar.FAILED]


def test_the_rules_say_nothing_of_other_entries():
    street = Street()
    entry = street.make(e.KeyEnd, key=1, **words())
    assert street.decide(entry).permitted


def test_an_export_of_an_unknown_clip_is_refused_not_an_error():
    street = Street()
    entry = street.make(e.Export, disclosure=5, file="f1" * 32, format="mp4", recipient="court")
    assert [clause.id for clause in street.decide(entry).clauses] == ["R24.export-unopened"]


def test_parsed_rules_are_kept_and_the_keeping_is_bounded(monkeypatch):
    street = Street()
    policy = street.fold.policy_in_force(street.now)
    first = street.judge.bundle_of(policy)
    assert street.judge.bundle_of(policy) is first
    monkeypatch.setattr(decision_room, "MOST_CACHED", 0)
    judge = PolicyJudge(street.blobs.get)
    judge.bundle_of(policy)
    assert judge.bundle_of(policy).text == first.text


def test_the_count_of_parts():
    far = h3.grid_ring(SAMPLE.centre, 5)
    assert parts(set(AREA)) == 1
    assert parts({*AREA, far[0]}) == 2
    assert parts(set(far)) == 1
    assert parts({far[0], far[10], far[20]}) == 3
    assert parts(set()) == 0


FIELDS = st.fixed_dictionaries(
    {
        "cells": st.lists(st.sampled_from(sorted(SAMPLE.grid)), min_size=1, max_size=20, unique=True).map(
            lambda cells: tuple(sorted(cells))
        ),
        "offence": st.sampled_from(["220", "11A", "35A", "30A"]),
        "flags": st.lists(st.sampled_from(e.FLAGS), max_size=4, unique=True).map(tuple),
        "basis": st.sampled_from(["consent", "emergency", "defence"]),
        "policy": st.integers(0, 3),
    }
)


@settings(max_examples=100, deadline=None)
@given(FIELDS, st.integers(-100_000, 100_000), st.integers(0, 100_000), st.integers(-10, 2_000_000))
def test_the_verdict_is_a_function_of_what_is_public(fields, start, length, left):
    street = STREET
    times = {"from_": street.now + start, "to": street.now + start + length, "closes": max(0, street.now + left)}
    draft = street.draft(**fields, **times)
    first, second = street.decide(draft), decide(draft, street.fold, street.rules, street.now)
    assert first == second
    assert first.outcome in (Outcome.PERMIT, Outcome.FORBID)
    assert first.permitted is (first.clauses == ())
    assert list(first.clauses) == sorted(first.clauses, key=lambda clause: clause.id)


STREET = Street()


def test_a_steady_judge_is_only_for_the_dockets_tests():
    town = Town(judge=SteadyJudge())
    assert town.ask()
    assert asked().street.judge.__class__ is PolicyJudge
