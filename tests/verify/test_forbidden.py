# SPDX-License-Identifier: AGPL-3.0-or-later
"""What no town may do, published with real keys: void for whoever reads the record, and named by the verifier."""

from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from sunporch.docket.state import Status
from sunporch.docket.void import Void
from sunporch.verify import procedure
from sunporch.verify.report import Step
from sunporch.verify.tail import Tail
from tests.forbidden import ATTACKS, Ground, event
from tests.verify.town import CENTRE, COMMENT_DAYS, CROWDED, DAY, ORI, LogTown, person

COUNCIL = ("bell-1", "bell-2")


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    yield town
    town.close()


def read(town) -> Tail:
    town.cosign()
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    return tail


def clauses(record) -> set[str]:
    return {clause.id for clause in (*record.verdict.clauses, *record.verdict.review)}


@pytest.mark.promise(6)
@pytest.mark.requirement("R1", "R2", "R4", "R5", "R7", "R8", "R9", "R10", "R12", "S3", "S8")
def test_each_forbidden_appeal_is_void_and_the_verifier_names_its_clause(town):
    ground = Ground(town.now, CENTRE, town.keys["diaz"])
    town.put(e.Event, person("okafor"), **event(ground))
    made = {name: town.ask(*attack.signers, **attack.changes(ground)) for name, attack in ATTACKS.items()}
    fold = read(town).fold
    report = procedure.run(town.fetch, town.pin, now=town.now)
    named = {finding.where for step in (Step.FOLD, Step.DECIDE) for finding in report.steps[step].findings}
    for name, index in made.items():
        assert fold.records[index].status is Status.VOID, name
        assert ATTACKS[name].clause in clauses(fold.records[index]), (name, clauses(fold.records[index]))
        assert f"entry {index}" in named, name
    assert not fold.requests
    assert not report.ok


@pytest.mark.promise(6)
@pytest.mark.requirement("R9")
def test_a_third_appeal_for_one_case_is_void(town):
    made = [town.ask(case_tag="ca" * 16) for _ in range(3)]
    fold = read(town).fold
    assert list(fold.requests) == made[:2]
    assert clauses(fold.records[made[2]]) == {"R9.case-requests"}


@pytest.mark.promise(6)
@pytest.mark.requirement("R1", "R3", "R5", "S2")
def test_an_agency_that_the_town_did_not_let_in_properly_can_never_ask(town):
    """Without the comment period, before the hearing, without an end, as a federal agency, without the council."""
    begins = town.now + COMMENT_DAYS * DAY
    good = {"agency": "MA0990000", "name": "Elsewhere Police", "kind": "municipal", "instrument": "Memo 1"}
    good |= {"link": "https://town.example/memo", "hearing": begins, "in_force_from": begins, "ends": begins + DAY}
    good["registrar"] = str(person("registrar-MA0990000").verifier)
    attacks = [
        ({"in_force_from": begins - 1, "hearing": town.now}, COUNCIL, Void.COMMENT_PERIOD),
        ({"hearing": begins + 1}, COUNCIL, Void.HEARING),
        ({"ends": begins}, COUNCIL, Void.SPAN),
        ({"kind": "federal"}, COUNCIL, Void.AGENCY_KIND),
        ({"kind": "immigration"}, COUNCIL, Void.AGENCY_KIND),
        ({}, COUNCIL[:1], Void.COMMUNITY_SIGNATURES),
        ({}, ("diaz", "kim"), Void.COMMUNITY_SIGNATURES),
    ]
    made = []
    for changes, signers, reason in attacks:
        keys = [person(name) for name in (*signers, "registrar-MA0990000")]
        made.append((town.put(e.Partnership, *keys, **(good | changes)), reason))
    town.cosign()
    town.wait(days=COMMENT_DAYS)
    appeal = town.ask(agency="MA0990000")
    fold = read(town).fold
    assert [fold.records[index].reason for index, _ in made] == [reason for _, reason in made]
    assert fold.partnership_of("MA0990000", town.now) is None
    assert "R1.partnership" in clauses(fold.records[appeal])


@pytest.mark.promise(6)
@pytest.mark.requirement("R1", "R42", "S2")
def test_nobody_asks_after_the_end_of_the_partnership_nor_after_the_one_act_that_ends_it(town):
    ends = town.put(
        e.PartnershipCancel, *map(person, COUNCIL), partnership=town.keys["partnership"], reason="the council voted"
    )
    late = town.ask()
    fold = read(town).fold
    assert fold.records[ends].in_force
    assert clauses(fold.records[late]) >= {"R1.partnership"}
    assert fold.partnerships[town.keys["partnership"]].cancelled_by == "community"


@pytest.mark.promise(6)
@pytest.mark.requirement("R1")
def test_a_partnership_lapses_by_itself_and_nobody_asks_after_it(town):
    town.wait(days=366)
    late = town.ask()
    record = read(town).fold.records[late]
    assert record.reason is Void.PARTNERSHIP
    assert "R1.partnership" in clauses(record)


@pytest.mark.promise(6)
@pytest.mark.requirement("R4", "R8")
def test_rules_are_not_changed_over_night_nor_by_the_police_nor_with_other_homes(town):
    night = town.adopt(town.bundle, days=0)
    fields = {"in_force_from": town.now + COMMENT_DAYS * DAY, "open_requests": "keep"}
    police = town.put(e.Policy, person("diaz"), person("kim"), bundle=town.bundle.commitment, **fields)
    crowded = town.adopt(CROWDED)
    town.cosign()
    town.wait(days=COMMENT_DAYS)
    asked = [town.ask(policy=index) for index in (night, police, crowded)]
    still = town.ask()
    fold = read(town).fold
    reasons = [fold.records[index].reason for index in (night, police, crowded)]
    assert reasons == [Void.COMMENT_PERIOD, Void.COMMUNITY_SIGNATURES, Void.GRID]
    assert all("R2.policy-cited" in clauses(fold.records[index]) for index in asked)
    assert fold.records[still].in_force
    assert fold.partnership_of(ORI, town.now) is not None
