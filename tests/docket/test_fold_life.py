# SPDX-License-Identifier: AGPL-3.0-or-later
"""The main job as the record tells it: asked, shared, opened, ended."""

from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from sunporch.docket.lifecycle import ClipPhase, RequestPhase
from sunporch.docket.void import Void
from tests.docket.people import DAY, OUTCOME_DAYS, RETENTION, Town


@pytest.fixture
def town() -> Town:
    return Town()


def test_an_appeal_lives_from_open_to_done(town):
    index = town.ask()
    appeal = town.fold.requests[index]
    assert appeal.phase(town.now) is RequestPhase.OPEN
    assert (appeal.officer, appeal.supervisor) == ("diaz", "kim")
    early = town.put(e.Outcome, "diaz", request=index, code="not_viewed", clips="<5")
    assert early.reason is Void.OUTCOME_EARLY
    town.wait(days=8)
    assert appeal.phase(town.now) is RequestPhase.CLOSED
    town.wait(days=OUTCOME_DAYS)
    assert town.fold.overdue_requests(appeal.entry.agency, town.now) == [appeal]
    town.good(e.Outcome, "kim", request=index, code="charged", clips="7")
    assert appeal.phase(town.now) is RequestPhase.DONE
    assert town.fold.overdue_requests(appeal.entry.agency, town.now) == []


def test_a_clip_lives_from_shared_to_destroyed(town):
    town.ask()
    index = town.share()
    clip = town.fold.disclosures[index]
    assert clip.phase(town.now) is ClipPhase.SHARED
    assert town.put_access(index, "diaz").in_force
    assert clip.phase(town.now) is ClipPhase.OPENED
    town.wait(days=RETENTION)
    assert clip.phase(town.now) is ClipPhase.ENDED
    assert town.put_access(index, "diaz").reason is Void.ENDED
    assert town.put_expiry(index).in_force
    assert clip.phase(town.now) is ClipPhase.DESTROYED
    assert clip.expires % DAY == 0
