# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town in the record: its keys, its rules, its partners, and how each of them ends."""

from __future__ import annotations

import pytest

from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries as e
from sunporch.docket.fold import Fold
from sunporch.docket.lifecycle import ClipPhase, RequestPhase
from sunporch.docket.state import Status
from sunporch.docket.verdict import Clause, Outcome, Verdict
from sunporch.docket.void import Unsettled, Void
from tests.docket.people import (
    COMMENT_DAYS,
    DAY,
    ORI,
    ORIGIN,
    OTHER_ORI,
    START,
    SteadyJudge,
    Town,
    device,
    person,
    person_d,
    tlog_policy,
)
from tests.docket.void_cases import event, words

BOARD = ("bell-1", "bell-2")


@pytest.fixture
def town() -> Town:
    return Town()


def trust_fields(town, *names, **changes):
    fields = town.community_fields(predecessor=town.fold.trust_index, keys=keys(*names))
    del fields["name"]
    return fields | changes


def keys(*names):
    return tuple(str(person(name).verifier) for name in names)


@pytest.mark.requirement("R1")
def test_in_a_fresh_town_no_agency_can_ask():
    town = Town(founded=False, partner=False)
    town.good(e.Community, *BOARD, **town.community_fields())
    assert town.fold.partnership_of(ORI, town.now) is None
    assert town.fold.policy_in_force(town.now) is None
    assert town.fold.policies_answerable(town.now) == []


def test_a_second_community_entry_is_void(town):
    assert town.put(e.Community, *BOARD, **town.community_fields()).reason is Void.ALREADY


def test_after_a_void_entry_0_no_community_ever_comes():
    town = Town(founded=False, partner=False)
    assert town.put(e.Community, "bell-1", **town.community_fields()).reason is Void.COMMUNITY_SIGNATURES
    assert town.put(e.Community, *BOARD, **town.community_fields()).reason is Void.ALREADY
    assert town.fold.community is None


def test_entry_0_needs_k_signatures_of_its_own_keys():
    town = Town(founded=False, partner=False)
    assert town.put(e.Community, "bell-1", **town.community_fields()).reason is Void.COMMUNITY_SIGNATURES


@pytest.mark.parametrize(
    ("names", "reason"),
    [(("bell-1", "diaz"), Void.KEY_NAME), (("bell-1", "disclosure"), Void.KEY_NAME), ((ORIGIN,), Void.KEY_NAME)],
)
def test_a_community_key_never_takes_a_name_that_means_something_else(town, names, reason):
    record = town.put(e.Trust, *BOARD, **trust_fields(town, *names, threshold=1))
    assert record.reason is reason


def test_one_key_under_two_names_is_not_two_signatures(town):
    twins = tuple(str(SignerKey(name, b"\x06" * 32).verifier) for name in ("bell-8", "bell-9"))
    assert town.put(e.Trust, *BOARD, **trust_fields(town, keys=twins)).reason is Void.KEY_TWICE
    old = (str(person("bell-1").verifier), str(SignerKey("bell-9", person("bell-1").seed).verifier))
    assert town.put(e.Trust, *BOARD, **trust_fields(town, keys=old)).reason is Void.KEY_TWICE


def test_one_name_for_two_keys_is_refused_in_one_set(town):
    other = SignerKey("bell-8", b"\x05" * 32)
    fields = trust_fields(town) | {"keys": (*keys("bell-8"), str(other.verifier))}
    assert town.put(e.Trust, *BOARD, **fields).reason is Void.KEY_NAME


def test_trust_hands_over_to_new_keys_and_a_new_policy_of_the_log(town):
    fields = trust_fields(town, "bell-3", "bell-4", threshold=1, tlog_policy=tlog_policy("another"), comment_days=40)
    index = town.good(e.Trust, *BOARD, **fields)
    assert town.fold.trust_policy_text == tlog_policy("another")
    assert town.fold.trust_index == index
    assert town.put(e.KeyEnd, *BOARD, key=town.at["reyes"], **words()).reason is Void.COMMUNITY_SIGNATURES
    assert town.put(e.KeyEnd, "bell-4", key=town.at["reyes"], **words()).in_force
    late = {"bundle": "bc" * 32, "in_force_from": town.now + 30 * DAY, "open_requests": "keep"}
    assert town.put(e.Policy, "bell-4", **late).reason is Void.COMMENT_PERIOD


