# SPDX-License-Identifier: AGPL-3.0-or-later
"""The account behind an appeal: it must say something, press nobody and name nobody."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.policy import check_narrative
from tests.policy.street import bundle_of

GOOD = (
    "Two people broke a rear window on Linden Avenue and carried out a television. They left in a grey van with a "
    "ladder on its roof, driving north towards the bridge. We look for the van and its number plate."
)
CASE = "24-013377"


def broken(text: str, case: str = CASE, **limits) -> list[str]:
    return [clause.id for clause in check_narrative(text, case, bundle_of(**limits))]


def test_an_account_that_says_what_happened_passes():
    assert broken(GOOD) == []


def test_an_account_in_spanish_passes():
    text = (
        "Dos personas rompieron una ventana trasera en la avenida y se llevaron un televisor; huyeron hacia el norte "
        "en una furgoneta gris con una escalera en el techo."
    )
    assert broken(text) == []


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    "text", ["", "Investigation", "police investigation", "n/a", "TEST test", "asdf", "See report."]
)
def test_a_placeholder_is_no_account(text):
    assert broken(text) == ["R7.narrative-placeholder"]


@pytest.mark.requirement("R7")
def test_a_few_words_are_no_account():
    assert broken("A window was broken last night.") == ["R7.narrative-short"]
    assert broken("A window was broken last night.", narrative_words_min=4) == []


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    "case", ["", "1", "test-1", "0000", "none", "investigation 5", "x" * 41 + "1", "24_013377", "case"]
)
def test_a_case_number_is_a_number_of_a_case(case):
    assert broken(GOOD, case) == ["R7.case-number"]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("phrase", ["You must help.", "Failure to answer will be noted.", "La ley le exige ayudar."])
def test_an_account_presses_nobody(phrase):
    assert broken(f"{GOOD} {phrase}") == ["R11.pressure"]


@pytest.mark.requirement("R11")
def test_a_description_by_origin_alone_is_refused():
    text = (
        "Somebody broke a rear window in the afternoon and left through the garden. We look for a Hispanic male seen "
        "around the corner by several neighbours shortly afterwards."
    )
    assert broken(text) == ["R11.race-only"]
    assert broken(text + " He wore a green jacket.") == []


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(
    "name",
    [
        "The victim, Maria Lopez, was out.",
        "Call 555-123-4567.",
        "Write to diaz@police.example.",
        "It was 12 Linden Street.",
    ],
)
def test_a_public_account_names_nobody(name):
    assert broken(f"{GOOD} {name}") == ["R11.identity"]


def test_words_are_found_whole_and_in_any_case():
    assert broken(f"{GOOD} YOU MUST look.") == ["R11.pressure"]
    assert broken(f"{GOOD} Thank you, mustard seller.") == []


def test_such_clauses_say_who_checks_them():
    clause = check_narrative("Investigation", CASE, bundle_of())[0]
    assert clause.checked_by == ("portal", "reviewer")
    assert clause.sentence("en").startswith("'Investigation' alone says nothing")
    assert clause.cite


def test_a_novel_is_refused():
    with pytest.raises(Error) as raised:
        check_narrative("x" * 2_001, CASE, bundle_of())
    assert raised.value.id == "policy.narrative-long"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(max_size=60))
def test_any_account_is_answered_with_clauses(text, case):
    for clause in check_narrative(text, case, bundle_of()):
        assert "{" not in clause.sentence("en") or "{" in text + case
