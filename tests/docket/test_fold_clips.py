# SPDX-License-Identifier: AGPL-3.0-or-later
"""Shared clips, as the record tells it: leases, openings, copies, freezes, withdrawals, destruction."""

from __future__ import annotations

import pytest

from sunporch.docket import entries as e
from sunporch.docket.lifecycle import ClipPhase
from sunporch.docket.verdict import Clause, Outcome, Verdict
from sunporch.docket.void import Unsettled, Void
from tests.docket.people import DAY, ORI, RETENTION, Town
from tests.docket.void_cases import words

BOARD = ("bell-1", "bell-2")


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def clip(town):
    return town.fold.disclosures[town.share()]


@pytest.mark.requirement("R18")
def test_a_share_is_signed_by_its_own_one_time_key(town):
    record = town.put(e.Disclosure, "diaz", **town.share_fields())
    assert record.reason is Void.SIGNER


def test_a_custodian_whose_key_ended_takes_no_new_shares(town):
    town.good(e.KeyEnd, *BOARD, key=town.at["library"], **words())
    assert town.put_share().reason is Void.CUSTODIAN


def test_a_share_must_end_ahead(town):
    today = town.now // DAY * DAY
    assert town.put_share(expires=today).reason is Void.EXPIRES


def test_the_rules_judge_the_span_of_a_share(town):
    town.judge.answers["disclosure"] = Verdict(Outcome.FORBID, (Clause("R23.retention", "a test"),))
    assert town.put_share().reason is Void.RULES
    town.judge.answers["disclosure"] = Verdict(Outcome.CANNOT_CHECK)
    assert town.put_share().reason is Unsettled.CANNOT_CHECK


def test_a_warrants_return_is_a_clip_like_another(town):
    record = town.put_share(kind=e.WarrantReturn)
    assert record.in_force
    assert town.fold.disclosures[record.index].process


@pytest.mark.promise(2)
@pytest.mark.parametrize("opener", ["diaz", "kim", "reyes", "ito", "judge-hall"])
def test_after_the_end_nobody_opens(town, clip, opener):
    town.now = clip.expires - 1
    assert town.put_access(clip.index, opener).in_force
    town.now = clip.expires
    assert town.put_access(clip.index, opener).reason is Void.ENDED


@pytest.mark.parametrize("stranger", ["okafor", "portal", "library", "bell-1"])
def test_who_is_no_recipient_by_role_cannot_open(town, clip, stranger):
    assert town.put_access(clip.index, stranger).reason is Void.SIGNER


def test_an_officer_of_another_agency_cannot_open(town, clip):
    other = town.partnership_fields("WA0180000")
    town.good(e.Partnership, *BOARD, "registrar-WA0180000", **other)
    town.wait(days=30)
    town.enrol_key("fox", "officer", agency="WA0180000", x25519="ab" * 32)
    assert town.put_access(clip.index, "fox").reason is Void.SIGNER


def test_after_the_partnership_lapsed_the_agency_cannot_open_but_the_defence_can(town):
    town.wait(days=350)
    late = town.share(1)
    town.wait(days=20)
    assert town.put_access(late, "diaz").reason is Void.PARTNERSHIP
    assert town.put_access(late, "reyes").in_force


@pytest.mark.requirement("R24", "R22")
def test_a_copy_needs_two_people_while_the_share_lasts(town, clip):
    fields = {"disclosure": clip.index, "file": "f1" * 32, "format": "mp4", "recipient": "court"}
    assert town.put(e.Export, "diaz", **fields).reason is Void.SUPERVISOR_SIGNATURE
    index = town.good(e.Export, "diaz", "kim", **fields)
    assert clip.exports == [index]
    town.judge.answers["export"] = Verdict(Outcome.FORBID, (Clause("R5.export-federal", "a test"),))
    assert town.put(e.Export, "diaz", "kim", **fields).reason is Void.RULES
    town.now = clip.expires
    assert town.put(e.Export, "diaz", "kim", **fields).reason is Void.ENDED
    town.wait(days=400)
    assert town.put(e.Export, "diaz", "kim", **fields).reason is Void.PARTNERSHIP


