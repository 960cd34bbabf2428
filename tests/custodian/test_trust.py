# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promise 8 at the custodian: what it trusted once it holds the log to, whenever killed and whatever it lost."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from sunporch.base.errors import Error
from sunporch.client import LogFolder
from sunporch.clip import keys
from sunporch.custodian.mirror import LateMirror
from sunporch.docket import entries as e
from tests.client.test_server import failing
from tests.custodian.crashes import killed, sample, steps
from tests.custodian.giving import keeper_at
from tests.custodian.office import Office, Opening, fold_leaf, forged_proof, freeze
from tests.verify.town import DAY, WITNESSES, LogTown, person

SAMPLE = 7  # steps that every run plays; `make soak` plays all
PURPOSE = "investigation"


class Liars:
    """The log and all four co-signers, who swear to another story than the one the custodian read.

    `rolled` ends before Diaz's opening, `forked` has Mallory's device in its place; both are co-signed just now.
    """

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.clip = office, office.share()
        self.kim = office.sign_opening(self.clip, "kim")  # on record, never asked for
        office.tick()
        before = office.town.size
        self.diaz = office.sign_opening(self.clip)
        fork = LogTown(folder / "forked")
        fork.wait(seconds=office.town.now - fork.now)
        shutil.copytree(office.town.folder / "blob", fork.folder / "blob")
        for index in range(before):
            fork.append_leaf(fold_leaf(office, index))
        fork.cosign()
        self.rolled = shutil.copytree(fork.folder, folder / "rolled")
        self.ephemeral = keys.generate()
        fields = {"disclosure": self.clip.share, "e": keys.public(self.ephemeral), "purpose": PURPOSE}
        note = fork.note(e.Access, person("diaz"), **fields)
        index = fork.append(note)
        fork.small()
        fork.cosign()
        self.forked = fork.folder
        self.mallory = Opening(b"%d\n" % fork.now + note, forged_proof(fork, index, WITNESSES), self.ephemeral)
        fork.close()

    def start(self, folder: Path, log: Path):
        """Start a custodian on a copy of the folder that reads this log."""
        copy = shutil.copytree(folder, folder.with_name(f"{folder.name}-{log.name}"))
        return contextlib.closing(keeper_at(copy, log, self.office.town.pin.to_json(), self.office.town.now))

    def outcome(self, folder: Path) -> str:
        """Return `held` if both lies are found out, `old` if both are taken (nothing newer was trusted)."""
        found = []
        for log, opening in ((self.rolled, self.kim), (self.forked, self.mallory)):
            with self.start(folder, log) as keeper:
                try:
                    keeper.give(opening.leaf, opening.proof)
                    found.append("old")
                except Error as error:
                    found.append(f"{error.id} {keeper.status()['trouble']}")
        held = [f"custodian.record-unreachable tlog.{lie}-found" for lie in ("rollback", "fork")]
        return "held" if found == held else "old" if found == ["old", "old"] else repr(found)


def test_liars_are_believed_where_nothing_else_was_ever_trusted(office, tmp_path):
    """The attack itself works: against a quorum that lies, memory is the only defence."""
    liars = Liars(office, tmp_path)
    assert liars.outcome(office.folder) == "old"


@pytest.mark.strace
@pytest.mark.timeout(240)
@pytest.mark.promise(1)
@pytest.mark.promise(8)
@pytest.mark.skipif(shutil.which("strace") is None, reason="apt-get install strace")
def test_killed_at_any_point_of_giving_a_half_the_custodian_holds_the_log_to_what_it_trusted(
    office, tmp_path, capsys, soak
):
    liars = Liars(office, tmp_path)
    office.keeper.close()
    call = tmp_path / "call.json"
    fields = {"pin": office.town.pin.to_json(), "now": office.town.now}
    call.write_text(json.dumps(fields | {"leaf": liars.diaz.leaf.hex(), "proof": liars.diaz.proof}))
    program = [sys.executable, "-m", "tests.custodian.giving"]
    whole = steps([*program, shutil.copytree(office.folder, tmp_path / "whole"), office.town.folder, call], tmp_path)
    outcomes, given = [], 0
    for name, number in whole if soak else sample(whole, SAMPLE):
        folder = shutil.copytree(office.folder, tmp_path / f"crash-{name}-{number}")
        said = killed([*program, folder, office.town.folder, call], name, number)
        outcomes.append(liars.outcome(folder))
        if "given" in said:
            given += 1
            assert outcomes[-1] == "held", (name, number)  # never a half before its record is held to
        with liars.start(folder, office.town.folder) as keeper:
            half = keeper.give(liars.diaz.leaf, liars.diaz.proof).half.hex()
            assert half in said or "given" not in said  # the same answer, or the first
            assert keeper.status()["halves"] == 1
    assert given
    assert outcomes == sorted(outcomes, reverse=True)  # first `old`, from one point on `held`
    assert set(outcomes) == {"old", "held"}
    with capsys.disabled():
        print(f"\n{len(outcomes)} of {len(whole)} steps killed, {given} after a half was given out: 0 forgot the log")
    office.start()


