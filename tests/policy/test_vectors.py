# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published vectors of rules: read as a stranger reads them, and written again as they stand."""

from __future__ import annotations

import json
from functools import cache

import pytest

from sunporch.base.errors import Error
from sunporch.policy import parse_bundle
from sunporch.policy.bundle import bundle_text
from tests.policy import vectors
from tests.policy.clause_cases import CASES, OTHER_PRESETS

NAMES = sorted(
    ["permitted", *CASES, *(f"{preset}.{clause}" for preset, clause in OTHER_PRESETS)],
)


def read(name: str):
    return json.loads((vectors.FOLDER / name).read_text(encoding="utf-8"))


@cache
def written() -> dict[str, str]:
    return vectors.files()


def test_the_vectors_are_written_again_as_they_stand():
    found = {
        str(path.relative_to(vectors.FOLDER)): path.read_text(encoding="utf-8")
        for path in vectors.FOLDER.rglob("*.json")
    }
    assert found == written()


@pytest.mark.parametrize("name", sorted(read("bundles-refused.json")))
def test_the_refused_bundles_are_refused(name):
    vector = read("bundles-refused.json")[name]
    text = vector.get("text") or json.dumps(vectors.edited(read("consent.bundle.json"), vector["edits"]))
    with pytest.raises(Error) as raised:
        parse_bundle(text)
    assert raised.value.id == vector["error"]


@pytest.mark.parametrize("name", NAMES)
def test_from_the_same_facts_come_the_same_clauses_and_sentences(name):
    vector = read(f"decisions/{name}.json")
    good = read(f"{vector['preset']}.bundle.json")
    bundle = parse_bundle(bundle_text(vectors.edited(good, vector["edits"])))
    more = "unreviewed" if vector["action"] == "request" else ""
    answers = bundle.rules.forbidding(vector["action"], "WA0170000", vector["facts"], more)
    assert answers[0] == sorted(vector["forbidding"])
    assert (answers[1] if more else []) == sorted(vector["reviewer"])
    assert vector["outcome"] == ("forbid" if vector["forbidding"] else "permit")
