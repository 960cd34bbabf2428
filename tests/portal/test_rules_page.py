# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules as a resident reads them: whole sentences with the town's own numbers, and never more than is signed."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.policy import parse_bundle, presets
from sunporch.portal.board import pages, plain_rules
from tests.portal.street import TOWN, Visitor


def bundle(preset: str = "consent", **limits):
    return parse_bundle(presets.make(preset, TOWN.grid, TOWN.places, name="Maple Street", **limits))


def sentences(of, language: str = "en") -> dict[str, str]:
    with translation.override(language):
        groups = plain_rules.groups(of, language)
        return {clause["id"]: str(clause["sentence"]) for group in groups for clause in group["clauses"]}


def in_force(of) -> set[str]:
    return {name for name, rule in of.rules.rules.items() if rule.effect == "forbid"}


@pytest.mark.requirement("R2", "R3", "S11")
@pytest.mark.parametrize("preset", sorted(presets.TITLES))
@pytest.mark.parametrize("language", presets.LANGUAGES)
def test_every_clause_in_force_is_a_whole_sentence_and_no_other_is_shown(preset, language):
    rules = bundle(preset)
    shown = sentences(rules, language)
    assert in_force(rules) <= set(shown)
    assert all(
        "narrative" in name or "R11" in name or name == "R7.case-number" for name in set(shown) - in_force(rules)
    )
    for name, sentence in shown.items():
        assert sentence.endswith("."), name
        assert not re.search(r"…|[{}%]|\b[a-z]+_[a-z]+\b|None", sentence), sentence


def test_where_nobody_may_ask_nothing_is_said_about_accounts_and_areas():
    assert "No agency may ask residents for footage." in sentences(bundle("nobody")).values()
    assert not [name for name in sentences(bundle("nobody")) if name.startswith(("R7", "R8", "R9", "R11"))]


def test_the_sentences_hold_the_numbers_that_the_town_set():
    shown = sentences(
        bundle(cells_min=6, households_max=12_345, window_max_minutes=90, closes_min_hours=48, retention_days=17)
    )
    assert shown["R8.area-min"] == "The area has at least 6 map cells, about 9 hectares."
    assert "12,345 households" in shown["R8.households-max"]
    assert shown["R9.window-max"] == "It is at most 1 hour 30 minutes long."
    assert shown["R9.closes-min"] == "Residents have at least 2 days to answer."
    assert "17 days" in shown["R23.retention"]
    spanish = sentences(bundle(window_max_minutes=90), "es")
    assert spanish["R9.window-max"] == "Dura como máximo 1 hora 30 minutos."


def test_a_clause_that_the_town_changed_is_shown_in_its_own_words_not_in_ours():
    text = json.loads(bundle().text)
    text["cedar"] = text["cedar"].replace("context.cells < context.limits.cells_min", "context.cells < 9")
    for language in text["languages"]:
        text["sentences"][language]["R8.area-min"] = "In {town} nine cells; here {cells}."
    changed = parse_bundle(json.dumps(text))
    shown = sentences(changed)
    assert shown["R8.area-min"] == "In Maple Street nine cells; here …."
    assert shown["R8.area-max"] == sentences(bundle())["R8.area-max"]
    with translation.override("en"):
        titles = [str(group["title"]) for group in plain_rules.groups(changed, "en")]
    assert titles[-1] == "More rules, in the town's own words"


def test_a_resident_reads_rules_numbers_and_offences_on_one_page_in_both_languages(street):
    page = Visitor(street).get("/rules/").content.decode()
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page))
    assert "The area has at least 4 map cells, about 6 hectares." in text
    assert "Burglary or breaking and entering 220" in text
    assert "…" not in text
    answer = Visitor(street).get("/rules/", **{"Accept-Language": "es-MX,es;q=0.9"})
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", answer.content.decode()))
    assert answer["Content-Language"] == "es"
    assert "La zona tiene al menos 4 celdas del mapa, unas 6 hectáreas." in text
    assert "Se apoya en uno de estos motivos: consentimiento, defensa, una emergencia." in text


def test_a_town_without_figures_of_households_says_that_only_the_cells_count(street):
    state = street.state()
    policy = state.policy_in_force(street.now())
    unknown = presets.make("consent", dict.fromkeys(TOWN.grid, 0), TOWN.places, name="Maple Street")
    for text, said in ((bundle().text, False), (unknown, True)):
        rules = pages.rules_shown(policy, parse_bundle(text))
        with translation.override("en"):
            page = render_to_string("board/rules.html", {"town": pages.town(state), "rules": rules})
        assert ("only the limits in map cells hold" in page) is said


@pytest.mark.requirement("R4", "S11")
def test_whoever_reads_a_new_version_sees_each_clause_and_offence_that_changed(street):
    state = street.state()
    first = state.policy_in_force(street.now()).index
    text = json.loads(bundle(cells_min=5, retention_days=30).text)
    del text["offences"]["220"]
    school = next(place for place in text["places"] if place["kind"] == "school")
    school["cells"] = [TOWN.centre, school["cells"][0]]
    text["places"].append({"kind": "other", "name": "Shelter", "cells": [TOWN.centre]})
    text["sentences"]["es"]["R8.area-min"] = "Solo {cells} celdas."
    text["name"] = "Cedar Falls"
    new = Blob.new(json.dumps(text, separators=(",", ":"), ensure_ascii=False, sort_keys=True))
    begin = street.now() + 60
    entry = street.signed(
        entries.Policy, "council-1", "council-2", bundle=new.commitment, in_force_from=begin, open_requests="keep"
    )
    second = street.record(entry, new)
    page = Visitor(street).get(f"/rules/{second}/").content.decode()
    assert "<del>The area has at least 4 map cells, about 6 hectares.</del>" in page
    assert "<ins>The area has at least 5 map cells, about 8 hectares.</ins>" in page
    assert "30 days after it was shared" in page
    assert re.search(r'220</th><td><del>Burglary[^<]*</del></td><td><span class="quiet">is gone', page)
    assert "R8.area-max</th>" not in page
    assert "These were the first rules." in Visitor(street).get(f"/rules/{first}/").content.decode()
    assert f"/rules/{second}/" in Visitor(street).get("/rules/").content.decode()
    assert Visitor(street).get("/rules/0/").status_code == 404
    text = html.unescape(page)
    for said in (
        "1 place more: Shelter.",
        f"1 place is of another kind or has other cells: {school['name']}.",
        "1 sentence of a refusal is written anew.",
        "The rules call the town “Cedar Falls”.",
        "<ins>school, 2 map cells, others than before</ins>",
        "R8.area-min, when it refuses, in Spanish",
    ):
        assert said in text
    assert "1 place more: Shelter." in Visitor(street).get("/rules/").content.decode()
