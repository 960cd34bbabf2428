# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.base import errors
from sunporch.base.errors import ErrorKind


def test_an_error_tells_what_where_and_what_to_do_next(monkeypatch):
    monkeypatch.setattr(errors, "_KINDS", {})
    kind = ErrorKind("camera.address-refused", what="The camera at {host} refused.", next="Check {host}.")
    error = kind(where="porch", host="10.0.0.9")
    assert str(error) == "The camera at 10.0.0.9 refused. (porch) Check 10.0.0.9. [camera.address-refused]"
    assert error.as_json() == {
        "id": "camera.address-refused",
        "what": "The camera at 10.0.0.9 refused.",
        "where": "porch",
        "next": "Check 10.0.0.9.",
        "params": {"host": "10.0.0.9"},
    }
    assert kind.parameters == {"host"}


def test_two_rooms_cannot_declare_the_same_id(monkeypatch):
    monkeypatch.setattr(errors, "_KINDS", {})
    ErrorKind("room.noun-verb", what="a", next="b")
    with pytest.raises(ValueError, match="declared twice"):
        ErrorKind("room.noun-verb", what="c", next="d")


@pytest.mark.parametrize("name", ["noun-verb", "room.noun", "Room.noun-verb", "room.noun_verb", ""])
def test_an_id_that_is_not_room_noun_verb_is_refused(name):
    with pytest.raises(ValueError, match=r"not room\.noun-verb"):
        ErrorKind(name, what="a", next="b")


def test_a_forgotten_parameter_is_noticed_where_the_error_is_raised(monkeypatch):
    monkeypatch.setattr(errors, "_KINDS", {})
    kind = ErrorKind("room.noun-verb", what="{size} is too much", next="b")
    with pytest.raises(KeyError):
        kind()
