# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof of a film that somebody at home gave out: it holds for those bytes and that hub, and for nothing else."""

from __future__ import annotations

import dataclasses
import json

import pytest

from sunporch.base.errors import Error
from sunporch.tlog.notes import Note
from sunporch.verify.errors import FILM_PROOF_MALFORMED
from sunporch.verify.film import Film, check
from tests.verify import film_vectors as vectors

PROOF = (vectors.FOLDER / "film.proof").read_bytes()
REFUSED = json.loads((vectors.FOLDER / "proofs-refused.json").read_text(encoding="utf-8"))


def test_a_stranger_sees_that_the_film_is_what_the_hub_signed():
    assert check(PROOF, vectors.FOUND) == check(PROOF, vectors.FOUND, str(vectors.HUB.verifier))
    assert check(PROOF, vectors.FOUND) == Film(**vectors.FIELDS)
    assert (vectors.FOLDER / "film.bin").read_bytes() == vectors.MEDIA


@pytest.mark.parametrize("name", REFUSED)
def test_a_proof_that_proves_something_else_is_refused_by_name(name):
    with pytest.raises(Error) as caught:
        check(REFUSED[name]["proof"].encode(), vectors.FOUND, str(vectors.HUB.verifier))
    assert caught.value.id == REFUSED[name]["error"]


def test_the_vectors_are_those_that_the_house_writes():
    assert vectors.refused() == REFUSED
    assert {case["error"] for case in REFUSED.values()} >= {
        "verify.film-proof-malformed",
        "verify.film-altered",
        "verify.film-foreign",
    }


def test_what_a_hub_signs_is_the_text_that_a_stranger_reads():
    assert Film(**vectors.FIELDS).encode() == Note.parse(PROOF).text


def test_a_film_of_more_gaps_than_a_proof_can_name_is_not_signed():
    gap = [vectors.START, vectors.START + 1]
    with pytest.raises(Error) as caught:
        dataclasses.replace(Film(**vectors.FIELDS), gaps=[gap] * 2_000).encode()
    assert caught.value.kind is FILM_PROOF_MALFORMED