def test_before_entry_0_there_is_no_trust_policy():
    assert Fold(ORIGIN, SteadyJudge()).trust_policy_text == ""


def test_of_two_policies_the_later_in_force_rules(town):
    first = town.at["policy"]
    second = town.adopt("bc" * 32, days=40)
    town.adopt("bd" * 32, days=60)
    town.wait(days=45)
    assert town.fold.policy_in_force(town.now).index == second
    assert town.fold.policy_in_force(town.now - 10 * DAY).index == first


@pytest.mark.requirement("R4")
def test_new_rules_keep_open_requests_unless_they_say_close(town):
    kept = town.fold.requests[town.ask(closes=town.now + 60 * DAY)]
    town.adopt("bc" * 32, "keep")
    assert kept.closes_at == kept.entry.closes
    town.adopt("bd" * 32, "close", days=35)
    assert kept.closes_at == town.now + 35 * DAY
    later = town.fold.requests[town.ask(closes=town.now + 60 * DAY)]
    assert later.closes_at == town.now + 35 * DAY
    town.wait(days=35)
    assert kept.phase(town.now) is RequestPhase.CLOSED


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("kind", ["federal", "immigration"])
def test_a_federal_or_immigration_agency_is_never_a_partner_whatever_the_rules_say(town, kind):
    fields = town.partnership_fields(OTHER_ORI, kind=kind)
    record = town.put(e.Partnership, *BOARD, f"registrar-{OTHER_ORI}", **fields)
    assert record.reason is Void.AGENCY_KIND
    assert record.verdict is not None
    assert town.fold.partnership_of(OTHER_ORI, town.now + 40 * DAY) is None


@pytest.mark.requirement("R3", "S2")
def test_a_partnership_needs_the_comment_period_to_the_second(town):
    early = town.partnership_fields(OTHER_ORI, in_force_from=town.now + COMMENT_DAYS * DAY - 1)
    assert town.put(e.Partnership, *BOARD, f"registrar-{OTHER_ORI}", **early).reason is Void.COMMENT_PERIOD
    record = town.put(e.Partnership, *BOARD, f"registrar-{OTHER_ORI}", **town.partnership_fields(OTHER_ORI))
    assert record.in_force


def test_a_partnership_needs_its_registrar_and_a_span(town):
    fields = town.partnership_fields(OTHER_ORI)
    assert town.put(e.Partnership, *BOARD, **fields).reason is Void.REGISTRAR_SIGNATURE
    empty = fields | {"ends": fields["in_force_from"]}
    assert town.put(e.Partnership, *BOARD, f"registrar-{OTHER_ORI}", **empty).reason is Void.SPAN


def test_the_registrar_of_one_agency_is_not_that_of_another(town):
    fields = town.partnership_fields(OTHER_ORI, registrar=str(person(f"registrar-{ORI}").verifier))
    assert town.put(e.Partnership, *BOARD, f"registrar-{ORI}", **fields).reason is Void.KEY_NAME
    people = town.key_fields("fox", "officer", agency=OTHER_ORI, x25519=device("fox"))
    assert town.put(e.KeyEntry, f"registrar-{ORI}", **people).reason is Void.REGISTRAR_SIGNATURE


@pytest.mark.requirement("R1", "S2")
def test_a_partnership_lapses_at_its_end_to_the_second(town):
    ends = town.fold.partnerships[town.at["partnership"]].ends
    assert town.fold.partnership_of(ORI, ends - 1) is not None
    assert town.fold.partnership_of(ORI, ends) is None
    town.wait(days=364)
    request = town.fold.requests[town.ask(closes=town.now + 30 * DAY)]
    assert request.closes_at == ends


