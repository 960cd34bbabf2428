# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published vectors: read as a stranger reads them, and written again as they stand."""

from __future__ import annotations

import json

import pytest

from sunporch.base.digests import from_base64
from sunporch.base.errors import Error, all_kinds
from sunporch.base.notekeys import VerifierKey
from sunporch.docket import wire
from sunporch.docket.blobs import Blob
from sunporch.docket.entries import TYPES, UnknownEntry
from sunporch.docket.fold import Fold
from sunporch.docket.verdict import Clause, Outcome, Terms, Verdict
from sunporch.docket.void import Void
from tests.docket import vectors
from tests.docket.people import SteadyJudge

FILES = vectors.files()


def read(name: str):
    return json.loads((vectors.FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_vectors_are_written_again_as_they_stand(name):
    assert (vectors.FOLDER / name).read_text(encoding="utf-8") == FILES[name]


def test_no_vector_is_left_of_a_case_that_went():
    found = {str(path.relative_to(vectors.FOLDER)) for path in vectors.FOLDER.rglob("*.json")}
    assert found == set(FILES)


def test_the_texts_are_read_and_have_their_ids():
    for name, vector in read("texts.json").items():
        assert name == wire.decode(vector["text"])[1].TYPE
        assert wire.entry_id(vector["text"]) == vector["id"]


@pytest.mark.parametrize("name", sorted(read("texts-odd.json")))
def test_odd_texts_are_read_all_the_same(name):
    vector = read("texts-odd.json")[name]
    origin, entry = wire.decode(vector["text"])
    assert (origin, wire.entry_id(vector["text"])) == (vector["origin"], vector["id"])
    assert int(not isinstance(entry, UnknownEntry)) == vector["known"]


@pytest.mark.parametrize("name", sorted(read("texts-refused.json")))
def test_the_refused_texts_are_refused(name):
    vector = read("texts-refused.json")[name]
    with pytest.raises(Error) as raised:
        wire.decode(vector["text"])
    assert raised.value.id == vector["error"]


@pytest.mark.parametrize("name", sorted(read("leaves-refused.json")))
def test_the_refused_leaves_are_refused(name):
    vector = read("leaves-refused.json")[name]
    with pytest.raises(Error) as raised:
        wire.split_leaf(bytes.fromhex(vector["hex"]))
    assert raised.value.id == vector["error"]


def test_the_refused_blobs_are_refused():
    vector = read("blobs-refused.json")
    Blob.parse(vector["good"], vector["commitment"])
    for name, case in vector["refused"].items():
        with pytest.raises(Error) as raised:
            Blob.parse(case["file"], vector["commitment"])
        assert raised.value.id == case["error"], name


# No bytes that a stranger serves lead there: a caller that skips an entry or asks about a reversed window does.
CALLERS_OWN = {"docket.index-skipped", "docket.times-reversed"}


def test_every_refusal_of_an_entry_a_leaf_or_a_blob_has_a_vector():
    cases = [read("texts-refused.json"), read("leaves-refused.json"), read("blobs-refused.json")["refused"]]
    refused = {case["error"] for each in cases for case in each.values()}
    wanted = {kind for kind in all_kinds() if kind.startswith("docket.")} - CALLERS_OWN
    assert refused == wanted | {"json.text-refused"}


def test_the_custody_receipt_is_signed():
    vector = read("custody-receipt.json")
    key = VerifierKey.parse(vector["key"])
    assert key.verify(from_base64(vector["signature"], "receipt"), vector["text"].encode())


@pytest.mark.parametrize("reason", list(Void), ids=lambda reason: reason.name.lower())
def test_each_story_of_a_void_entry_folds_as_it_says(reason):
    story = read(f"void/{reason.name.lower().replace('_', '-')}.json")
    judge = SteadyJudge()
    for kind, answer in story["judge"].items():
        review = tuple(Clause(clause, "the vector") for clause in answer["review"])
        judge.answers[kind] = Verdict(Outcome(answer["outcome"]), review=review, terms=Terms(60, 30))
    fold = Fold("demo.maple-street", judge)
    for index, entry in enumerate(story["log"]):
        signers = tuple(VerifierKey.parse(key) for key in entry["signers"])
        record = fold.apply(index, entry["time"], entry["text"], signers, entry["flaw"])
        found = record.reason.name.lower() if record.reason else ""
        assert (record.status.value, found) == (entry["status"], entry["reason"]), index
    assert found == reason.name.lower()
    assert story["sentence"] == reason.sentence


def test_in_one_life_every_type_is_in_force_and_no_signature_of_it_can_be_missing():
    fold = Fold("demo.maple-street", SteadyJudge())
    types = set()
    for index, entry in enumerate(read("life.json")):
        signers = {key: VerifierKey.parse(key) for key in entry["signers"]}
        for left_out, reason in entry["without"].items():
            others = tuple(key for name, key in signers.items() if name != left_out)
            record = fold.would_apply(entry["time"], entry["text"], others)
            assert (record.reason.name.lower() if record.reason else "") == reason, (index, left_out)
            assert not record.in_force
        record = fold.apply(index, entry["time"], entry["text"], tuple(signers.values()), entry["flaw"])
        found = record.reason.name.lower() if record.reason else ""
        assert (record.status.value, found) == (entry["status"], entry["reason"]), index
        if record.in_force:
            types.add(record.entry.TYPE)
    assert types == set(TYPES)
