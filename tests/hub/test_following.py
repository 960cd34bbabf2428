# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's record as one home reads it: lies are alarms, silence is a state, recording goes on all the while."""

from __future__ import annotations

import json
import secrets
import shutil

import pytest

from sunporch.base.notekeys import COSIGNATURE
from sunporch.docket import entries as e
from sunporch.hub.cameras.models import Camera
from sunporch.hub.inbox.models import Alarm, Appeal, Following, Match, Notice
from sunporch.hub.mirror import Mirror
from sunporch.hub.release.models import Release
from sunporch.tlog.checkpoints import Checkpoint, cosign
from sunporch.tlog.hashing import EMPTY_ROOT
from sunporch.tlog.notes import sign
from sunporch.vault import TICKS
from tests.forbidden import ATTACKS, Ground, event
from tests.hub.footage import street_video
from tests.hub.home import NOW, Home, share
from tests.hub.maple import LOG_KEY, SAMPLE, WITNESSES, Maple, error, person

HOUR = 3600


def alarms() -> set[str]:
    return set(Alarm.objects.filter(ended_at=None).values_list("kind", flat=True))


def state() -> str:
    return Following.objects.get().error_id


@pytest.mark.promise(6)
@pytest.mark.requirement("R2", "R8", "R9")
def test_a_forbidden_appeal_published_with_real_keys_is_an_alarm_in_every_home_and_no_request(home, street, ana):
    start = home.clock.now() - HOUR
    home.camera(start_s=start)
    maple = street.maple
    index = maple.put(e.Request, "diaz", "kim", **maple.request_fields(start - 40 * HOUR, start + 600))
    maple.cosign()
    home.turn()
    alarm = ana.ask("GET", "/alarms")[1]["alarms"][0]
    assert (alarm["kind"], alarm["subject"]) == ("hub.appeal-forbidden", f"appeal {index}")
    assert "R9.window-max" in {clause["id"] for clause in alarm["clauses"]}
    assert all(clause["sentence"] for clause in alarm["clauses"])
    assert Notice.objects.count() == Match.objects.count() == 0 and home.vault.holds() == ()
    assert ana.ask("GET", "/inbox")[1] == []


@pytest.mark.promise(6)
@pytest.mark.requirement("R1", "R2", "R4", "R5", "R7", "R8", "R9", "R10", "R12")
def test_each_forbidden_appeal_is_an_alarm_in_the_home_with_its_clause_and_never_a_notice(home, street, ana):
    start = home.clock.now() - HOUR
    home.camera(start_s=start)
    maple = street.maple
    ground = Ground(home.clock.now(), SAMPLE.centre, maple.at["diaz"])
    maple.put(e.Event, "okafor", **event(ground))
    good = maple.request_fields(start - 600, start + 600)
    made = {name: maple.put(e.Request, *a.signers, **(good | a.changes(ground))) for name, a in ATTACKS.items()}
    maple.cosign()
    home.turn()
    alarms = {alarm.subject: {clause["id"] for clause in alarm.clauses} for alarm in Alarm.objects.all()}
    for name, index in made.items():
        assert ATTACKS[name].clause in alarms[f"appeal {index}"], name
    assert set(Alarm.objects.values_list("kind", flat=True)) == {"hub.appeal-forbidden"}
    assert Notice.objects.count() == Match.objects.count() == 0 and home.vault.holds() == ()


@pytest.mark.promise(6)
def test_an_officer_who_countersigns_alone_is_an_alarm_too(home, street, ana):
    start = home.clock.now() - HOUR
    home.camera(start_s=start)
    street.maple.put(e.Request, "diaz", **street.maple.request_fields(start - 600, start + 600))
    street.maple.cosign()
    home.turn()
    assert "R12.two-people" in {c["id"] for c in ana.ask("GET", "/alarms")[1]["alarms"][0]["clauses"]}