@pytest.mark.requirement("R42", "S2")
def test_the_community_ends_a_partnership_in_one_act_and_its_clips_with_it(town):
    request, clip = town.fold.requests[town.ask()], town.fold.disclosures[town.share()]
    frozen = town.fold.disclosures[town.share(2)]
    town.put_freeze(frozen.index, "reyes")
    town.good(e.PartnershipCancel, *BOARD, partnership=town.at["partnership"], **words())
    assert request.phase(town.now) is RequestPhase.CLOSED
    assert clip.phase(town.now) is ClipPhase.ENDED
    assert frozen.phase(town.now) is ClipPhase.PRESERVED
    assert town.put_access(frozen.index, "diaz", "reyes").reason is Void.PARTNERSHIP
    assert town.put_access(frozen.index, "reyes").in_force
    assert town.put_share(3).reason is Void.PARTNERSHIP
    assert len(town.fold.requests) == 1  # its history stays
    again = town.put(e.PartnershipCancel, *BOARD, partnership=town.at["partnership"], **words())
    assert again.reason is Void.ALREADY


def test_the_agency_cannot_destroy_what_clears_someone_by_leaving(town):
    clip = town.fold.disclosures[town.share()]
    town.good(e.PartnershipCancel, f"registrar-{ORI}", partnership=town.at["partnership"], **words())
    assert town.put_access(clip.index, "diaz").reason is Void.PARTNERSHIP
    assert clip.phase(town.now) is ClipPhase.SHARED
    assert town.put_expiry(clip.index).reason is Void.NOT_ENDED
    assert town.put_access(clip.index, "reyes").in_force


def test_cancelling_one_of_two_partnerships_leaves_the_other(town):
    clip = town.fold.disclosures[town.share()]
    renewed = town.partnership_fields(in_force_from=town.now + 30 * DAY, ends=town.now + 900 * DAY)
    index = town.good(e.Partnership, *BOARD, f"registrar-{ORI}", **renewed)
    town.wait(days=31)
    town.good(e.PartnershipCancel, *BOARD, partnership=town.at["partnership"], **words())
    assert clip.phase(town.now) is ClipPhase.SHARED
    town.good(e.PartnershipCancel, *BOARD, partnership=index, **words())
    assert clip.phase(town.now) is ClipPhase.ENDED


def test_clips_that_are_over_already_keep_their_own_end(town):
    gone = town.fold.disclosures[town.share(1)]
    town.put_withdrawal(gone.index, 1)
    town.put_expiry(gone.index)
    town.good(e.PartnershipCancel, *BOARD, partnership=town.at["partnership"], **words())
    assert gone.cancelled_at is None


def test_a_partnership_that_lapsed_cannot_be_cancelled(town):
    town.wait(days=400)
    record = town.put(e.PartnershipCancel, *BOARD, partnership=town.at["partnership"], **words())
    assert record.reason is Void.ALREADY


def test_a_stranger_cannot_cancel(town):
    record = town.put(e.PartnershipCancel, "okafor", partnership=town.at["partnership"], **words())
    assert record.reason is Void.SIGNER


@pytest.mark.parametrize(
    ("role", "changes"),
    [
        ("officer", {"agency": ""}),
        ("officer", {"x25519": ""}),
        ("reviewer", {"x25519": device("fox")}),
        ("custodian", {"storage": "hardware"}),
        ("custodian", {"url": "http://localhost:1"}),
        ("court", {"url": "http://localhost:1"}),
    ],
)
def test_a_key_has_exactly_the_fields_of_its_role(town, role, changes):
    fields = {"agency": ORI, "x25519": device("fox")} if role == "officer" else {}
    record = town.put(e.KeyEntry, *BOARD, **town.key_fields("fox", role, **(fields | changes)))
    assert record.reason is Void.KEY_FIELDS


@pytest.mark.parametrize("name", ["disclosure", ORIGIN, "bell-1", "kim"])
def test_names_of_keys_are_unique_for_ever(town, name):
    assert town.put(e.KeyEntry, *BOARD, **town.key_fields(name, "reviewer")).reason is Void.KEY_NAME


