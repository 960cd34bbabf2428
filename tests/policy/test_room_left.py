# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the form shows: what the rules still allow, which is what they then permit."""

from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from sunporch.policy import allowance
from tests.docket.people import DAY, ORI, OTHER_ORI
from tests.docket.void_cases import event, words
from tests.policy.street import SAMPLE, Street


def left(street: Street, agency: str = ORI, case_tag: str = ""):
    return allowance(street.fold, street.rules, agency, street.now, case_tag)


def test_an_agency_with_nothing_open_may_ask():
    street = Street()
    room = left(street)
    assert room.may_ask
    assert room.policy == street.at["policy"]
    assert (room.cells_min, room.cells_max, room.recipients_min, room.recipients_max) == (4, 64, 2, 8)
    assert (room.open_requests_left, room.case_requests_left) == (10, 2)
    assert "220" in room.offences


def test_a_request_at_the_edge_of_the_allowance_is_permitted():
    street = Street()
    room = left(street)
    late = street.draft(to=room.latest_to, from_=room.latest_to - room.window_seconds_max, closes=room.latest_closes)
    early = street.draft(from_=room.earliest_from, to=room.earliest_from + 60, closes=room.earliest_closes)
    assert street.decide(late).permitted
    assert street.decide(early).permitted


@pytest.mark.requirement("R9")
def test_each_request_uses_up_what_is_left():
    street = Street()
    street.ask()
    assert left(street, case_tag="cc" * 16).case_requests_left == 1
    street.ask()
    room = left(street, case_tag="cc" * 16)
    assert (room.case_requests_left, room.open_requests_left, room.may_ask) == (0, 8, False)
    assert left(street).may_ask


@pytest.mark.requirement("R32")
def test_an_outcome_that_is_owed_is_shown_before_it_blocks():
    street = Street()
    index = street.ask()
    street.wait(days=8)
    room = left(street)
    assert room.outcomes_due == ((index, street.fold.requests[index].outcome_due),)
    assert room.may_ask
    street.wait(days=30)
    room = left(street)
    assert (room.outcomes_owed, room.outcomes_due, room.may_ask) == ((index,), (), False)


def test_without_a_partnership_or_under_rules_that_list_no_offence_nobody_may_ask():
    street = Street()
    assert not left(street, OTHER_ORI).may_ask
    street.good(e.PartnershipCancel, "bell-1", "bell-2", partnership=street.at["partnership"], **words())
    assert not left(street).may_ask
    assert not left(Street("nobody")).may_ask
    assert not left(Street("warrant-only")).may_ask


def test_before_rules_are_in_force_there_is_none_to_cite():
    street = Street()
    assert allowance(street.fold, street.rules, ORI, 0).policy == -1


def test_known_events_within_the_look_back_are_shown():
    street = Street()
    near = street.good(e.Event, "okafor", **event(cells=(SAMPLE.centre,), from_=street.now - DAY, to=street.now))
    street.good(e.Event, "okafor", **event(from_=0, to=street.now - 40 * DAY))
    assert left(street).events == (near,)