@pytest.mark.requirement("R25", "S9", "R22")
def test_what_is_passed_on_stands_in_the_ledger(town, clip):
    fields = {"disclosure": clip.index, "recipient": "state", "standard": "warrant", "justification": "charges-filed"}
    index = town.good(e.Sharing, "kim", **fields)
    assert clip.sharings == [index]
    assert town.put(e.Sharing, "diaz", **fields).reason is Void.SUPERVISOR_SIGNATURE
    town.judge.answers["sharing"] = Verdict(Outcome.FORBID, (Clause("R5.sharing-federal", "a test"),))
    assert town.put(e.Sharing, "kim", **fields).reason is Void.RULES


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("holder", ["reyes", "ito", "judge-hall", "okafor"])
def test_a_freeze_stops_destruction_and_prolongs_no_opening(town, clip, holder):
    freeze = town.put_freeze(clip.index, holder)
    assert freeze.in_force
    assert clip.frozen_until(town.now) == town.now + 100 * DAY
    town.now = clip.expires
    assert clip.phase(town.now) is ClipPhase.PRESERVED
    assert not clip.destructible(town.now)
    assert town.put_expiry(clip.index).reason is Void.FROZEN
    assert town.put_access(clip.index, "diaz").reason is Void.HOLDER_SIGNATURE
    assert town.put_access(clip.index, "diaz", holder).in_force
    town.good(e.Unfreeze, holder, freeze=freeze.index)
    assert clip.phase(town.now) is ClipPhase.ENDED
    assert clip.frozen_until(town.now) is None
    assert town.put_access(clip.index, "diaz", holder).reason is Void.ENDED
    assert town.put_expiry(clip.index).in_force


def test_another_freezers_signature_opens_nothing_but_a_courts_does(town, clip):
    town.put_freeze(clip.index, "reyes")
    town.now = clip.expires
    assert town.put_access(clip.index, "diaz", "ito").reason is Void.HOLDER_SIGNATURE
    assert town.put_access(clip.index, "diaz", "judge-hall").in_force


def test_a_prosecutor_cannot_lift_the_defences_freeze(town, clip):
    freeze = town.put_freeze(clip.index, "reyes").index
    assert town.put(e.Unfreeze, "ito", freeze=freeze).reason is Void.HOLDER_SIGNATURE
    assert town.put(e.Unfreeze, "diaz", freeze=freeze).reason is Void.SIGNER
    assert town.put(e.Unfreeze, "judge-hall", freeze=freeze).in_force
    assert town.put(e.Unfreeze, "reyes", freeze=freeze).reason is Void.ALREADY


def test_a_freeze_ends_at_its_date_and_can_be_prolonged_before(town, clip):
    town.put_freeze(clip.index, "reyes", days=70)
    town.wait(days=65)
    assert clip.phase(town.now) is ClipPhase.PRESERVED
    assert town.put_freeze(clip.index, "reyes", days=30).in_force
    town.wait(days=20)
    assert clip.phase(town.now) is ClipPhase.PRESERVED
    town.wait(days=11)
    assert clip.phase(town.now) is ClipPhase.ENDED
    assert town.put_freeze(clip.index, "reyes").reason is Void.ENDED


def test_what_is_destroyed_is_not_frozen_withdrawn_or_destroyed_again(town, clip):
    town.now = clip.expires
    assert clip.destructible(town.now)
    town.put_expiry(clip.index)
    assert town.put_freeze(clip.index, "reyes").reason is Void.DESTROYED
    assert town.put_withdrawal(clip.index).reason is Void.DESTROYED
    assert town.put_expiry(clip.index, generation=2).reason is Void.DESTROYED


@pytest.mark.requirement("R26")
def test_the_resident_takes_it_back_once_and_only_by_its_own_key(town, clip):
    assert town.put_withdrawal(clip.index, number=5).reason is Void.SIGNER
    assert town.put_withdrawal(clip.index).in_force
    assert clip.phase(town.now) is ClipPhase.ENDED
    assert clip.lease_end == town.now
    assert town.put_withdrawal(clip.index).reason is Void.ALREADY
    assert town.put_freeze(clip.index, "reyes").reason is Void.ENDED


def test_a_withdrawal_cannot_destroy_evidence_that_is_frozen(town, clip):
    town.put_freeze(clip.index, "reyes")
    town.put_withdrawal(clip.index)
    assert clip.phase(town.now) is ClipPhase.PRESERVED
    assert town.put_access(clip.index, "reyes").in_force


def test_a_custodian_destroys_only_what_it_holds(town, clip):
    town.enrol_key("archive", "custodian", url="http://localhost:9", storage="hardware")
    town.now = clip.expires
    assert town.put_expiry(clip.index, custodian="archive").reason is Void.CUSTODIAN
    assert town.put_expiry(clip.index).in_force
    assert town.fold.generations == {town.at["library"]: 1}


def test_a_deletion_is_attested_by_a_supervisor(town, clip):
    record = town.put(e.DeletionAttest, "kim", disclosure=clip.index, scope="all_copies")
    assert clip.attested == [record.index]
    assert town.put(e.DeletionAttest, "diaz", disclosure=clip.index, scope="all_copies").reason is not None


def test_the_history_of_a_clip_names_every_entry_about_it(town, clip):
    town.put_access(clip.index, "diaz")
    town.put_freeze(clip.index, "reyes")
    town.put_withdrawal(clip.index)
    assert [(step.type, step.signers) for step in clip.history] == [
        ("disclosure", ("disclosure",)),
        ("access", ("diaz",)),
        ("freeze", ("reyes",)),
        ("withdrawal", ("disclosure",)),
    ]
    assert clip.agency == ORI
    assert clip.expires == (clip.time // DAY + RETENTION) * DAY