def test_a_key_enrolled_once_is_never_enrolled_under_another_name(town):
    twin = SignerKey("fox", person("kim").seed)
    fields = town.key_fields("fox", "reviewer", key=str(twin.verifier))
    assert town.put(e.KeyEntry, *BOARD, **fields).reason is Void.KEY_TWICE


def test_the_community_cannot_enrol_an_agencys_officer(town):
    fields = town.key_fields("fox", "officer", agency=ORI, x25519=device("fox"))
    assert town.put(e.KeyEntry, *BOARD, **fields).reason is Void.REGISTRAR_SIGNATURE


def test_the_registrar_cannot_enrol_a_reviewer(town):
    fields = town.key_fields("fox", "reviewer")
    assert town.put(e.KeyEntry, f"registrar-{ORI}", **fields).reason is Void.COMMUNITY_SIGNATURES


def test_people_can_be_enrolled_while_the_partnership_is_still_in_public_comment():
    town = Town(partner=False)
    town.good(e.Partnership, *BOARD, f"registrar-{ORI}", **town.partnership_fields())
    assert town.enrol_key("fox", "officer", agency=ORI, x25519=device("fox"))
    town.at["fox"] = town.fold.size - 1


@pytest.mark.promise(12)
@pytest.mark.requirement("R6")
def test_a_key_that_ended_signs_nothing_from_its_index_on(town):
    clip = town.share()
    assert town.put_access(clip, "diaz").in_force
    assert town.put(e.KeyEnd, f"registrar-{ORI}", key=town.at["diaz"], **words()).in_force
    assert town.put_access(clip, "diaz").reason is Void.SIGNER_ENDED
    assert town.put(e.Request, "diaz", "kim", **town.request_fields()).reason is Void.SIGNER_ENDED
    assert town.fold.live_key("diaz") is None
    assert town.fold.live_at(town.at["diaz"]) is None
    assert town.fold.key_at(town.at["diaz"]).name == "diaz"


def test_the_registrar_ends_only_its_own_people(town):
    record = town.put(e.KeyEnd, f"registrar-{ORI}", key=town.at["okafor"], **words())
    assert record.reason is Void.COMMUNITY_SIGNATURES
    assert town.put(e.KeyEnd, *BOARD, key=town.at["kim"], **words()).in_force
    assert town.put(e.KeyEnd, "okafor", key=town.at["diaz"], **words()).reason is Void.SIGNER


def test_an_event_is_in_force_at_once_by_a_reviewer_or_the_community(town):
    one = town.good(e.Event, "okafor", **event())
    two = town.good(e.Event, *BOARD, **event(kind="worship"))
    assert [town.fold.events[one].kind, town.fold.events[two].kind] == ["assembly", "worship"]


# -- how the fold is fed -------------------------------------------------------------------------------------------


def test_entries_are_read_in_order(town):
    with pytest.raises(Error) as raised:
        town.fold.apply(town.fold.size + 1, town.now, town.text(e.Event, **event()), ())
    assert raised.value.id == "docket.index-skipped"


def test_an_unknown_type_is_shown_and_stops_nothing(town):
    text = town.text(e.Event, **event()).replace('"type":"event"', '"type":"parade"')
    record = town.put_text(text, "okafor")
    assert (record.status, record.reason) == (Status.UNKNOWN, Unsettled.TYPE)
    assert record.entry == e.UnknownEntry("parade", 1)
    assert town.put(e.Event, "okafor", **event()).in_force


def test_what_refers_to_an_entry_that_could_not_be_checked_cannot_be_checked_either(town):
    town.judge.answers["request"] = Verdict(Outcome.CANNOT_CHECK, (Clause("rules.unchecked", "a test"),))
    record = town.put(e.Request, "diaz", "kim", **town.request_fields())
    assert (record.status, record.reason) == (Status.UNKNOWN, Unsettled.CANNOT_CHECK)
    town.wait(days=8)
    told = town.put(e.Outcome, "diaz", request=record.index, code="closed", clips="<5")
    assert (told.status, told.reason) == (Status.UNKNOWN, Unsettled.DEPENDS)