def test_an_appeal_that_cannot_be_checked_is_neither_a_request_nor_an_alarm(home, street, ana):
    """Its rules are of a later version of this software: who cannot read them accuses nobody."""
    start = home.clock.now() - HOUR
    home.camera(start_s=start)
    maple = street.maple
    later = json.dumps({"format": "sunporch/policy/v9"})
    maple.at["policy"] = maple.put(
        e.Policy, "bell", bundle=maple.blob(later), in_force_from=home.clock.now(), open_requests="keep"
    )
    maple.put(e.Request, "diaz", "kim", **maple.request_fields(start - 600, start + 600))
    maple.cosign()
    home.turn()
    assert Alarm.objects.count() == 0 and Notice.objects.count() == 0
    assert home.town.size == maple.writer.size


def rollback(street, home):
    size = street.maple.writer.size
    old = [path for path in (street.maple.log_dir / "checkpoints").iterdir() if path.name.isdigit()]
    oldest = min(old, key=lambda path: int(path.name))
    assert int(oldest.name) < size
    street.portal.lies["checkpoint"] = oldest.read_bytes()


def emptied(street, home):
    """The log's real key and a quorum sign a log of nothing, as of its first day."""
    note = sign(Checkpoint(LOG_KEY.name, 0, EMPTY_ROOT).encode(), [LOG_KEY])
    lines = [cosign(person(name, COSIGNATURE), note.text, home.clock.now()) for name in WITNESSES]
    street.portal.lies |= {"checkpoint": note.with_signatures(*lines).encode(), "checkpoints/sizes": b"0\n"}


def gone(street, home):
    """The portal was begun anew: it has no record at all."""
    files = [path for path in street.maple.log_dir.rglob("*") if path.is_file()]
    street.portal.lies |= {str(path.relative_to(street.maple.log_dir)): None for path in files}


def other_root(street, home):
    """The log's real key and a quorum of real witnesses sign another root for the size that was seen."""
    fork = Checkpoint(LOG_KEY.name, home.town.size, b"\x66" * 32)
    note = sign(fork.encode(), [LOG_KEY])
    lines = [cosign(person(name, COSIGNATURE), note.text, home.clock.now()) for name in WITNESSES]
    street.portal.lies["checkpoint"] = note.with_signatures(*lines).encode()


