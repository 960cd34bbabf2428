# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries as text and leaf: what is written is read back, and everything else is refused by name."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunporch.base.errors import Error
from sunporch.docket import entries as e
from sunporch.docket import wire
from tests.docket.examples import EXAMPLES, bad_texts, line
from tests.docket.people import ORIGIN

BAD = bad_texts()


def test_every_type_has_an_example():
    assert set(EXAMPLES) == set(e.TYPES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_what_is_written_is_read_back(name):
    text = wire.encode(ORIGIN, EXAMPLES[name])
    assert wire.decode(text) == (ORIGIN, EXAMPLES[name])
    assert text.count("\n") == 3
    assert wire.entry_id(text) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_not_in_form_is_refused_by_name(name):
    text, error_id = BAD[name]
    with pytest.raises(Error) as raised:
        wire.decode(text)
    assert raised.value.id == error_id
    if error_id.startswith("docket.field"):
        assert raised.value.where in text or error_id == "docket.field-missing"
        assert raised.value.params["field"] == raised.value.where


def test_the_errors_of_fields_are_four():
    assert {error_id for _, error_id in BAD.values()} == {
        "docket.text-malformed",
        "json.text-refused",
        "docket.field-unknown",
        "docket.field-missing",
        "docket.field-mistyped",
        "docket.field-outside",
    }


@pytest.mark.parametrize(
    ("change", "type_and_version"), [({"type": "parade"}, ("parade", 1)), ({"v": 2}, ("event", 2))]
)
def test_a_type_or_version_that_is_new_is_unknown_not_wrong(change, type_and_version):
    assert wire.decode(line("event", **change)) == (ORIGIN, e.UnknownEntry(*type_and_version))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_entry_that_could_not_be_read_back_is_not_written(name):
    bad = EXAMPLES[name].__replace__(nonce="short") if hasattr(EXAMPLES[name], "__replace__") else None
    if bad is None:
        pytest.skip("dataclasses have __replace__ from Python 3.13")
    with pytest.raises(Error) as raised:
        wire.encode(ORIGIN, bad)
    assert raised.value.id == "docket.field-outside"


def test_nonces_differ():
    assert len({wire.new_nonce() for _ in range(100)}) == 100


def test_a_leaf_is_the_time_and_the_note():
    assert wire.leaf(1_700_000_000, b"note") == b"1700000000\nnote"
    assert wire.split_leaf(b"1700000000\nnote\nmore") == (1_700_000_000, b"note\nmore")
    assert wire.split_leaf(b"0\nnote")[0] == 0


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"17",
        b"\nnote",
        b"017\nnote",
        b"-1\nnote",
        b"1e3\nnote",
        b"1234567890123\nnote",
        b"17\n",
        b"1\n" + b"x" * 8191,
    ],
)
def test_a_leaf_that_is_none_is_refused(leaf):
    with pytest.raises(Error) as raised:
        wire.split_leaf(leaf)
    assert raised.value.id == "docket.leaf-malformed"


def test_a_leaf_has_exactly_8192_bytes_at_most():
    assert len(wire.leaf(1, b"x" * 8190)) == 8192
    with pytest.raises(Error) as raised:
        wire.leaf(1, b"x" * 8191)
    assert raised.value.id == "docket.leaf-malformed"


JSON = st.recursive(
    st.text(max_size=20) | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_any_value_in_any_field_is_read_or_refused_by_name(name, data):
    fields = json.loads(wire.encode(ORIGIN, EXAMPLES[name]).split("\n")[2])
    field = data.draw(st.sampled_from(sorted(fields)))
    fields[field] = data.draw(JSON)
    try:
        entry = wire.decode(f"{wire.HEADING}\n{ORIGIN}\n{json.dumps(fields)}\n")[1]
    except Error as error:
        assert error.id.startswith(("docket.", "json."))
    else:
        if not isinstance(entry, e.UnknownEntry):
            assert wire.decode(wire.encode(ORIGIN, entry))[1] == entry


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_by_name(text):
    with pytest.raises(Error):
        wire.decode(text)
