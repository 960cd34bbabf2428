# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.docket.blobs import Blob
from sunporch.docket.state import Status
from sunporch.docket.void import Void
from sunporch.tlog.notes import sign
from sunporch.tlog.tiles import Tile
from sunporch.verify.tail import Tail, blob_path
from tests.client.test_server import failing
from tests.verify.town import (
    COMMENT_DAYS,
    COMPLAINT,
    CROWDED,
    ORIGIN,
    LogTown,
    Mirror,
    one_time,
    person,
    put_trust,
    tailing,
    tlog_policy,
)


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    yield town
    town.close()


# Entries ------------------------------------------------------------------------------------------------------------


def last(town):
    town.cosign()
    return tailing(town).fold.records[-1]


@pytest.mark.parametrize(("late", "status"), [(-301, Status.VOID), (-300, Status.IN_FORCE), (301, Status.VOID)])
def test_a_leaf_whose_time_nobody_saw_is_void(town, late, status):
    town.wait(seconds=400)
    town.small()
    town.cosign(time=town.now - late)
    assert tailing(town).fold.records[-1].status is status
    reason = tailing(town).fold.records[-1].reason
    assert reason is (Void.TIME if status is Status.VOID else None)


def test_the_first_cosigned_checkpoint_that_covers_a_leaf_judges_its_time(town):
    town.small()
    town.cosign()
    town.wait(seconds=3_000)
    town.cosign()
    town.small()
    town.cosign()
    assert [record.status for record in tailing(town).fold.records[-2:]] == [Status.IN_FORCE] * 2


def test_a_wrong_signature_of_a_known_key_makes_an_entry_void(town):
    note = town.note(e.Complaint, person("portal"), **COMPLAINT)
    place = note.rindex(b" ") + 20
    flipped = note[:place] + (b"A" if note[place : place + 1] != b"A" else b"B") + note[place + 1 :]
    town.append(flipped)
    assert last(town).reason is Void.SIGNATURE


@pytest.mark.parametrize("leaf", [b"no time", b"1800000000\nno note", b"1800000000\n" + b"x" * 9_000])
def test_a_leaf_that_is_no_entry_is_void_and_stops_nothing(town, leaf):
    town.append_leaf(leaf)
    town.ask()
    town.cosign()
    records = tailing(town).fold.records
    assert (records[-2].reason, records[-1].status) == (Void.FORM, Status.IN_FORCE)


def test_an_entry_of_a_type_that_is_unknown_here_is_shown_and_stops_nothing(town):

    text = f'{wire.HEADING}\n{ORIGIN}\n{{"type":"parade","v":7}}\n'
    town.append(sign(text, [person("portal")]).encode())
    town.ask()
    town.cosign()
    records = tailing(town).fold.records
    assert (records[-2].status, records[-1].status) == (Status.UNKNOWN, Status.IN_FORCE)


@pytest.mark.promise(6)
def test_an_appeal_that_the_rules_forbid_is_void_although_all_keys_are_real(town):
    town.ask(offence="90Z")
    record = last(town)
    assert (record.status, record.reason) == (Status.VOID, Void.RULES)
    assert record.verdict.clauses


# Texts --------------------------------------------------------------------------------------------------------------


def test_a_narrative_that_is_withheld_is_missed_until_it_is_there(town):
    index = town.ask()
    town.cosign()
    commitment = tailing(town).fold.requests[index].entry.narrative
    hidden = {blob_path(commitment)}
    tail = Tail(town.pin)
    tail.advance(lambda path: None if path in hidden else town.fetch(path))
    assert tail.missing[commitment].id == "verify.path-missing"
    tail.advance(lambda path: None if path in hidden else town.fetch(path))
    assert commitment in tail.missing
    tail.advance(town.fetch)
    assert tail.missing == {}
    assert tail.blobs[commitment].text.startswith("A man")


def test_a_narrative_that_was_changed_is_missed(town):
    index = town.ask()
    town.cosign()
    commitment = tailing(town).fold.requests[index].entry.narrative
    lie = Blob(b"\x02" * 16, "Another story.").to_json().encode()
    tail = Tail(town.pin)
    tail.advance(lambda path: lie if path == blob_path(commitment) else town.fetch(path))
    assert tail.missing[commitment].id == "docket.blob-mismatched"