def omission(street, home):
    """An entry is left out of the bundle while the checkpoint counts it."""
    name = f"tile/entries/000.p/{street.maple.writer.size}"
    data = street.maple.fetch(name)
    street.portal.lies[name] = data[: -len(data) // 3]


def flipped_bit(street, home):
    name = f"tile/entries/000.p/{street.maple.writer.size}"
    data = bytearray(street.maple.fetch(name))
    data[-100] ^= 1
    street.portal.lies[name] = bytes(data)


def bad_signature(street, home):
    data = bytearray(street.maple.fetch("checkpoint"))
    kept = f"checkpoints/{street.maple.writer.size}"
    data[-30] = ord("A") if data[-30] != ord("A") else ord("B")
    street.portal.lies |= {"checkpoint": bytes(data), kept: bytes(data)}


def too_few_witnesses(street, home):
    note = sign(Checkpoint(LOG_KEY.name, street.maple.writer.size, street.maple.writer.root()).encode(), [LOG_KEY])
    lines = [cosign(person(name, COSIGNATURE), note.text, home.clock.now()) for name in WITNESSES[:2]]
    data = note.with_signatures(*lines).encode()
    street.portal.lies |= {"checkpoint": data, f"checkpoints/{street.maple.writer.size}": data}


def withheld(street, home):
    street.portal.lies[f"tile/entries/000.p/{street.maple.writer.size}"] = None


def nonsense(street, home):
    street.portal.lies["checkpoint"] = b"<html>welcome</html>"


def endless(street, home):
    street.portal.lies["checkpoint"] = b"x" * (9 * 2**20)


LIES = {
    rollback: "tlog.rollback-found",
    emptied: "tlog.rollback-found",
    gone: "tlog.rollback-found",
    other_root: "tlog.fork-found",
    omission: "tlog.tile-malformed",
    flipped_bit: "tlog.bundle-differs",
    bad_signature: "tlog.signature-wrong",
    too_few_witnesses: "tlog.quorum-missing",
    withheld: "tlog.file-missing",
    nonsense: "tlog.note-malformed",
    endless: "client.answer-oversize",
}


@pytest.mark.promise(8)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_portal_that_lies_is_named_nothing_of_it_is_believed_and_recording_goes_on(home, street, ana, asked, lie):
    appeal, _porch, start = asked
    before = (home.town.size, home.town.root)
    if lie not in (rollback, emptied, gone, other_root, nonsense, endless):
        street.maple.ask(start - 600, start + 600, closes=home.clock.now() + 7200)
    lie(street, home)
    home.turn()
    assert LIES[lie] in alarms(), (alarms(), state())
    assert state() == LIES[lie]
    assert (home.town.size, home.town.root) == before
    # What was true before stays so, the camera goes on, and the resident reads it.
    home.vault.import_file(home.camera("back").id, street_video(), start)
    told = ana.ask("GET", "/alarms")[1]
    assert told["record"]["trouble"]["id"] == LIES[lie] and told["alarms"][0]["what"]
    assert ana.ask("GET", "/inbox")[1][0]["appeal"] == appeal
    street.portal.lies.clear()
    home.turn()
    assert alarms() == set() and state() == ""
    assert Alarm.objects.filter(kind=LIES[lie]).exclude(ended_at=None).exists()


@pytest.mark.promise(8)
@pytest.mark.parametrize("lie", [emptied, gone, rollback], ids=lambda lie: lie.__name__)
def test_a_hub_whose_own_copy_is_lost_takes_no_shorter_record_for_all_there_ever_was(home, street, lie):
    street.maple.ask(home.clock.now() - 1200, home.clock.now() - 600)
    home.turn()
    size = home.town.size
    shutil.rmtree(home.hub.mirror_folder)
    lie(street, home)
    for _ in range(2):  # neither does it forget what it knew because it could not read it once
        home.start()
        home.turn(2)
        assert alarms() == {"tlog.rollback-found"} and home.town.size == 0
        assert Alarm.objects.get().params["old"] == str(size) == str(Following.objects.get().size)
    street.portal.lies.clear()
    home.turn()
    assert (home.town.size, alarms()) == (size, set())


@pytest.mark.promise(8)
def test_a_hub_whose_own_copy_is_another_story_reads_all_of_it_anew(home, street):
    street.maple.ask(home.clock.now() - 1200, home.clock.now() - 600)
    home.turn()
    Following.objects.update(size=home.town.size - 1, root="66" * 32)
    home.start()
    assert (alarms(), home.town.size) == ({"tlog.fork-found"}, 0)
    home.turn()
    assert alarms() == {"tlog.fork-found"}  # the portal tells the copy's story, not what was followed


def test_a_hub_that_never_read_anything_is_told_of_no_lie_before_the_town_has_begun(home, street):
    gone(street, home)
    home.turn()
    assert not alarms() & {"tlog.rollback-found"} and state() == "verify.path-missing"


def test_an_entry_dated_otherwise_than_the_witnesses_saw_is_an_alarm_and_counts_for_nothing(home, street, ana):
    start = home.clock.now() - HOUR
    home.camera(start_s=start)
    maple = street.maple
    home.clock.advance(1000)
    index = maple.put(
        e.Request, "diaz", "kim", time=home.clock.now() - 900, **maple.request_fields(start - 600, start + 600)
    )
    maple.cosign()
    home.turn()
    assert [(a.kind, a.subject) for a in Alarm.objects.all()] == [("hub.record-mistimed", f"entry {index}")]
    assert Notice.objects.count() == 0


def test_an_archive_that_refuses_is_an_alarm_and_hides_no_other_cameras_match(home, street, ana, asked):
    _appeal, porch, start = asked
    lost = Camera.objects.get(id=porch.id)
    lost.id, lost.name = "00" * 8, "a camera that the archive lost"
    lost.save()
    home.camera("back", start_s=start)
    second = street.maple.ask(start - 600, start + 600)
    home.turn()
    assert alarms() == {"vault.camera-unknown"}
    assert Appeal.objects.filter(index=second).exists() and state() == ""
    matched = Match.objects.filter(appeal_id=second).values_list("camera__name", flat=True)
    assert set(matched) == {"porch", "back"}
    lost.delete()
    home.turn()
    assert alarms() == set()


@pytest.mark.parametrize(
    ("pieces", "concerned"), [([1.0], True), ([1.0, 1.0], True), ([0.6, 0.5], True), ([0.9], False)]
)
def test_a_second_of_footage_is_a_second_however_it_lies_between_those_of_the_clock(
    home, street, ana, pieces, concerned
):
    """A hub that fell and came back recorded in pieces, none of which holds a whole second of the clock."""
    at = (home.clock.now() - HOUR) * TICKS + TICKS * 2 // 5
    porch = home.camera()
    for piece in pieces:
        writer = home.vault.begin_segment(porch.id, "main", secrets.token_hex(8), at, b"init")
        writer.append_gop(b"a group of pictures", 0, round(piece * TICKS))
        writer.close()
        at += round(piece * TICKS)
    appeal = street.maple.ask(home.clock.now() - 2 * HOUR, home.clock.now() - HOUR + 600)
    home.turn()
    assert Notice.objects.filter(appeal_id=appeal).exists() == concerned
    kept = [(hold.start_90k, hold.end_90k) for hold in home.vault.holds()]
    recorded = home.vault.timeline(porch.id, home.clock.now() - 2 * HOUR, home.clock.now()).spans
    assert not concerned or (kept[0][0] <= recorded[0].start_90k and recorded[-1].end_90k <= kept[-1][1])


def test_a_withheld_text_is_an_alarm_until_it_comes_or_a_reviewer_takes_it_down(home, street, ana, asked):
    appeal, _porch, start = asked
    maple = street.maple
    narrative = maple.blob(
        "Two people in dark coats took the church's collection box and ran to the east that night."
    )
    street.portal.lies[f"blob/{narrative}"] = None
    second = maple.ask(start - 600, start + 600, narrative=narrative)
    home.turn()
    assert alarms() == {"hub.text-withheld"}
    assert {notice["appeal"] for notice in ana.ask("GET", "/inbox")[1]} == {appeal, second}
    maple.good(e.Takedown, "okafor", blob=narrative, reason="names-a-child")
    home.turn()
    assert alarms() == set()


def test_a_portal_that_is_away_is_a_state_and_no_alarm(home, street, ana, asked):
    street.portal.door.stop()
    home.turn()
    assert (alarms(), state()) == (set(), "client.server-unreachable")
    street.portal.door.start()
    street.portal.before = lambda *_: (503, error("web.server-failed"))
    home.turn()
    assert (alarms(), state()) == (set(), "client.answer-refused")
    street.portal.before = lambda *_: None
    home.turn()
    assert state() == ""


def test_a_portal_that_falls_before_it_gives_a_text_is_read_on_later_and_no_alarm(home, street, ana, asked):
    appeal, _porch, start = asked
    words = "Two people in dark coats took the church's collection box and ran to the east that night."
    second = street.maple.ask(start - 600, start + 600, narrative=street.maple.blob(words))
    street.portal.before = lambda _, path: (503, error("web.server-failed")) if "/blob/" in path else None
    home.turn()
    home.start()
    home.turn()
    assert (alarms(), state()) == (set(), "client.answer-refused")
    street.portal.before = lambda *_: None
    home.turn()
    assert (alarms(), state()) == (set(), "")
    assert {notice["appeal"] for notice in ana.ask("GET", "/inbox")[1]} == {appeal, second}
    assert ana.ask("GET", f"/inbox/{second}")[1]["in_their_words"] == words


def test_a_hub_that_was_off_for_ninety_days_catches_up(home, street, ana, asked):
    appeal, porch, _start = asked
    for _ in range(90):
        home.clock.advance(86_400)
        street.maple.cosign()
    street.maple.good(e.Outcome, "kim", request=appeal, code="not_useful", clips="<5")
    later = home.clock.now() - HOUR
    home.vault.import_file(porch.id, street_video(), later)
    second = street.maple.ask(later - 600, later + 600)
    home.turn()
    assert [notice["appeal"] for notice in ana.ask("GET", "/inbox")[1]] == [second, appeal]
    assert Appeal.objects.get(index=appeal).state == "done"
    assert alarms() == set()


def test_a_clock_that_is_behind_the_witnesses_and_a_record_that_stands_still_are_alarms(home, street, ana, asked):
    home.clock.advance(-2000)
    home.turn()
    assert alarms() == {"hub.clock-behind"}
    home.clock.advance(2000 + 5 * HOUR)
    home.turn()
    assert alarms() == {"hub.record-stale"}
    street.maple.cosign()
    home.turn()
    assert alarms() == set()


def test_after_a_restart_the_hub_knows_its_own_copy_and_a_portal_cannot_show_it_an_older_town(
    home, street, ana, asked
):
    size, root = home.town.size, home.town.root
    street.portal.door.stop()
    home.start()
    assert (home.town.size, home.town.root) == (size, root)
    street.portal.door.start()
    rollback(street, home)
    home.turn()
    assert alarms() == {"tlog.rollback-found"}


def test_a_portal_that_serves_another_towns_record_is_named(home, street, ana, asked, tmp_path):
    other = Maple(tmp_path / "other", home.clock, limits={"window_max_minutes": 60})
    try:
        shutil.rmtree(street.maple.log_dir)
        shutil.copytree(other.log_dir, street.maple.log_dir)
        Following.objects.all().delete()  # Ben's home has followed nothing yet
        fresh = Home(tmp_path / "ben", home.clock, street)
        fresh.turn()
        fresh.close()
        assert alarms() & {"verify.pin-broken"}
    finally:
        other.close()


def test_a_damaged_copy_is_an_alarm_and_the_hub_goes_on_from_the_portal(home, street, ana, asked):
    size = home.town.size
    bundle = next(path for path in (home.hub.mirror_folder / "tile").rglob("*") if path.is_file())
    data = bytearray(bundle.read_bytes())
    data[200] ^= 1
    bundle.write_bytes(bytes(data))
    home.start()
    assert alarms()
    home.turn()
    assert home.town.size == size and alarms() == set()


@pytest.mark.promise(7)
def test_a_hub_killed_at_any_file_of_its_copy_finds_it_older_and_never_incomplete(
    home, street, ana, asked, monkeypatch
):
    _appeal, _porch, start = asked
    keep, left = Mirror.keep, [0]

    def kept_until_killed(mirror, path, data):
        keep(mirror, path, data)
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    for files in range(1, 5):
        second = street.maple.ask(start - 600, start + 600)
        left[0] = files
        monkeypatch.setattr(Mirror, "keep", kept_until_killed)
        with pytest.raises(KeyboardInterrupt):
            home.turn()
        monkeypatch.setattr(Mirror, "keep", keep)
        home.start()
        assert alarms() == set()
        home.turn()
        assert Notice.objects.filter(appeal_id=second).exists()


def test_the_copy_on_disk_stays_small_whatever_the_number_of_checkpoints(home, street, ana):
    for _ in range(30):
        street.maple.put(e.Event, "okafor", cells=(SAMPLE.centre,), from_=NOW, to=NOW + 60, kind="other")
        street.maple.cosign()
        home.turn()
    bundles = list((home.hub.mirror_folder / "tile" / "entries").rglob("*.p/*"))
    assert len(bundles) == 1
    home.start()
    assert home.town.size == street.maple.writer.size


@pytest.mark.promise(5)
@pytest.mark.requirement("R14", "S5", "R18")
def test_what_a_home_puts_on_the_record_names_no_appeal_no_camera_and_no_resident(home, street, ana, asked):
    appeal, porch, start = asked
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    sent = list(street.portal.notes.values())
    assert len(sent) == 1
    fields = json.loads(sent[0].split("\n")[2])
    named = {"agency", "c", "custodian", "d", "d_x25519", "expires", "nonce", "not_after", "receipt"}
    assert set(fields) == named | {"redacted", "sound", "type", "v", "visible"}
    assert (fields["visible"], fields["sound"], fields["redacted"]) == (0, 0, 0)
    for secret in (porch.id, str(home.folder), release.id, str(start + 1)):
        assert secret not in sent[0]
    assert Release.objects.get().appeal_id == appeal
