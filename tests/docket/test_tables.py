# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables: lives, signers, readers, schemas. Each is complete, and what is generated from it is up to date."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from sunporch.docket import entries as e
from sunporch.docket import lifecycle, permissions, schemas, visibility, wire
from sunporch.docket.lifecycle import CLIP_LIFE, REQUEST_LIFE, ClipPhase, Owner, RequestPhase, Trigger
from sunporch.docket.verdict import Clause, Outcome, Verdict
from sunporch.docket.visibility import Reader, Thing, may_see, reader_of
from tests.docket.examples import EXAMPLES
from tests.docket.people import ORIGIN

ROOT = Path(__file__).resolve().parents[2]


def test_every_phase_has_an_owner():
    assert {lifecycle.request_owner(phase) for phase in RequestPhase} <= set(Owner)
    assert {lifecycle.clip_owner(phase) for phase in ClipPhase} <= set(Owner)


def test_every_transition_has_an_entry_or_is_the_logs_time():
    for arrow in (*REQUEST_LIFE, *CLIP_LIFE):
        assert arrow.trigger.entry in e.TYPES or arrow.trigger.entry == "", arrow


@pytest.mark.parametrize(("table", "phases"), [(REQUEST_LIFE, RequestPhase), (CLIP_LIFE, ClipPhase)])
def test_every_phase_is_reached_and_each_trigger_used(table, phases):
    assert {arrow.target for arrow in table} == set(phases)
    assert len(set(table)) == len(table)


def test_no_trigger_lies_idle():
    assert {arrow.trigger for arrow in (*REQUEST_LIFE, *CLIP_LIFE)} == set(Trigger)


def test_the_reference_page_of_lives_is_generated():
    assert (ROOT / "docs/reference/lifecycle.md").read_text(encoding="utf-8") == lifecycle.as_markdown()


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
def test_the_page_can_be_written_again(capsys):
    runpy.run_module("sunporch.docket.lifecycle", run_name="__main__")
    assert capsys.readouterr().out == lifecycle.as_markdown()


def test_every_type_has_signers():
    rows = {row.split(" ")[0] for row in permissions.SIGNERS}
    assert rows == set(e.TYPES)
    named = frozenset().union(*(needed for row in permissions.SIGNERS.values() for needed in row))
    assert named == set(e.ROLES) | {"community", "registrar", "clip"}


@pytest.mark.parametrize(
    ("role", "entry_type", "answer"),
    [
        ("officer", "request", True),
        ("officer", "sharing", False),
        ("reviewer", "freeze", True),
        ("clip", "withdrawal", True),
    ],
)
def test_doors_ask_who_may_sign_what(role, entry_type, answer):
    assert permissions.may_sign(role, entry_type) is answer


def test_every_thing_has_readers_and_everyone_sees_the_record():
    assert set(visibility.WHO_SEES) == set(Thing)
    assert all(may_see(reader, Thing.RECORD) for reader in Reader)


@pytest.mark.parametrize("thing", [Thing.MATCHES, Thing.RELEASES])
def test_what_happens_at_home_is_seen_at_home(thing):
    assert [reader for reader in Reader if may_see(reader, thing)] == [Reader.RESIDENT]


@pytest.mark.parametrize("role", e.ROLES)
def test_each_role_reads_as_somebody(role):
    assert reader_of(role) in Reader
    assert reader_of("portal") is Reader.ANYONE
    assert reader_of("court") is Reader.COURT


@pytest.mark.parametrize("name", sorted(e.TYPES))
def test_the_schemas_are_generated_from_the_dataclasses(name):
    path = ROOT / "spec" / "schemas" / f"{name}.json"
    assert path.read_text(encoding="utf-8") == schemas.files()[path.name]


def test_no_schema_is_left_of_a_type_that_went():
    assert {path.name for path in (ROOT / "spec" / "schemas").iterdir()} == set(schemas.files())


@pytest.mark.parametrize("name", sorted(e.TYPES))
def test_a_good_entry_has_exactly_the_fields_of_its_schema(name):
    schema = json.loads(schemas.files()[f"{name}.json"])
    fields = json.loads(wire.encode(ORIGIN, EXAMPLES[name]).split("\n")[2])
    assert set(fields) == set(schema["required"]) == set(schema["properties"])
    assert schema["description"].startswith((e.TYPES[name].__doc__ or "")[:20])


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
def test_the_schemas_can_be_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["schemas", str(tmp_path / "schemas")])
    runpy.run_module("sunporch.docket.schemas", run_name="__main__")
    assert {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "schemas").iterdir()} == schemas.files()


def test_a_clause_speaks_the_language_asked_for_or_english():
    clause = Clause("R8.area-min", "a test", {"en": "Too small.", "es": "Muy pequeña."})
    assert [clause.sentence(), clause.sentence("es"), clause.sentence("fr")] == [
        "Too small.",
        "Muy pequeña.",
        "Too small.",
    ]
    assert Clause("R8.area-min", "a test").sentence() == "R8.area-min"
    assert not Verdict(Outcome.CANNOT_CHECK).permitted
