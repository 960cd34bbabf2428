# SPDX-License-Identifier: AGPL-3.0-or-later
"""The households that rules count are those of the grid that the community published, for everybody who reads."""

from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.docket.state import Status
from sunporch.docket.verdict import Outcome
from sunporch.docket.void import Unsettled, Void
from sunporch.policy import PolicyJudge, grid_text
from tests.docket.people import COMMENT_DAYS, DAY
from tests.docket.test_fold_town import BOARD, trust_fields
from tests.policy.clause_cases import edited
from tests.policy.street import AREA, SAMPLE, Street

CROWDED = dict.fromkeys(SAMPLE.grid, 900)


def rules_for(street, grid, salt=b"\x04" * 16) -> str:
    return street.publish(Blob(salt, edited(grid=grid).text))


def adopt(street, bundle):
    start = street.now + COMMENT_DAYS * DAY
    return street.put(e.Policy, *BOARD, bundle=bundle, in_force_from=start, open_requests="keep")


def move_to(street, grid) -> str:
    """The community publishes another grid."""
    commitment = street.publish(Blob(b"\x05" * 16, grid_text(grid)))
    street.good(e.Trust, *BOARD, **trust_fields(street, "bell-1", "bell-2", "bell-3", grid=commitment))
    return commitment


@pytest.mark.promise(6)
@pytest.mark.requirement("R8")
def test_rules_that_count_other_households_than_the_community_published_never_come_into_force():
    street = Street()
    record = adopt(street, rules_for(street, CROWDED))
    assert (record.status, record.reason) == (Status.VOID, Void.GRID)
    assert [clause.id for clause in record.verdict.clauses] == ["R8.grid"]
    assert "hogares" in record.verdict.clauses[0].sentence("es")
    street.wait(days=COMMENT_DAYS)
    assert street.fold.policy_in_force(street.now).index == street.at["policy"]
    few = street.put(e.Request, "diaz", "kim", **street.request_fields(cells=AREA[:3]))
    assert "R8.households-min" in [clause.id for clause in few.verdict.clauses]


def test_one_home_more_in_one_cell_is_another_grid():
    street = Street()
    more = SAMPLE.grid | {SAMPLE.centre: SAMPLE.grid[SAMPLE.centre] + 1}
    fewer = {cell: homes for cell, homes in SAMPLE.grid.items() if cell != SAMPLE.centre}
    for salt, grid in ((b"\x06" * 16, more), (b"\x07" * 16, fewer)):
        assert adopt(street, rules_for(street, grid, salt)).reason is Void.GRID
    assert adopt(street, rules_for(street, dict(reversed(SAMPLE.grid.items())))).in_force


def test_a_new_grid_comes_from_the_community_and_counts_with_the_next_rules():
    street = Street()
    assert street.fold.grid == street.grid
    moved = move_to(street, CROWDED)
    assert street.fold.grid == moved
    # Rules in force go on as they were adopted, the comment period of the next ones is not passed over.
    request = street.ask()
    assert street.fold.policies[street.at["policy"]].grid == street.grid
    assert adopt(street, street.bundle).reason is Void.GRID
    adopted = adopt(street, rules_for(street, CROWDED))
    assert adopted.in_force
    street.wait(days=COMMENT_DAYS)
    crowd = street.put(e.Request, "diaz", "kim", **street.request_fields(policy=adopted.index))
    assert [clause.id for clause in crowd.verdict.clauses] == ["R8.households-max"]
    assert street.fold.requests[request].entry.policy == street.at["policy"]


def test_a_grid_of_the_community_is_never_taken_down_the_second_as_little_as_the_first():
    street = Street()
    moved = move_to(street, CROWDED)
    for blob in (street.grid, moved):
        assert street.put(e.Takedown, "okafor", blob=blob, reason="personal-data").reason is Void.TEXT_OF_RULES


def test_without_the_grid_nothing_can_be_checked_and_nothing_is_called_forbidden():
    street = Street()
    blobs = {commitment: blob for commitment, blob in street.blobs.items() if commitment != street.grid}
    street.fold._judge = PolicyJudge(blobs.get)
    record = street.put(e.Request, "diaz", "kim", **street.request_fields())
    assert (record.status, record.reason) == (Status.UNKNOWN, Unsettled.CANNOT_CHECK)
    assert "not here" in record.verdict.clauses[0].sentence("en")
    blobs[street.grid] = Blob(b"\x08" * 16, grid_text(SAMPLE.grid))
    record = street.put(e.Request, "diaz", "kim", **street.request_fields())
    assert "not the one adopted" in record.verdict.clauses[0].sentence("en")


def test_who_cannot_read_the_rules_says_so_also_of_an_appeal_that_cites_others():
    """Rules that this software cannot read may be void for others, who then go by the rules before them."""
    street = Street()
    street.fold._judge = PolicyJudge({}.get)
    unread = adopt(street, rules_for(street, CROWDED))
    assert unread.in_force
    assert unread.verdict.outcome is Outcome.CANNOT_CHECK
    street.wait(days=COMMENT_DAYS)
    for policy in (street.at["policy"], unread.index):
        record = street.put(e.Request, "diaz", "kim", **street.request_fields(policy=policy))
        assert (record.status, record.reason) == (Status.UNKNOWN, Unsettled.CANNOT_CHECK)
    # The texts arrive late: rules with another grid permit nothing, whatever was said of them before.
    street.fold._judge = PolicyJudge(street.blobs.get)
    record = street.put(e.Request, "diaz", "kim", **street.request_fields(policy=unread.index))
    assert record.reason is Void.RULES
    assert [clause.id for clause in record.verdict.clauses] == ["R8.grid"]
