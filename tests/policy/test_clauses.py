# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each clause carries its own weight: without it, exactly the case that only it forbids is permitted."""

from __future__ import annotations

import pytest

from sunporch.docket.verdict import Outcome
from tests.policy.clause_cases import CASES, OTHER_PRESETS, asked, copied, passed_on, shared, without
from tests.policy.street import bundle_of


def forbids(preset: str) -> list[str]:
    return sorted(rule.id for rule in bundle_of(preset).rules.rules.values() if rule.effect == "forbid")


def check_that_only_it(clause_id, case):
    street = case.street
    verdict = street.decide(case.entry, signers=case.signers)
    about = verdict.review if "review" in clause_id else verdict.clauses
    assert [clause.id for clause in verdict.clauses + verdict.review] == [clause_id]
    assert [clause.id for clause in about] == [clause_id]
    assert verdict.outcome is (Outcome.PERMIT if "review" in clause_id else Outcome.FORBID)
    lenient = street.decide(case.entry, without(street.rules.text, clause_id), case.signers)
    assert lenient.outcome is Outcome.PERMIT
    assert lenient.clauses == lenient.review == ()
    return about[0]


@pytest.mark.requirement("R2", "S3", "S8", "S9", "R5", "R8", "R9")
@pytest.mark.parametrize("clause_id", forbids("consent"))
def test_without_the_clause_the_case_that_only_it_forbids_is_permitted(clause_id):
    clause = check_that_only_it(clause_id, CASES[clause_id]())
    assert clause.cite
    assert clause.checked_by == ()
    for language, word in (("en", "clause"), ("es", "cláusula")):
        sentence = clause.sentence(language)
        assert sentence.endswith(f" ({word} {clause_id}).")
        assert "{" not in sentence
    assert clause.sentence("en") != clause.sentence("es")


@pytest.mark.parametrize(("preset", "clause_id"), sorted(OTHER_PRESETS))
def test_the_presets_that_let_nobody_ask_do_so_by_a_clause(preset, clause_id):
    case = OTHER_PRESETS[preset, clause_id]()
    found = {clause.id for clause in case.street.decide(case.entry).clauses}
    assert found == {clause_id}
    lenient = case.street.decide(case.entry, without(case.street.rules.text, clause_id))
    assert (lenient.outcome, lenient.review) == (Outcome.PERMIT, ())


def test_every_clause_of_the_other_presets_has_a_case():
    onward = {name for name in forbids("consent") if name in forbids("nobody")}
    wanted = {(p, c) for p in ("nobody", "warrant-only") for c in forbids(p) if c not in onward | {"R23.retention"}}
    assert wanted | {("warrant-only", "R23.retention")} == set(OTHER_PRESETS)


def test_no_case_is_left_of_a_clause_that_went():
    assert set(CASES) == set(forbids("consent"))


@pytest.mark.parametrize("case", [asked, shared, copied, passed_on], ids=["asked", "shared", "copied", "passed on"])
def test_what_no_clause_forbids_is_permitted(case):
    made = case()
    verdict = made.street.decide(made.entry, signers=None)
    assert (verdict.outcome, verdict.clauses, verdict.review) == (Outcome.PERMIT, (), ())


def test_every_clause_that_forbids_is_named_not_only_the_first():
    made = asked(offence="35A", purpose="curiosity", case_tag="0" * 32, cells=asked().entry.cells[:1])
    named = [clause.id for clause in made.street.decide(made.entry).clauses]
    assert named == ["R2.purpose", "R7.case-tag", "R7.offence", "R8.area-min", "R8.households-min"]


def test_the_sentence_says_what_was_asked_and_what_is_allowed():
    made = asked(cells=asked().entry.cells[:3], limits={"households_min": 0})
    clause = made.street.decide(made.entry).clauses[0]
    assert clause.sentence("en") == "The area is 3 cells; Maple Street allows at least 4 (clause R8.area-min)."
    assert clause.sentence("es") == "La zona tiene 3 celdas; Maple Street exige al menos 4 (cláusula R8.area-min)."
