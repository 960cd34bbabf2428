# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import shutil

import pytest
from django.core.management import call_command
from django.db import connections

from sunporch.base.errors import Error
from sunporch.docket import entries, wire
from sunporch.docket.blobs import Blob
from sunporch.portal.board import actions, store
from sunporch.portal.board.checks import all_checks
from sunporch.portal.board.models import Held, Line, Outgoing, Shown
from sunporch.portal.sequencer.loop import FRESH_SECONDS, Sequencer
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from tests.portal.street import DAY, PEOPLE, TOWN, Visitor, error_of

HOUR = 3_600


@pytest.fixture
def sequencer(street):
    made = Sequencer(street.settings, street.clock)
    yield made
    made.close()


def event(street, begin: int = 0) -> str:
    start = street.now() + DAY + begin
    return street.signed(
        entries.Event, "okafor-2c1d", cells=(TOWN.centre,), from_=start, to=start + 3600, kind="assembly"
    )


def checkpoint(street) -> bytes:
    return (street.data / "log" / "checkpoint").read_bytes()


def opened(street):
    return TrustPolicy.parse(street.trust_policy()).open(checkpoint(street), "demo.maple-street")


def test_entries_are_recorded_in_the_order_in_which_they_were_handed_in(street, sequencer):
    size = street.state().size
    ids = [street.post(event(street, number)) for number in range(5)]
    assert sequencer.turn()
    assert not sequencer.turn()
    rows = street.rows()
    assert [rows[entry_id].index for entry_id in ids] == list(range(size, size + 5))
    assert store.shown().size == size + 5
    assert opened(street).checkpoint.size == size + 5


def test_leaf_times_never_decrease_even_when_the_clock_steps_back(street, sequencer):
    first = street.post(event(street))
    sequencer.turn()
    street.advance(-50)
    second = street.post(event(street, 9))
    assert sequencer.turn()
    rows = street.rows()
    assert rows[second].time >= rows[first].time


def test_the_same_entry_twice_is_recorded_once(street, sequencer):
    note = event(street)
    assert street.post(note) == street.post(note)
    sequencer.turn()
    assert street.post(note) in street.rows()
    assert not sequencer.turn()
    assert Line.objects.filter(id=wire.entry_id(note.partition("\n\n")[0] + "\n")).count() == 1


def two_ends_of_one_key(street) -> list[str]:
    index = street.index_of("nowak-11aa")
    return [street.signed(entries.KeyEnd, "registrar-1", key=index, reason=reason) for reason in ("left", "fired")]


def test_of_two_entries_that_exclude_each_other_the_later_is_recorded_as_void(street, sequencer):
    ids = [street.post(note) for note in two_ends_of_one_key(street)]
    sequencer.turn()
    first, second = (street.rows()[entry_id] for entry_id in ids)
    assert (first.state, second.state) == ("recorded", "void")
    assert second.index == first.index + 1
    assert "done already" in second.reason


def test_an_entry_that_lost_its_ground_in_the_outbox_is_told_so_and_not_recorded(street, sequencer):
    first, second = two_ends_of_one_key(street)
    street.post(first)
    sequencer.turn()
    size = street.state().size
    actions.hand_in("cd" * 32, "key_end", second, [], street.now())
    sequencer.turn()
    row = street.rows()["cd" * 32]
    assert (row.state, row.index) == ("void", None)
    assert "done already" in row.reason
    assert street.state().size == size


def test_with_two_of_four_co_signers_down_entries_are_held_with_that_reason_and_recorded_when_one_returns(
    street, sequencer
):
    for witness in street.witnesses[:2]:
        witness.stop()
    size = street.state().size
    before = checkpoint(street)
    entry_id = street.post(event(street))
    assert not sequencer.turn()
    anyone = Visitor(street)
    answer = anyone.get(f"/api/v1/entries/{entry_id}").json()
    assert answer["state"] == "queued"
    assert answer["error"]["id"] == "portal.quorum-missing"
    assert "2 of 3" in answer["error"]["what"]
    assert checkpoint(street) == before
    assert street.state().size == size
    assert anyone.get("/readyz").json()["held"] is True
    street.witnesses[0].start()
    assert sequencer.turn()
    answer = anyone.get(f"/api/v1/entries/{entry_id}").json()
    assert (answer["state"], answer["index"]) == ("recorded", size)
    assert Held.objects.count() == 0


def test_an_old_checkpoint_is_refreshed_before_anything_is_appended_and_nothing_is_appended_without_quorum(
    street, sequencer
):
    for witness in street.witnesses[:2]:
        witness.stop()
    street.advance(FRESH_SECONDS + 1)
    street.post(event(street))
    appended = sequencer._writer.size
    assert not sequencer.turn()
    assert sequencer._writer.size == appended  # a leaf would have aged while nobody saw it
    street.advance(1000)
    street.witnesses[0].start()
    assert sequencer.turn()
    row = Outgoing.objects.order_by("-sequence")[0]
    assert row.state == "recorded"
    assert abs(row.time - opened(street).median_time) < FRESH_SECONDS


def test_an_idle_record_is_co_signed_anew_every_hour(street, sequencer):
    kept = (street.data / "log" / "checkpoints" / str(street.state().size)).read_bytes()
    before = opened(street).median_time
    sequencer.turn()
    street.advance(HOUR + 60)
    sequencer.turn()
    assert opened(street).median_time >= before + HOUR
    # The first co-signed checkpoint of a size stays for ever: leaf times are measured against it.
    assert (street.data / "log" / "checkpoints" / str(street.state().size)).read_bytes() == kept