def test_a_text_that_a_reviewer_took_down_is_forgotten_and_not_missed(town):
    mirror = Mirror()
    tail = Tail(town.pin)
    index = town.ask()
    town.cosign()
    tail.advance(town.fetch, mirror.keep)
    commitment = tail.fold.requests[index].entry.narrative
    assert blob_path(commitment) in mirror
    town.put(e.Takedown, person("okafor"), blob=commitment, reason="names-a-child")
    (town.folder / blob_path(commitment)).unlink()
    town.cosign()
    tail.advance(town.fetch, mirror.keep)
    assert commitment not in tail.blobs
    assert blob_path(commitment) not in mirror
    fresh = tailing(town)
    assert fresh.missing == {}


def test_without_the_rules_a_tail_waits_before_the_entry_that_adopts_them(town):
    bundle = blob_path(town.bundle.commitment)
    tail = Tail(town.pin)
    with failing("verify.path-missing") as caught:
        tail.advance(lambda path: None if path == bundle else town.fetch(path))
    assert (caught.value.where, tail.size) == (bundle, 1)
    tail.advance(town.fetch)
    assert tail.fold.records == tailing(town).fold.records


def test_nobody_stops_all_tails_by_citing_rules_that_do_not_exist(town):
    fields = {"bundle": "ab" * 32, "in_force_from": town.now + 9 * 86_400, "open_requests": "keep"}
    town.put(e.Policy, person("mallory"), **fields)
    assert last(town).reason is Void.COMMUNITY_SIGNATURES


def test_a_withdrawal_by_the_one_time_key_is_known_to_the_tail(town):
    town.ask()
    index = town.share(4)
    town.put(e.Withdrawal, one_time(4), disclosure=index)
    town.cosign()
    assert tailing(town).fold.disclosures[index].withdrawn_at == town.now


def test_a_tail_knows_the_unfinished_files_of_before(town):
    tail = tailing(town)
    for path in (f"tile/0/000.p/{town.size}", f"tile/entries/000.p/{town.size}"):
        assert tail.beginning(Tile.parse(path)) == town.fetch(path)


# The grid -----------------------------------------------------------------------------------------------------------


@pytest.mark.promise(6)
def test_rules_of_another_grid_are_void_for_every_reader_and_the_rules_before_them_go_on(town):
    index = town.adopt(CROWDED)
    town.cosign()
    town.wait(days=COMMENT_DAYS)
    appeal = town.ask()
    town.cosign()
    fold = tailing(town).fold
    assert fold.records[index].reason is Void.GRID
    assert fold.policies.keys() == {town.keys["policy"]}
    assert fold.records[appeal].in_force


def test_a_copy_kept_through_a_lie_in_the_middle_of_a_reading_can_be_replayed(town):
    """The first checkpoint passes, the second does not: the copy must hold the first one all the same."""
    copy = Mirror()
    first = Tail(town.pin)
    first.advance(town.fetch, copy.keep)
    town.small()
    town.cosign()
    grid = Blob(b"\x05" * 16, "the text of a grid")
    put_trust(town, grid=grid.commitment)
    town.cosign()
    with failing("verify.path-missing"):
        first.advance(town.fetch, copy.keep)
    for _ in range(2):
        again = Tail(town.pin)
        again.advance(copy.get)
        assert (again.size, again.root) == (first.size, first.root)
        town.blob(grid)
        first.advance(town.fetch, copy.keep)
    assert again.size == town.size


def test_nobody_reads_past_a_new_grid_whose_text_is_withheld(town):
    early = tailing(town)
    grid = Blob(b"\x05" * 16, "the text of a grid")
    index = put_trust(town, grid=grid.commitment)
    town.cosign()
    with failing("verify.path-missing"):
        early.advance(town.fetch)
    assert early.size == index
    town.blob(grid)
    early.advance(town.fetch)
    assert early.size == town.size


def test_a_trust_policy_under_which_nobody_could_read_on_is_void_and_the_one_in_force_goes_on(town):
    """Readers do not hang on the portal's care: a slip of the community's pen stops none of them."""
    early = tailing(town)
    slips = (
        town.policy_text.replace("quorum ", "quroum "),
        town.policy_text.removesuffix("quorum quorum\n"),
        tlog_policy(log=SignerKey("demo.elm-street", bytes(32))),
        town.policy_text.split("\n", 1)[1],
    )
    voids = [put_trust(town, tlog_policy=slip) for slip in slips]
    town.cosign()
    appeal = town.ask()
    town.cosign()
    for tail in (early, Tail(town.pin)):
        tail.advance(town.fetch)
        assert [tail.fold.records[index].reason for index in voids] == [Void.TLOG_POLICY] * len(slips)
        assert tail.fold.trust_policy_text == town.policy_text
        assert tail.fold.records[appeal].in_force