def test_a_permit_without_terms_settles_nothing(town):
    town.judge.answers["request"] = Verdict(Outcome.PERMIT)
    record = town.put(e.Request, "diaz", "kim", **town.request_fields())
    assert record.reason is Unsettled.CANNOT_CHECK


def test_a_malformed_leaf_is_void_by_the_flaw_that_the_verifier_names(town):
    assert town.put_text("", flaw="form").reason is Void.FORM
    assert town.put_text("no entry", flaw="signature").reason is Void.SIGNATURE
    assert town.put_text("no entry", flaw="something new").reason is Void.FORM


def test_a_wrong_time_of_the_log_does_not_hold_up_later_entries(town):
    now = town.now
    town.wait(days=3_000)
    assert town.put(e.Event, "okafor", flaw="time", **event()).reason is Void.TIME
    town.now = now
    assert town.put(e.Event, "okafor", **event()).in_force


def test_void_entries_use_up_their_id_but_a_void_withdrawal_does_not(town):
    text = town.text(e.Event, **event())
    assert town.put_text(text, "diaz").reason is Void.SIGNER
    assert town.put_text(text, "okafor").reason is Void.DUPLICATE
    clip = town.share()
    receipt = town.text(e.Withdrawal, disclosure=clip)
    assert town.put_keys(receipt, (), "signature").reason is Void.SIGNATURE
    assert town.put_keys(receipt, (person_d(0).verifier,)).in_force
    assert town.put_keys(receipt, (person_d(0).verifier,)).reason is Void.DUPLICATE


def test_candidate_keys_are_all_that_might_have_signed(town):
    fold = town.fold
    known = {key.name for key in fold.candidate_keys(town.text(e.Event, **event()))}
    assert {"bell-1", "bell-2", "bell-3", f"registrar-{ORI}", "diaz", "kim", "library", "portal"} <= known
    assert fold.candidate_keys("no entry") == ()
    share = fold.candidate_keys(town.text(e.Disclosure, **town.share_fields(7)))
    assert person_d(7).verifier in share
    clip = town.share(4)
    assert person_d(4).verifier in fold.candidate_keys(town.text(e.Withdrawal, disclosure=clip))
    assert fold.candidate_keys(town.text(e.Withdrawal, disclosure=0)) == fold.candidate_keys(
        town.text(e.Event, **event())
    )
    newcomer = town.text(e.Partnership, **town.partnership_fields(OTHER_ORI))
    assert person(f"registrar-{OTHER_ORI}").verifier in fold.candidate_keys(newcomer)
    empty = Fold(ORIGIN, SteadyJudge())
    first = empty.candidate_keys(town.text(e.Community, **town.community_fields()))
    assert [key.name for key in first] == ["bell-1", "bell-2", "bell-3"]


def test_a_key_that_only_has_the_name_of_another_counts_for_nothing(town):
    impostor = SignerKey("okafor", b"\x07" * 32).verifier
    board = tuple(SignerKey(name, bytes([number]) * 32).verifier for number, name in enumerate(BOARD))
    assert town.put_keys(town.text(e.Event, **event()), (impostor,)).reason is Void.SIGNER
    assert town.put_keys(town.text(e.Event, **event()), board).reason is Void.SIGNER


def test_the_dry_run_changes_nothing(town):
    before = {name: repr(value) for name, value in vars(town.fold).items() if name != "_newest"}
    record = town.fold.would_apply(town.now, town.text(e.Event, **event()), (person("okafor").verifier,))
    assert record.in_force
    assert record.index == town.fold.size
    assert {name: repr(value) for name, value in vars(town.fold).items() if name != "_newest"} == before


def test_time_starts_where_the_first_entry_stands():
    assert Fold(ORIGIN, SteadyJudge()).time == 0
    assert Town().fold.time > START - 1
