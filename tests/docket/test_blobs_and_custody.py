# SPDX-License-Identifier: AGPL-3.0-or-later
"""Texts beside the log, and the custodian's signed word."""

from __future__ import annotations

import hashlib

import pytest

from sunporch.base.errors import Error
from sunporch.docket import custody
from sunporch.docket.blobs import MOST_BYTES, Blob, commitments
from tests.docket.examples import EXAMPLES, HASH
from tests.docket.people import DAY, ORIGIN, person, person_d


def test_a_commitment_is_over_salt_and_text():
    blob = Blob(b"\x01" * 16, "Zwölf Äpfel")
    assert blob.commitment == hashlib.sha256(b"\x01" * 16 + "Zwölf Äpfel".encode()).hexdigest()
    assert Blob.parse(blob.to_json(), blob.commitment) == blob
    assert Blob.parse(blob.to_json().encode()) == blob


def test_the_same_text_is_committed_to_differently_each_time():
    assert Blob.new("the same").commitment != Blob.new("the same").commitment


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"salt":"' + "0" * 32 + '"}',
        '{"salt":"' + "0" * 32 + '","text":5}',
        '{"salt":"00","text":"a"}',
        '{"salt":5,"text":"a"}',
        '{"more":"","salt":"' + "0" * 32 + '","text":"a"}',
        "x" * (MOST_BYTES + 1),
    ],
)
def test_what_is_no_blob_is_refused(text):
    with pytest.raises(Error) as raised:
        Blob.parse(text)
    assert raised.value.id == "docket.blob-malformed"


@pytest.mark.parametrize("text", ["say \u202eno\u202c now", "a\r\nb", "two\ttabs", "bell\x07", "line\u2028end"])
def test_no_text_beside_the_record_shows_ana_another_text_than_it_holds(text):
    with pytest.raises(Error) as raised:
        Blob(bytes(16), text)
    assert raised.value.id == "docket.blob-malformed"
    assert Blob(bytes(16), "Two lines,\nas written").text == "Two lines,\nas written"


def test_a_text_that_was_changed_is_refused():
    with pytest.raises(Error) as raised:
        Blob.parse(Blob.new("as it was").to_json(), Blob.new("as it was").commitment)
    assert raised.value.id == "docket.blob-mismatched"


def test_a_tailer_knows_every_text_that_an_entry_commits_to():
    committing = {name: commitments(entry) for name, entry in EXAMPLES.items() if commitments(entry)}
    town = ("community", "trust", "policy", "request", "unseal")
    assert committing == dict.fromkeys((*town, "emergency_review", "finding", "letter", "letter_answer"), (HASH,))


def test_sealed_content_is_not_fetched_before_it_is_unsealed():
    assert commitments(EXAMPLES["sealed_request"]) == ()


@pytest.mark.parametrize("field", ["origin", "c", "d", "expires", "signer", "receipt"])
def test_a_custody_receipt_holds_for_exactly_its_clip_key_and_end(field):
    library, d = person("library"), str(person_d(0).verifier)
    receipt = custody.sign(library, ORIGIN, HASH, d, 20_000 * DAY)
    assert custody.check(library.verifier, receipt, ORIGIN, HASH, d, 20_000 * DAY)
    values = {
        "signer": library.verifier,
        "receipt": receipt,
        "origin": ORIGIN,
        "c": HASH,
        "d": d,
        "expires": 20_000 * DAY,
    }
    values |= {
        "origin": {"origin": "another.town"},
        "c": {"c": "00" * 32},
        "d": {"d": str(person_d(1).verifier)},
        "expires": {"expires": 20_001 * DAY},
        "signer": {"signer": person("archive").verifier},
        "receipt": {"receipt": "not base64"},
    }[field]
    assert not custody.check(*values.values())


def test_a_receipt_of_another_length_is_none():
    assert not custody.check(person("library").verifier, "AAAA", ORIGIN, HASH, "", 0)


def test_a_lease_ends_at_a_midnight_that_names_no_request():
    assert custody.expiry(20_000 * DAY, 60) == custody.expiry(20_000 * DAY + DAY - 1, 60) == 20_060 * DAY