def test_a_new_trust_policy_is_co_signed_by_the_old_quorum_and_by_the_new_one(street, sequencer):
    lines = street.trust_policy().replace("group town 3", "group town 4")
    state = street.state()
    council = ("council-1", "council-2")
    street.post(
        street.signed(
            entries.Trust,
            *council,
            predecessor=state.trust_index,
            keys=tuple(str(street.keys[name].verifier) for name in council),
            threshold=2,
            grid=state.grid,
            tlog_policy=lines,
            comment_days=0,
        )
    )
    street.witnesses[3].stop()
    assert not sequencer.turn()
    assert store.held().needed == 4
    street.witnesses[3].start()
    assert sequencer.turn()
    assert street.state().trust_policy_text == lines
    street.post(event(street))
    assert sequencer.turn()


@pytest.mark.promise(7)
@pytest.mark.promise(8)
def test_a_kill_between_the_kept_checkpoint_and_the_shown_one_records_nothing_twice(street):
    before, size = checkpoint(street), street.state().size
    ids = [street.post(event(street, number)) for number in range(3)]
    connections["default"].close()
    database = {path: path.read_bytes() for path in street.data.glob("portal.sqlite3*")}
    street.drain()
    # As the kill left it: kept under its size, not yet under `checkpoint`, and the tables know nothing.
    connections["default"].close()
    for path in street.data.glob("portal.sqlite3*"):
        path.unlink()
    for path, data in database.items():
        path.write_bytes(data)
    (street.data / "log" / "checkpoint").write_bytes(before)
    street.drain()
    assert [record.id for record in street.state().records[size:]] == ids
    assert [street.rows()[entry_id].index for entry_id in ids] == list(range(size, size + 3))


def test_a_portal_brought_back_from_an_older_copy_appends_nothing_and_says_what_co_signers_have_seen(
    street, tmp_path, caplog
):
    street.record(event(street))
    connections["default"].close()
    shutil.copytree(street.data, tmp_path / "copy")
    street.record(event(street, 1))
    lost = street.state().size
    connections["default"].close()
    shutil.rmtree(street.data)
    shutil.copytree(tmp_path / "copy", street.data)
    entry_id = street.post(event(street, 2))
    street.drain()
    # Nothing was appended, so nothing is signed for a size that the world knows otherwise: no second history.
    with Writer(DirectoryStorage(street.data / "log")) as writer:
        assert writer.size == writer.signed.size == lost - 1
    assert street.rows()[entry_id].state == "queued"
    assert (Held.objects.get().got, street.state().size) == (0, lost - 1)
    newest = next(check for check in all_checks(street.settings) if check.id == "log-newest")
    assert (newest.good, newest.seen) == (False, str(lost))
    assert f"has seen {lost} entries, this log has {lost - 1}" in caplog.text


def test_a_second_sequencer_is_refused(street, sequencer):
    with pytest.raises(Error) as raised:
        Sequencer(street.settings, street.clock)
    assert raised.value.id == "portal.sequencer-running"


def test_public_tables_that_know_more_than_the_log_stop_the_sequencer(street):
    Shown.objects.update(size=10_000)
    with pytest.raises(Error) as raised:
        Sequencer(street.settings, street.clock)
    assert raised.value.id == "portal.log-behind"


def test_a_checkpoint_that_was_changed_on_disk_makes_the_record_unreadable_and_says_so(street):
    path = street.data / "log" / "checkpoint"
    path.write_bytes(checkpoint(street).replace(b"demo.maple", b"demo.mapel"))
    answer = Visitor(street).get("/api/v1/rules")
    assert (answer.status_code, error_of(answer)) == (503, "portal.record-unreadable")


@pytest.mark.promise(7)
def test_rebuild_makes_the_same_public_tables_from_the_log_alone(street, capsys):
    street.record(event(street))
    rows = list(Line.objects.order_by("index").values())
    shown = Shown.objects.values().get()
    Line.objects.all().delete()
    Shown.objects.all().delete()
    call_command("rebuild")
    assert list(Line.objects.order_by("index").values()) == rows
    assert Shown.objects.values().get() == shown
    assert json.loads(capsys.readouterr().out) == {"entries": len(rows)}


@pytest.mark.requirement("R11", "R13")
def test_a_text_goes_only_when_a_reviewer_takes_it_down(street, sequencer):
    officer, supervisor = "diaz-4f2a", "kim-77b0"
    note, narrative = street.appeal(officer)
    signed = street.cosign(note, supervisor)
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    actions.hand_in(
        entry_id, "request", signed, [{"salt": narrative.salt.hex(), "text": narrative.text}], street.now()
    )
    sequencer.turn()
    path = street.data / "log" / "blob" / narrative.commitment
    assert Blob.parse(path.read_bytes()).text == narrative.text
    street.post(street.signed(entries.Takedown, "okafor-2c1d", blob=narrative.commitment, reason="names-somebody"))
    sequencer.turn()
    assert not path.exists()
    page = Visitor(street).get(f"/appeals/{street.rows()[entry_id].index}/").content.decode()
    assert narrative.text[:30] not in page
    assert "taken down" in page


def test_the_outbox_takes_only_so_many_entries(street, monkeypatch):
    monkeypatch.setattr(actions, "MAX_QUEUED", 1)
    street.post(event(street))
    with pytest.raises(Error) as raised:
        street.post(event(street, 1))
    assert raised.value.id == "portal.queue-full"


def test_an_entry_that_was_void_may_be_handed_in_again_when_it_would_count(street):
    actions.hand_in("ab" * 32, "withdrawal", "x", [], street.now())
    actions.refuse("ab" * 32, "It refers to something that is not in force")
    assert actions.hand_in("ab" * 32, "withdrawal", "x", [], street.now()).state == "queued"


def test_people_of_the_street_are_all_enrolled(street):
    state = street.state()
    assert {name: (state.live_key(name).role, state.live_key(name).agency) for name in PEOPLE} == PEOPLE
