# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log's own key changes by a `trust` entry: everybody follows, and the old key is worth nothing."""

from __future__ import annotations

import pytest

from sunporch.base.digests import sha256
from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries as e
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify import procedure, receipt
from sunporch.verify.pin import Pin
from sunporch.verify.report import Step
from sunporch.verify.tail import Tail
from tests.client.test_server import failing
from tests.verify.test_tail import Mirror
from tests.verify.town import GRID_BLOB, LOG_KEY, ORIGIN, WITNESSES, LogTown, one_time, tlog_policy

NEW_KEY = SignerKey(ORIGIN, sha256(b"second log key"))
THIRD_KEY = SignerKey(ORIGIN, sha256(b"third log key"))


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    yield town
    town.close()


def reading(town, pin=None):
    tail = Tail(pin or town.pin)
    tail.advance(town.fetch)
    return tail


def old_key_shows(town, tmp_path, by) -> dict[str, bytes]:
    """Return what a thief of the old log key serves: the town's own log and one more entry, co-signed by `by`."""
    writer = Writer(DirectoryStorage(tmp_path / "thief"))
    writer.append([reading(town).leaf(index) for index in range(town.size)])
    writer.append([reading(town).leaf(town.size - 1)])
    note = writer.sign_checkpoint(LOG_KEY)
    note = note.with_signatures(*(cosign(key, note.text, town.now) for key in by))
    size = writer.size
    writer.close()
    files = {path: (tmp_path / "thief" / path).read_bytes() for path in (f"tile/entries/000.p/{size}",)}
    sizes = town.fetch("checkpoints/sizes") + b"%d\n" % size
    return files | {"checkpoint": note.encode(), f"checkpoints/{size}": note.encode(), "checkpoints/sizes": sizes}


def test_the_new_key_counts_from_the_checkpoint_after_the_one_that_brought_it(town):
    early, mirror = Tail(town.pin), Mirror()
    early.advance(town.fetch, mirror.keep)
    town.change_log_key(NEW_KEY)
    early.advance(town.fetch, mirror.keep)
    index = town.ask()
    town.cosign()
    early.advance(town.fetch, mirror.keep)
    town.change_log_key(THIRD_KEY)
    town.small()
    town.cosign()
    again = Tail(town.pin)
    again.advance(mirror.get)  # what it kept before is opened with the keys of then
    assert again.size == index + 1
    for tail in (early, again, Tail(town.pin), Tail(Pin(ORIGIN, town.pin.leaf0_hash, tlog_policy(log=NEW_KEY)))):
        tail.advance(town.fetch)
        assert index in tail.fold.requests
        assert (tail.size, tail.strangers) == (town.size, {})
    assert procedure.run(town.fetch, town.pin, town.now).ok


def test_the_checkpoint_that_brings_the_new_key_is_sound_while_it_is_the_newest_and_when_it_is_refreshed(town):
    mirror = Mirror()
    town.change_log_key(NEW_KEY)
    tail = Tail(town.pin)
    tail.advance(town.fetch, mirror.keep)
    assert procedure.run(town.fetch, town.pin, town.now).ok
    town.wait(seconds=3_000)
    town.cosign()  # the same size, by the new key alone
    tail.advance(town.fetch, mirror.keep)
    again = Tail(town.pin)
    again.advance(mirror.get)
    assert tail.quorum_time == again.quorum_time == town.now
    assert procedure.run(town.fetch, town.pin, town.now).ok


@pytest.mark.promise(8)
def test_after_the_change_the_old_key_is_refused_by_everybody_even_if_every_co_signer_were_bribed(town, tmp_path):
    town.change_log_key(NEW_KEY)
    early = reading(town)
    lies = old_key_shows(town, tmp_path, WITNESSES)

    def fetch(path):
        return lies.get(path) or town.fetch(path)

    for tail in (early, Tail(town.pin)):
        with failing("tlog.signature-missing"):
            tail.advance(fetch)
        assert tail.size == town.size
    report = procedure.run(fetch, town.pin, town.now)
    assert report.first_wrong() is Step.LOG_SIGNATURE


@pytest.mark.promise(8)
def test_after_the_change_a_refreshed_checkpoint_by_the_old_key_is_refused(town):
    town.change_log_key(NEW_KEY)
    early = reading(town)
    note = town.writer.sign_checkpoint(LOG_KEY)
    lie = note.with_signatures(*(cosign(key, note.text, town.now + 60) for key in WITNESSES)).encode()
    for tail in (early, Tail(town.pin)):
        with failing("tlog.signature-missing"):
            tail.advance(lambda path: lie if path == "checkpoint" else town.fetch(path))


@pytest.mark.promise(8)
def test_a_thief_of_the_old_key_cannot_show_a_second_history_from_before_the_change(town, tmp_path):
    folder = tmp_path / "thief"
    fork = LogTown(folder, now=town.now)
    fork.first, fork.keys = town.first, town.keys
    fork.writer.append([reading(town).leaf(index) for index in range(town.size)])
    (folder / "blob").symlink_to(town.folder / "blob")
    fork.small()
    town.change_log_key(NEW_KEY)
    early = reading(town)
    # The co-signers keep their word: no three of them sign a second root (tests/witness). Two may be bought.
    note = fork.writer.sign_checkpoint(LOG_KEY)
    note = note.with_signatures(*(cosign(key, note.text, fork.now) for key in WITNESSES[:2])).encode()
    size = fork.size
    sizes = b"%d\n" % size
    lies = {"checkpoint": note, f"checkpoints/{size}": note, "checkpoints/sizes": sizes}
    with failing("tlog.quorum-missing"):
        Tail(town.pin).advance(lambda path: lies.get(path) or fork.fetch(path))
    with failing("tlog.signature-missing"):
        early.advance(lambda path: lies.get(path) or fork.fetch(path))
    fork.close()


def test_a_change_that_is_recorded_and_void_changes_no_key(town):
    town.put(
        e.Trust,
        *[SignerKey(f"bell-{n}", sha256(b"mallory")) for n in (1, 2)],
        predecessor=0,
        keys=(str(SignerKey("mallory", sha256(b"mallory")).verifier),),
        threshold=1,
        grid=GRID_BLOB.commitment,
        tlog_policy=tlog_policy(log=NEW_KEY),
        comment_days=0,
    )
    town.cosign()
    tail = reading(town)
    assert not tail.fold.records[-1].in_force
    town.small()
    town.cosign()
    tail.advance(town.fetch)
    assert tail.size == town.size


def test_receipts_from_before_during_and_after_a_change_hold(town):
    town.ask()
    index = town.share(1)
    town.cosign()
    withdrawal = town.note(e.Withdrawal, one_time(1), disclosure=index).decode()
    made = [receipt.make(reading(town), index, withdrawal)]
    town.change_log_key(NEW_KEY)
    made.append(receipt.make(reading(town), index, withdrawal))
    town.small()
    town.cosign()
    made.append(receipt.make(reading(town), index, withdrawal))
    assert [receipt.check(each.encode()).ok for each in made] == [True, True, True]
    assert receipt.check(made[0].encode(), town.pin).ok
    now = reading(town).current_pin()
    assert [receipt.check(each.encode(), now).ok for each in made[1:]] == [True, True]
