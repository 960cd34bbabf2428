# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town writes its own rules from rules that exist, by choosing: and they say that and nothing else."""

from __future__ import annotations

import json

import pytest

from sunporch.base.errors import Error
from sunporch.policy import amending, grid_text, parse_bundle, presets
from sunporch.policy.bundle import Resolution
from tests.policy.street import SAMPLE

DECISION = Resolution("Resolution 2026-14", "https://maple.example/14", 1_760_000_000, 1_761_000_000)


def preset(name: str = "consent"):
    return parse_bundle(presets.make(name, SAMPLE.grid, SAMPLE.places, name="Maple Street"))


def chosen(base, **changes) -> amending.Amendment:
    """Return the choices that change nothing, with changes."""
    numbers = {name: (base.limits | vars(base))[name] for name in amending.numbers_of(base)}
    codes = {name: tuple(getattr(base, name)) for name in amending.lists_of(base)}
    holding = frozenset(name for name, held in amending.choices_of(base).items() if held)
    return amending.Amendment(
        numbers=numbers | changes.pop("numbers", {}),
        offences=changes.pop("offences", tuple(base.offences)),
        codes=codes | changes.pop("codes", {}),
        clauses=changes.pop("clauses", holding),
        resolution=DECISION,
        texts=amending.texts_of(base) | changes,
    )


@pytest.mark.requirement("R2", "R4")
@pytest.mark.parametrize("name", sorted(presets.TITLES))
def test_who_changes_nothing_gets_the_same_rules_with_the_resolution_in_them(name):
    base = preset(name)
    made = amending.amend(base, SAMPLE.grid, chosen(base))
    assert made.resolution == DECISION
    old, new = (
        {key: sorted(value) if key in amending.CODE_LISTS else value for key, value in json.loads(of.text).items()}
        for of in (base, made)
    )
    assert new.pop("resolution")
    assert new == old


def test_a_communitys_grid_is_read_in_its_one_spelling_alone():
    written = grid_text(SAMPLE.grid)
    assert amending.grid_of(written) == SAMPLE.grid
    with pytest.raises(Error, match=r"policy\.bundle-malformed"):
        amending.grid_of(written.replace(":", ": ", 1))


@pytest.mark.requirement("R2", "R4")
@pytest.mark.parametrize("clause", amending.CHOSEN)
def test_a_clause_that_is_not_chosen_is_gone_alone_and_comes_back_as_it_was(clause):
    base = preset()
    holding = frozenset(name for name, held in amending.choices_of(base).items() if held)
    without = amending.amend(base, SAMPLE.grid, chosen(base, clauses=holding - {clause}))
    assert base.rules.rules.keys() - without.rules.rules.keys() == {clause}
    assert amending.choices_of(without)[clause] is False
    again = amending.amend(without, SAMPLE.grid, chosen(without, clauses=holding))
    assert amending._written(again.clauses_text) == amending._written(base.clauses_text)


def test_numbers_offences_and_codes_are_those_that_were_chosen():
    base = preset()
    wish = chosen(
        base,
        numbers={"cells_max": 10, "retention_days": 30},
        offences=("220", "290"),
        codes={"purposes": ("locate-vehicle",)},
    )
    made = amending.amend(base, SAMPLE.grid, wish)
    assert (made.limits["cells_max"], made.retention_days) == (10, 30)
    assert list(made.offences) == ["220", "290"]
    assert made.offences["290"].title["es"] == "Daños o vandalismo"
    assert made.purposes == {"locate-vehicle"}


@pytest.mark.requirement("R2")
@pytest.mark.parametrize(("low", "high"), amending._LEAST_AND_MOST)
def test_numbers_that_contradict_each_other_make_no_rules(low, high):
    base = preset()
    most = amending.numbers_of(base)[high][0].most
    wish = chosen(base, numbers={low: 8, high: 7} if most >= 8 and low != "recipients_min" else {low: 4, high: 3})
    with pytest.raises(Error) as caught:
        amending.amend(base, SAMPLE.grid, wish)
    assert (caught.value.id, caught.value.where) == ("policy.limits-crossed", low)


