# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every reason for which an entry counts for nothing, each by its own story."""

from __future__ import annotations

import pytest

from sunporch.docket.state import Status
from sunporch.docket.void import Unsettled, Void
from tests.docket import void_cases


@pytest.mark.parametrize("reason", list(Void), ids=lambda reason: reason.name.lower())
def test_an_entry_whose_condition_fails_is_void_and_says_why(reason):
    town, record = void_cases.play(reason.name.lower())
    assert (record.status, record.reason) == (Status.VOID, reason)
    assert not record.in_force
    assert town.fold.records[-1] == record


@pytest.mark.parametrize("reason", [*Void, *Unsettled], ids=lambda reason: reason.name.lower())
def test_every_reason_is_a_sentence(reason):
    assert reason.sentence[0].isupper()
    assert reason.sentence.endswith(".")


@pytest.mark.parametrize("name", sorted(void_cases.CASES))
def test_a_void_entry_leaves_the_state_as_it_was(name):
    town, record = void_cases.play(name)
    again = void_cases.Town(founded=False, partner=False)
    again.judge.answers = town.judge.answers
    for index, (time, text, keys, flaw) in enumerate(town.log[:-1]):
        again.fold.apply(index, time, text, keys, flaw)
    before = facts(again.fold)
    time, text, keys, flaw = town.log[-1]
    again.fold.apply(again.fold.size, time, text, keys, flaw)
    assert facts(again.fold) == before
    assert again.fold.records[-1].reason is record.reason


def facts(fold):
    """All that the state holds, but for the list of records and the log's time."""
    return {
        name: repr(value)
        for name, value in vars(fold).items()
        if name not in ("records", "time", "_ids", "_judge", "_newest")
    }
