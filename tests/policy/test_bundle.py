# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's rules as text: the presets are read back, everything else is refused by name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.policy import offences, parse_bundle, presets
from sunporch.policy.bundle import NARRATIVE_CLAUSES, bundle_text, known_parameters
from sunporch.policy.limits import LIMITS, SPANS
from sunporch.policy.sample_town import maple_street
from tests.policy import spec_page
from tests.policy.bad_bundles import bad_bundles
from tests.policy.clause_cases import edited
from tests.policy.street import SAMPLE, bundle_of

BAD = bad_bundles()


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_no_bundle_is_refused_by_name(name):
    text, error_id = BAD[name]
    with pytest.raises(Error) as raised:
        parse_bundle(text)
    assert raised.value.id == error_id


def test_the_refusals_of_bundles_are_five():
    assert {error_id for _, error_id in BAD.values()} == {
        "policy.bundle-malformed",
        "policy.cedar-refused",
        "policy.format-unknown",
        "policy.limit-outside",
        "policy.limit-unknown",
    }


JSON = st.recursive(
    st.text(max_size=10) | st.integers(-10, 10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "languages",
    "limits",
    "offences",
    "purposes",
    "grid",
    "places",
    "words",
    "sentences",
    "name",
    "retention_days",
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_any_value_in_any_field_is_read_or_refused_by_name(field, value):
    try:
        edited(**{field: value})
    except Error as error:
        assert error.id.startswith("policy.")


def test_more_clauses_than_anybody_reads_are_refused():
    clause = '@id("X.{}") @cite("x") forbid (principal, action == Action::"request", resource);\n'
    with pytest.raises(Error) as raised:
        edited(cedar="".join(clause.format(number) for number in range(301)))
    assert raised.value.id == "policy.cedar-refused"


@pytest.mark.parametrize("preset", presets.TITLES)
def test_a_preset_is_read_back_and_its_text_is_one(preset):
    bundle = bundle_of(preset)
    assert bundle.preset == preset
    assert bundle_text(json.loads(bundle.text)) == bundle.text
    assert presets.make(preset, SAMPLE.grid, SAMPLE.places, name=SAMPLE.name) == bundle.text


def test_there_is_no_default_preset():
    with pytest.raises(Error) as raised:
        presets.make("default", SAMPLE.grid, SAMPLE.places)
    assert raised.value.id == "policy.preset-unknown"


def test_a_language_without_sentences_is_refused():
    with pytest.raises(Error) as raised:
        presets.make("consent", SAMPLE.grid, SAMPLE.places, ["en", "tlh"])
    assert raised.value.id == "policy.language-unknown"


def test_a_town_of_one_language_speaks_only_that():
    bundle = parse_bundle(presets.make("consent", SAMPLE.grid, SAMPLE.places, ["es"]))
    assert bundle.languages == ("es",)
    assert bundle.offences["220"].title == {"es": "Robo en vivienda o local"}
    assert set(bundle.clause("R7.case-tag", {}).sentences) == {"es"}


@pytest.mark.parametrize("name", [*LIMITS, *SPANS])
def test_every_limit_has_bounds_that_hold(name):
    table = {**LIMITS, **SPANS}
    limit = table[name]
    assert limit.least <= limit.usual <= limit.most
    assert limit.meaning
    for value in (limit.least - 1, limit.most + 1, True):
        with pytest.raises(Error) as raised:
            presets.make("consent", SAMPLE.grid, SAMPLE.places, **{name: value})
        assert raised.value.id == "policy.limit-outside"


def test_a_limit_that_nobody_knows_is_refused():
    with pytest.raises(Error) as raised:
        presets.make("consent", SAMPLE.grid, SAMPLE.places, drones=1)
    assert raised.value.id == "policy.limit-unknown"


def test_both_languages_say_the_same_of_the_same_clauses():
    english, spanish = bundle_of().sentences["en"], bundle_of().sentences["es"]
    assert set(english) == set(spanish)
    assert [name for name in english if english[name] == spanish[name]] == []


def test_no_sentence_is_left_of_a_clause_that_went():
    clauses = {name for preset in presets.TITLES for name in bundle_of(preset).rules.rules}
    assert set(bundle_of().sentences["en"]) <= clauses | set(NARRATIVE_CLAUSES)


@pytest.mark.requirement("R5")
def test_no_preset_lists_an_immigration_offence():
    for preset in presets.TITLES:
        assert not offences.IMMIGRATION & set(bundle_of(preset).offences)
    assert set(offences.TITLES) >= offences.IMMIGRATION | offences.SEXUAL | set(offences.GRAVE)


def test_offence_codes_are_unique_words_of_two_languages():
    assert len(set(offences.GRAVE)) == len(offences.GRAVE)
    assert all(english and spanish for english, spanish in offences.TITLES.values())


def test_what_a_sentence_can_fill_in_is_known_for_each_clause():
    bundle = bundle_of()
    assert {"cells", "cells_min", "town", "agency"} <= known_parameters(bundle.rules, "R8.area-min")
    assert {"found"} <= known_parameters(bundle.rules, "R11.pressure")


def test_the_sample_town_is_the_same_everywhere():
    town = maple_street()
    assert town == maple_street()
    assert len(town.grid) == 271
    assert min(town.grid.values()) >= 8
    assert [place["kind"] for place in town.places] == ["clinic", "worship", "school"]
    assert all(set(place["cells"]) <= set(town.grid) for place in town.places)


def test_the_spec_shows_limits_and_schema_as_they_are():
    page = spec_page.PAGE.read_text(encoding="utf-8")
    assert spec_page.filled(page) == page
    assert "LIMITS" not in page