@pytest.mark.promise(8)
@pytest.mark.parametrize("damage", ["none", "lost", "garbage", "no list", "of the fork"])
def test_a_custodian_whose_mirror_was_lost_or_changed_still_holds_the_log_to_what_it_trusted(
    office, tmp_path, damage
):
    liars = Liars(office, tmp_path)
    office.ask(liars.diaz)
    office.keeper.close()
    mirror = office.folder / "mirror"
    if damage in ("lost", "of the fork"):
        shutil.rmtree(mirror)
    if damage == "of the fork":
        shutil.copytree(liars.forked, mirror)
    if damage == "garbage":
        for path in mirror.rglob("*"):
            if path.is_file():
                path.write_bytes(b"garbage")
    if damage == "no list":
        (mirror / "checkpoints" / "sizes").unlink()
    assert liars.outcome(office.folder) == "held"
    office.start()
    assert office.ask(liars.diaz) == office.ask(liars.diaz)


@pytest.mark.promise(2)
def test_a_clock_set_back_together_with_the_log_opens_nothing_that_ended(office, tmp_path):
    """After a restart the newest time ever trusted is the earliest that it can be. (The half lives: it is frozen.)"""
    clip = office.share()
    freeze(office, clip, days=90)
    early = office.sign_opening(clip)
    office.tick()
    old_log = shutil.copytree(office.town.folder, tmp_path / "old-log")
    office.wait(days=70)
    office.tick()
    assert office.keeper.status()["halves"] == 1
    office.keeper.close()
    shutil.rmtree(office.folder / "mirror")
    then = office.town.now - 70 * DAY
    keeper = keeper_at(office.folder, old_log, office.town.pin.to_json(), then)
    with contextlib.closing(keeper), failing("custodian.record-stale"):
        keeper.give(early.leaf, early.proof)
    office.start()


def test_a_mirror_that_was_cut_off_between_a_bundle_and_the_list_is_read_as_the_older_one(office):
    office.share()
    office.tick()
    size = office.town.size
    office.town.small()
    office.town.cosign()
    mirror = LogFolder(office.folder / "mirror")

    def cut(path, data):
        if "entries" in path:
            mirror.keep(path, data)

    office.keeper._mirror.keep = cut
    office.tick()
    office.log_is_down = True
    office.restart()
    assert office.keeper.status()["size"] == size
    assert office.keeper.ready()


def test_files_that_wait_for_the_mirror_are_bounded_and_keep_their_order(tmp_path, monkeypatch):
    written = []

    class Folder:
        def keep(self, path, data):
            written.append((path, data))

    late = LateMirror(Folder())
    for path, data in (("sizes", b"1"), ("a", b"x"), ("sizes", b"2"), ("a", None)):
        late.keep(path, data)
    assert written == []
    late.flush()
    late.flush()
    assert written == [("sizes", b"2"), ("a", None)]
    monkeypatch.setattr("sunporch.custodian.mirror.MOST_HELD", 3)
    late.keep("b", b"four")
    assert written[-1] == ("b", b"four")


BLOB, REMOVED = "blob/" + "ab" * 32, "blob/" + "cd" * 32


def test_an_unfinished_bundle_that_waits_gives_way_to_a_wider_one_in_its_place(tmp_path):
    written = []

    class Folder:
        def keep(self, path, data):
            written.append((path, data))

    late = LateMirror(Folder())
    for path in ("tile/entries/000.p/3", "sizes", "tile/entries/000.p/5", "tile/entries/000", "tile/entries/001.p/1"):
        late.keep(path, b"x")
    late.keep("sizes", b"y")
    late.flush()
    assert written == [("tile/entries/000", b"x"), ("tile/entries/001.p/1", b"x"), ("sizes", b"y")]


def test_files_that_cannot_be_written_wait_for_room_and_a_text_taken_down_does_not(tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "blob").mkdir(parents=True)
    (mirror / REMOVED).write_bytes(b"text")
    (mirror / "checkpoints").write_bytes(b"a file where a folder must be: nothing can be written below it")
    late = LateMirror(LogFolder(mirror))
    late.keep("checkpoints/sizes", b"1")
    late.keep(BLOB, b"first")
    late.keep(REMOVED, None)
    late.flush()
    assert late.trouble.id == "custodian.mirror-unwritable"
    assert not (mirror / BLOB).exists() and not (mirror / REMOVED).exists()
    late.keep("checkpoints/sizes", b"2")
    (mirror / "checkpoints").unlink()
    late.flush()
    assert late.trouble is None
    assert (mirror / BLOB).read_bytes() == b"first"
    assert (mirror / "checkpoints/sizes").read_bytes() == b"2"


def test_a_mirror_that_missed_too_much_stays_as_it_was_and_the_trouble_is_told(tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    (mirror / "blob").mkdir(parents=True)
    (mirror / REMOVED).write_bytes(b"text")
    (mirror / "checkpoints").write_bytes(b"a file where a folder must be")
    monkeypatch.setattr("sunporch.custodian.mirror.MOST_HELD", 3)
    late = LateMirror(LogFolder(mirror))
    late.keep("checkpoints/sizes", b"four")
    (mirror / "checkpoints").unlink()
    late.keep(BLOB, b"x")
    late.keep(REMOVED, None)
    late.flush()
    assert late.trouble.id == "custodian.mirror-unwritable"
    assert [path for path in mirror.rglob("*") if path.is_file()] == []


def test_nobody_who_asks_for_a_half_waits_for_the_mirror(office):
    opening = office.sign_opening(office.share())
    office.tick()
    before = sorted((office.folder / "mirror").rglob("*"))
    late = office.sign_opening(office.share())
    office.ask(opening)
    assert sorted((office.folder / "mirror").rglob("*")) == before
    office.tick()
    assert sorted((office.folder / "mirror").rglob("*")) != before
    office.ask(late)
