# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunporch.base import strictjson
from sunporch.base.errors import Error

VALUES = st.recursive(
    st.integers(-strictjson.MAX_INTEGER, strictjson.MAX_INTEGER) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES, max_size=5))
def test_what_is_written_reads_back_as_the_same_value_and_the_same_line(value):
    line = strictjson.dumps(value)
    assert strictjson.loads(line) == value
    assert strictjson.dumps(strictjson.loads(line)) == line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a":1,"a":2}', "stands twice"),
        ('{"a":1.5}', "not a whole number"),
        ('{"a":1e3}', "not a whole number"),
        ('{"a":NaN}', "not a whole number"),
        ('{"a":true}', "not used"),
        ('{"a":null}', "not used"),
        ('{"a":9007199254740992}', "beyond"),
        ('{"a":"\\ud800"}', "surrogate"),
        ("[1]", "not an object"),
        ("{", "Expecting"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "deeper"),
        ('{"a":' + "[" * 100_000, ""),
        (b'{"a":"\xff"}', "utf-8"),
    ],
)
def test_json_that_two_languages_could_read_differently_is_refused(text, reason):
    with pytest.raises(Error, match=r"json\.text-refused") as caught:
        strictjson.loads(text, "an entry")
    assert caught.value.id == "json.text-refused"
    assert reason in caught.value.what
    assert caught.value.where in ("an entry", "")


@pytest.mark.parametrize("value", [{"a": 1.0}, {"a": None}, {"a": True}, {1: "a"}, {"a": (1,)}, {"a": 2**53}])
def test_a_value_that_the_form_does_not_know_is_not_written(value):
    with pytest.raises(Error) as caught:
        strictjson.dumps(value)
    assert caught.value.id == "json.text-refused"
