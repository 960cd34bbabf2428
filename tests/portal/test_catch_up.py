# SPDX-License-Identifier: AGPL-3.0-or-later
"""A portal that came back from an older copy takes from the world what its log lacks, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.cli.main import main
from sunporch.client import LogFolder
from sunporch.docket import entries
from sunporch.portal import founding
from sunporch.portal.board import store
from sunporch.portal.board.models import Held, Line
from sunporch.portal.sequencer.catchup import CatchUp
from sunporch.portal.sequencer.loop import Sequencer
from sunporch.tlog.reader import parse_sizes
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify.tail import Tail
from sunporch.witness.memory import Memory
from tests.portal.running import WAIT_SECONDS, Portal
from tests.portal.street import Street
from tests.portal.test_clips import recorded_appeal
from tests.portal.test_log_key import log_signers, make_next, tell_cosigners, trust_note
from tests.portal.test_sequencer import event
from tests.verify.town import LogTown


class Copy:
    """A street whose log goes on after a copy of its folder was made, and a mirror of what the world knows."""

    def __init__(self, street: Street, folder: Path) -> None:
        self.street, self.log = street, street.data / "log"
        self.old, self.mirror = folder / "old", folder / "mirror"

    def take(self) -> None:
        connections["default"].close()
        shutil.copytree(self.street.data, self.old)

    def bring_back(self) -> None:
        """Keep what the world knows, lose the folder, bring the older copy back."""
        keep(self.log, self.mirror)
        connections["default"].close()
        shutil.rmtree(self.street.data)
        shutil.copytree(self.old, self.street.data)

    def catch_up(self) -> int:
        return CatchUp(self.street.settings, str(self.mirror)).run()

    def refused(self) -> Error:
        """Return the error of a catch-up that changed nothing of the log."""
        before = files(self.log)
        with pytest.raises(Error) as raised:
            self.catch_up()
        assert files(self.log) == before
        return raised.value


@pytest.fixture
def copy(street, tmp_path):
    return Copy(street, tmp_path)


@pytest.fixture
def older(street, copy):
    """The copy lacks three entries with their checkpoints, one of them with a text; another waits in its outbox."""
    waits = street.post(event(street, 9))
    copy.take()
    street.drain()
    recorded_appeal(street)
    street.record(event(street, 1))
    copy.bring_back()
    assert store.outgoing(waits).state == "queued"
    return copy


def keep(log: Path, mirror: Path) -> None:
    """Mirror a log as a key custodian does: what a replay needs, and no more."""
    mirror.mkdir(exist_ok=True)
    Tail().advance(LogFolder(log).fetch, LogFolder(mirror).keep)


def files(folder: Path) -> dict[str, bytes]:
    """Return what is published in the folder of a log."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def said(*arguments: object) -> dict:
    """Return what a command printed, which must have gone well."""
    command = [sys.executable, "-m", "sunporch.portal.command", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stderr
    return json.JSONDecoder().raw_decode(done.stdout)[0]


def recorded(portal: Portal, note: str) -> int:
    street = portal.street
    entry_id = street.post(note)
    answer = portal.client.get(f"/api/v1/entries/{entry_id}?wait=30").json()
    assert answer["state"] == "recorded", answer
    return answer["index"]


@pytest.mark.promise(7)
def test_a_portal_that_lost_its_machine_is_restored_catches_up_and_goes_on_in_one_history(street, capsys):
    key, file, mirror, config = (street.folder / name for name in ("backup.key", "night.age", "mirror", "run.toml"))
    public = said("backup-key", key)["backup_recipient"]
    portal = Portal(street, backup_recipient=public)
    try:
        portal.wait_ready()
        recorded(portal, event(street))
        assert said("backup", file, "--config", config)["bytes"] == file.stat().st_size  # while it runs
        last = recorded(portal, event(street, 1))
        keep(street.data / "log", mirror)
    finally:
        portal.end()
    connections["default"].close()
    shutil.rmtree(street.data)
    restored = said("restore", file, "--key", key, "--data", street.data)
    assert restored["entries"] == last
    assert "catch-up" in restored["next"]
    assert said("catch-up", mirror, "--config", restored["config"])["taken"] == 1
    portal = Portal(street, backup_recipient=public)
    try:
        portal.wait_ready()
        assert recorded(portal, event(street, 2)) == last + 1
        assert portal.client.get("/readyz").json()["held"] is False
        assert main(["verify", str(street.data)]) == 0
    finally:
        portal.end()
    mirrored = Tail()
    mirrored.advance(LogFolder(mirror).fetch)
    mirrored.advance(LogFolder(street.data / "log").fetch)  # whoever read the lost portal goes on without an alarm
    assert mirrored.size == last + 2
    capsys.readouterr()


def test_exactly_the_missing_entries_are_taken_and_what_waited_is_not_recorded_twice(older):
    street = older.street
    size = street.state().size
    assert older.catch_up() == 3
    call_command("rebuild")
    world, own = files(older.mirror), files(older.log)
    kept = {name for name in world if name.startswith(("checkpoint", "blob/"))}
    assert {name: own[name] for name in kept} == {name: world[name] for name in kept}
    assert [row.state for row in street.rows().values() if row.index == size] == ["recorded"]
    assert Line.objects.count() == store.shown().size == size + 3
    street.record(event(street, 2))
    assert street.state().size == size + 4
    assert Held.objects.count() == 0
    assert main(["verify", str(older.log)]) == 0


def test_a_running_portal_is_left_alone_and_a_log_that_lacks_nothing_takes_nothing(street, copy):
    keep(copy.log, copy.mirror)
    sequencer = Sequencer(street.settings, street.clock)
    assert copy.refused().id == "portal.sequencer-running"
    sequencer.close()
    assert copy.catch_up() == 0


def test_a_catch_up_that_was_cut_off_goes_on_where_it_was(older):
    whole = CatchUp(older.street.settings, str(older.mirror))
    checkpoints = []
    whole._write = lambda _, found: checkpoints.extend(found)
    whole.run()
    with Writer(DirectoryStorage(older.log)) as writer:
        CatchUp._write(whole, writer, checkpoints[:1])
        writer.append([whole._tail.leaf(writer.size)])  # and a kill before its checkpoint
    assert older.catch_up() == 1
    assert files(older.mirror)["checkpoint"] == files(older.log)["checkpoint"]


def test_what_was_appended_here_and_never_shown_is_the_worlds_too_or_nothing_is_taken(street, copy):
    sequencer = Sequencer(street.settings, street.clock)
    street.post(event(street))
    assert sequencer.turn()
    for witness in street.witnesses[:2]:
        witness.stop()
    street.post(event(street, 1))
    assert not sequencer.turn()
    sequencer.close()
    copy.take()
    for witness in street.witnesses[:2]:
        witness.start()
    street.drain()
    street.record(event(street, 2))
    copy.bring_back()
    with Writer(DirectoryStorage(copy.log)) as writer:
        signed = writer.signed
    assert copy.catch_up() == 1
    with Writer(DirectoryStorage(copy.log)) as writer:
        assert writer.root(signed.size) == signed.root


def test_a_text_that_was_taken_down_since_the_copy_is_gone_again(street, copy):
    index = recorded_appeal(street)
    narrative = street.state().requests[index].entry.narrative
    copy.take()
    street.record(street.signed(entries.Takedown, "okafor-2c1d", blob=narrative, reason="names-somebody"))
    copy.bring_back()
    assert (copy.log / "blob" / narrative).exists()
    assert copy.catch_up() == 1
    assert not (copy.log / "blob" / narrative).exists()


def test_a_source_that_is_older_is_refused(older):
    own = older.old / "log"
    assert older.catch_up() == 3
    shutil.rmtree(older.mirror)
    keep(own, older.mirror)
    assert older.refused().id == "portal.source-older"


def test_a_second_history_of_the_same_town_is_refused(street, copy, tmp_path):
    copy.take()
    street.record(event(street))
    # The same keys, but co-signers who forgot: nothing but the entries themselves tells the two histories apart.
    for witness in street.witnesses:
        witness.stop()
        (street.folder / "witnesses" / f"{witness.name}.sqlite3").unlink()
        Memory.create(street.folder / "witnesses" / f"{witness.name}.sqlite3")
        witness.start()
    mine = tmp_path / "mine"
    connections["default"].close()
    shutil.copytree(street.data, mine)
    shutil.rmtree(street.data)
    shutil.copytree(copy.old, street.data)
    street.record(event(street, 1))
    street.record(event(street, 2))
    copy.old.rename(tmp_path / "before")
    mine.rename(copy.old)
    copy.bring_back()
    assert copy.refused().id == "portal.source-other"


def test_another_towns_record_is_refused(older, tmp_path):
    other = LogTown(tmp_path / "other").found()
    for _ in range(older.street.state().size):
        other.small()
    other.cosign()
    other.close()
    older.mirror = other.folder
    assert older.refused().id == "portal.source-other"


def newest(mirror: Path) -> Path:
    return mirror / "checkpoints" / str(parse_sizes((mirror / "checkpoints" / "sizes").read_bytes())[-1])


def test_a_damaged_record_and_one_without_its_quorum_are_refused(older):
    bundle = max((older.mirror / "tile" / "entries").rglob("[0-9]*.p/*"))
    data = bundle.read_bytes()
    bundle.write_bytes(data[:-40] + bytes([data[-40] ^ 1]) + data[-39:])
    error = older.refused()
    assert (error.id, "tlog." in error.what) == ("portal.source-damaged", True)
    bundle.write_bytes(data)
    last = newest(older.mirror)
    last.write_bytes(b"\n".join(last.read_bytes().split(b"\n")[:6]) + b"\n")
    error = older.refused()
    assert (error.id, "tlog.quorum-missing" in error.what) == ("portal.source-damaged", True)


def test_a_record_without_a_text_that_its_entries_name_is_refused(older):
    lost = next(name for name in files(older.mirror) if name.startswith("blob/") and name not in files(older.log))
    text = (older.mirror / lost).read_bytes()
    (older.mirror / lost).unlink()
    error = older.refused()
    assert (error.id, lost.removeprefix("blob/") in error.what) == ("portal.source-textless", True)
    durable.write(older.log / lost, text)  # the operator has it from somewhere else
    assert older.catch_up() == 3


def test_a_portal_whose_key_signs_the_log_no_more_takes_nothing(older):
    other = SignerKey.generate(older.street.settings.origin).secret_text().encode()
    durable.write(older.street.data / "keys" / founding.LOG_KEY, other)
    assert older.refused().id == "portal.log-key-missing"


def test_a_log_whose_key_changed_since_the_copy_catches_up_and_goes_on_under_the_new_one(street, copy):
    following = make_next(street)
    copy.take()
    tell_cosigners(street, following)
    street.record(trust_note(street, following))
    street.record(event(street))
    copy.bring_back()
    assert copy.catch_up() == 2
    street.record(event(street, 1))
    assert log_signers(street, following) == [following]


def test_an_own_log_that_cannot_be_read_is_not_gone_on_from(older):
    path = older.log / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"demo.maple", b"demo.mapel"))
    assert older.refused().id == "portal.record-unreadable"