@pytest.mark.requirement("R2", "R10")
def test_a_towns_own_places_words_and_sentences_stand_in_its_rules_and_all_else_stays():
    base = preset()
    written = amending.texts_of(base)
    said = written["sentences"]
    own = {
        "name": "Cedar Falls",
        "places": [{"kind": "clinic", "name": "Cedar Clinic", "cells": [SAMPLE.centre]}],
        "words": written["words"] | {"pressure": ["or else"]},
        "sentences": said | {"en": said["en"] | {"R8.area-min": "Only {cells} cells; {cells_min} are the least."}},
    }
    made = amending.amend(base, SAMPLE.grid, chosen(base, **own))
    assert amending.texts_of(made) == own
    assert [place.name for place in made.places] == ["Cedar Clinic"]
    assert made.clause("R8.area-min", {"cells": 2}).sentence("en").startswith("Only 2 cells; 4 are the least (")
    assert (made.limits, made.grid, made.rules.rules) == (base.limits, base.grid, base.rules.rules)


def test_a_clause_of_the_towns_own_stays_whatever_is_chosen():
    fields = json.loads(preset().text)
    fields["cedar"] += (
        '\n@id("M1.night") @cite("Maple Street")\nforbid (principal, action == Action::"request", resource)\n'
        'when { context.window_minutes > 60 };\n\n\n@id("base.more") permit (principal, action == '
        'Action::"disclosure", resource);'
    )
    for language in fields["languages"]:
        fields["sentences"][language]["M1.night"] = "No more than an hour."
    base = parse_bundle(json.dumps(fields, separators=(",", ":"), ensure_ascii=False, sort_keys=True))
    made = amending.amend(base, SAMPLE.grid, chosen(base, clauses=frozenset({"R10.assembly"})))
    assert {"M1.night", "base.more", "R10.assembly"} <= made.rules.rules.keys()
    assert "R10.review-school" not in made.rules.rules


@pytest.mark.parametrize(("name", "some", "none"), [
    ("consent", {"cells_max", "retention_days", "outcome_days", "narrative_words_min"}, set()),
    ("warrant-only", {"retention_days"}, {"cells_max", "outcome_days", "narrative_words_min"}),
    ("nobody", set(), {"cells_max", "retention_days", "outcome_days", "narrative_words_min"}),
])  # fmt: skip
def test_a_town_is_asked_for_a_number_only_where_a_clause_uses_it(name, some, none):
    base = preset(name)
    asked = amending.numbers_of(base)
    assert some <= asked.keys() and not none & asked.keys()
    assert all(clause in base.rules.rules or clause == "R7.narrative-short" for _, clause in asked.values())


def test_a_clause_is_cut_out_whole_however_a_town_wrote_it():
    base = preset()
    fields = json.loads(base.text)
    quoted = amending._written(base.clauses_text)
    ours = (
        '// one; "two\n@id("R10.assembly") @cite("R10")\nforbid (principal, action == Action::"request", resource)\n'
        'when { context.places.contains("a;\n\n@id(\\"M1.night\\") // b") };'
    )
    blocks = [block for block in amending._blocks(base.clauses_text) if amending._name(block) != "R10.assembly"]
    assert len(blocks) == len(quoted) - 1
    fields["cedar"] = "\n".join([blocks[0], ours, *blocks[1:]]) + " // the end;"
    strange = parse_bundle(json.dumps(fields, separators=(",", ":"), ensure_ascii=False, sort_keys=True))
    holding = frozenset(name for name, held in amending.choices_of(strange).items() if held)
    made = amending.amend(strange, SAMPLE.grid, chosen(strange, clauses=holding - {"R10.assembly"}))
    left = amending._written(made.clauses_text)
    assert left == {name: clause for name, clause in quoted.items() if name != "R10.assembly"}
