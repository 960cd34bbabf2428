# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.base.digests import sha256
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.client.errors import SERVER_UNREACHABLE
from sunporch.tlog import receipts
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.policies import TrustPolicy
from sunporch.verify import tail as module
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail
from tests.client.test_server import failing
from tests.verify.town import (
    LOG_KEY,
    ORIGIN,
    START,
    WITNESSES,
    LogTown,
    Mirror,
    put_trust,
    tailing,
    tlog_policy,
)


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    yield town
    town.close()


def test_a_tail_reads_to_the_newest_cosigned_checkpoint_and_no_further(town):
    tail = tailing(town)
    index = town.ask()
    town.writer.sign_checkpoint(LOG_KEY)
    tail.advance(town.fetch)
    assert index not in tail.fold.requests
    town.cosign()
    tail.advance(town.fetch)
    assert index in tail.fold.requests
    assert (tail.size, tail.root, tail.quorum_time) == (index + 1, town.writer.root(), town.now)


def test_a_proof_holds_offline_and_a_leaf_is_what_the_log_holds(town):
    tail = tailing(town)
    policy = TrustPolicy.parse(tlog_policy())
    for index in range(tail.size):
        proof = receipts.Receipt.parse(tail.proof(index).encode())
        assert proof.verify(tail.leaf(index), policy).checkpoint.size == tail.size
    for index in (-1, tail.size):
        with failing("verify.index-unknown"):
            tail.proof(index)
        with failing("verify.index-unknown"):
            tail.leaf(index)


def test_before_the_first_reading_there_is_nothing_to_ask(town):
    for ask in (lambda tail: tail.fold, lambda tail: tail.cosigned):
        with failing("verify.path-missing"):
            ask(Tail(town.pin))
    assert Tail().quorum_time == 0
    with failing("verify.index-unknown"):
        Tail().proof(0)


def test_a_log_of_many_bundles_is_read_in_steps_and_proven(town, monkeypatch):
    monkeypatch.setattr(module, "MOST_STEP", 100)
    mirror = Mirror()
    for _ in range(11):
        for _ in range(60):
            town.small()
        town.cosign()
    tail = Tail(town.pin)
    tail.advance(town.fetch, mirror.keep)
    assert (tail.size, tail.root) == (town.size, town.writer.root())
    policy = TrustPolicy.parse(tlog_policy())
    for index in (0, 255, 256, 511, tail.size - 1):
        tail.proof(index).verify(tail.leaf(index), policy)
    again = Tail(town.pin)
    again.advance(mirror.get)
    assert (again.size, again.root, again.quorum_time) == (tail.size, tail.root, tail.quorum_time)


def test_a_restarted_tail_replays_its_mirror_and_goes_on(town):
    mirror = Mirror()
    index = town.ask()
    town.cosign()
    Tail(town.pin).advance(town.fetch, mirror.keep)
    town.ask()
    town.cosign()
    again = Tail(town.pin)
    again.advance(mirror.get)
    assert (index in again.fold.requests, index + 1 in again.fold.requests) == (True, False)
    again.advance(town.fetch, mirror.keep)
    assert index + 1 in again.fold.requests
    third = Tail(town.pin)
    third.advance(mirror.get)
    assert third.fold.records == again.fold.records
    assert third.blobs == again.blobs


def test_a_mirror_that_kept_only_the_widest_bundle_is_enough(town, monkeypatch):
    mirror = Mirror()
    tail = Tail(town.pin)
    tail.advance(town.fetch, mirror.keep)
    town.ask()
    town.cosign()
    tail.advance(town.fetch, mirror.keep)
    bundles = sorted(path for path in mirror if path.startswith("tile/"))
    del mirror[bundles[0]]
    monkeypatch.setattr(module, "MOST_STEP", 1)
    again = Tail(town.pin)
    again.advance(mirror.get)
    assert again.size == tail.size


def test_an_idle_log_shows_newer_cosignatures_of_the_same_size(town):
    mirror = Mirror()
    tail = Tail(town.pin)
    tail.advance(town.fetch, mirror.keep)
    before = tail.quorum_time
    town.wait(seconds=3_000)
    town.cosign()
    tail.advance(town.fetch, mirror.keep)
    assert tail.quorum_time == before + 3_000
    again = Tail(town.pin)
    again.advance(mirror.get)
    assert again.quorum_time == tail.quorum_time


# Lies ---------------------------------------------------------------------------------------------------------------


@pytest.mark.promise(8)
def test_a_reader_who_forgot_the_log_but_not_what_it_trusted_takes_nothing_less_and_nothing_else(
    town, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "MOST_STEP", 1)
    trusted = tailing(town)
    for _ in range(3):
        town.small()
        town.cosign()
    again = Tail(town.pin)
    again.hold_to(trusted.size + 1, b"\x01" * 32)
    with failing("tlog.fork-found"):
        again.advance(town.fetch)
    assert again.size == 0  # nothing of the other story is in force
    again = Tail(town.pin)
    again.hold_to(town.size + 1, b"\x01" * 32)
    with failing("tlog.rollback-found"):
        again.advance(town.fetch)
    again = Tail(town.pin)
    again.hold_to(trusted.size, trusted.root)
    again.advance(town.fetch)
    assert again.size == town.size
    again.hold_to(trusted.size, trusted.root)
    with failing("tlog.fork-found"):
        again.hold_to(trusted.size, b"\x01" * 32)


@pytest.mark.promise(8)
def test_a_fork_a_rollback_and_another_root_for_one_size_are_seen(town, tmp_path):
    tail = tailing(town)
    other = LogTown(tmp_path / "other").found()
    other.first, town_first = town.first, town.first
    other.ask()
    other.cosign()
    with failing("tlog.fork-found"):
        tail.advance(other.fetch)
    shorter = LogTown(tmp_path / "shorter")
    shorter.append(town_first, START)
    shorter.cosign()
    with failing("tlog.rollback-found"):
        tail.advance(shorter.fetch)
    same = LogTown(tmp_path / "same").found()
    with failing("tlog.fork-found"):
        tail.advance(same.fetch)
    for log in (other, shorter, same):
        log.close()


@pytest.mark.promise(8)
def test_a_served_checkpoint_with_another_root_for_the_same_size_is_seen(town, tmp_path):
    tail = tailing(town)
    same = LogTown(tmp_path / "same").found()
    lie = (same.folder / "checkpoint").read_bytes()
    with failing("tlog.fork-found"):
        tail.advance(lambda path: lie if path == "checkpoint" else town.fetch(path))
    same.close()


@pytest.mark.promise(1)
def test_two_cosignatures_of_four_put_nothing_in_force(town):
    tail = tailing(town)
    index = town.ask()
    note = town.writer.sign_checkpoint(LOG_KEY)

    weak = note.with_signatures(*(cosign(key, note.text, town.now) for key in WITNESSES[:2])).encode()
    forged = {
        "checkpoint": weak,
        f"checkpoints/{index + 1}": weak,
        "checkpoints/sizes": town.fetch("checkpoints/sizes") + b"%d\n" % (index + 1),
    }
    with failing("tlog.quorum-missing") as caught:
        tail.advance(lambda path: forged.get(path) or town.fetch(path))
    assert index not in tail.fold.requests
    assert "quorum" in caught.value.where


def test_a_kept_checkpoint_of_another_size_is_seen(town):
    sizes = town.fetch("checkpoints/sizes").split()
    lie = town.fetch(f"checkpoints/{sizes[-1].decode()}")
    with failing("tlog.fork-found"):
        Tail(town.pin).advance(lambda path: lie if path == f"checkpoints/{sizes[0].decode()}" else town.fetch(path))


def test_a_signature_by_somebody_unknown_is_ignored_but_remembered(town):

    extra = SignerKey.generate("newspaper", COSIGNATURE)
    town.ask()
    note = town.writer.sign_checkpoint(LOG_KEY)
    signed = note.with_signatures(*(cosign(key, note.text, town.now) for key in (*WITNESSES, extra)))
    town.writer.keep_checkpoint(TrustPolicy.parse(tlog_policy()).open(signed.encode(), ORIGIN))
    tail = tailing(town)
    assert set(tail.strangers.values()) == {("newspaper",)}


def test_a_file_that_is_withheld_is_named(town):
    for path in ("checkpoint", "checkpoints/sizes", f"checkpoints/{town.size}"):
        with failing("verify.path-missing") as caught:
            Tail(town.pin).advance(lambda asked, path=path: None if asked == path else town.fetch(asked))
        assert caught.value.where == path
    with failing("tlog.file-missing"):
        Tail(town.pin).advance(lambda path: None if "entries" in path else town.fetch(path))


def test_an_empty_log_has_nothing_to_begin_with(town):
    with failing("verify.path-missing"):
        Tail(town.pin).advance(lambda path: b"" if path == "checkpoints/sizes" else town.fetch(path))


@pytest.mark.promise(8)
def test_a_log_that_falls_silent_at_any_file_is_read_on_as_if_nothing_had_been(town):
    for _ in range(2):
        town.ask()
        town.small()
        town.ask()
        town.cosign()
    whole, files = tailing(town), 0

    def counted(path):
        nonlocal files
        files += 1
        return town.fetch(path)

    Tail(town.pin).advance(counted)
    for silent in range(files):
        tail, mirror, left = Tail(town.pin), Mirror(), silent

        def breaking_off(path):
            nonlocal left
            left -= 1
            if left == -1:
                raise SERVER_UNREACHABLE(where=path, reason="it falls in this test")
            return town.fetch(path)

        with failing("client.server-unreachable"):
            tail.advance(breaking_off, mirror.keep)
        tail.advance(breaking_off, mirror.keep)
        assert known(tail) == known(whole)
        again = Tail(town.pin)
        again.advance(mirror.get)
        assert known(again) == known(whole)


def known(tail):
    """Return all that a tail knows of its log, and can prove."""
    proofs = [tail.proof(index).encode() for index in range(tail.size)]
    return tail.root, tail.fold.records, tail.blobs, tail.missing, tail.kept, tail.quorum_time, proofs


# Pins ---------------------------------------------------------------------------------------------------------------


def test_another_first_entry_than_the_pinned_one_is_refused(town, tmp_path):
    other = LogTown(tmp_path / "other").found()
    with failing("verify.pin-broken"):
        Tail(town.pin).advance(other.fetch)
    other.close()


def test_another_name_than_the_pinned_one_is_refused(town):
    with failing("verify.pin-broken"):
        Tail(Pin("demo.elsewhere", town.pin.leaf0_hash, tlog_policy())).advance(town.fetch)


def test_cosigners_that_were_never_the_logs_are_refused(town):
    with failing("verify.pin-broken"):
        Tail(Pin(ORIGIN, town.pin.leaf0_hash, tlog_policy(quorum=4))).advance(town.fetch)


def test_trust_on_first_use_takes_what_the_log_says_and_pins_it(town):
    tail = Tail()
    tail.advance(town.fetch)
    assert not tail.pinned
    assert tail.pin == town.pin


@pytest.mark.parametrize("leaf", [b"no leaf", b"1\nno note"])
def test_a_log_that_begins_with_anything_but_a_community_is_refused(tmp_path, leaf):
    town = LogTown(tmp_path / "log")
    town.append_leaf(leaf)
    town.cosign()
    with failing("verify.genesis-malformed"):
        Tail().advance(town.fetch)
    town.close()


def test_a_log_that_begins_with_an_entry_of_another_type_is_refused(tmp_path):
    town = LogTown(tmp_path / "log")
    town.small()
    town.cosign()
    with failing("verify.genesis-malformed"):
        Tail().advance(town.fetch)
    town.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"origin":"a","leaf0":"x","tlog_policy":"quorum none\\n"}',
        '{"origin":1,"leaf0":"","tlog_policy":""}',
        f'{{"leaf0":"{"00" * 32}","more":"","origin":"demo.a","tlog_policy":"quorum none\\n"}}',
    ],
)
def test_a_pin_file_that_is_none_is_refused(text):
    with failing("verify.pin-malformed"):
        Pin.parse(text)


def test_a_pin_file_is_read_back(town):
    assert Pin.parse(town.pin.to_json()) == town.pin


# Trust rotates ------------------------------------------------------------------------------------------------------


def rotate(town, names):
    new = tuple(SignerKey(name, sha256(b"new witness", name.encode()), COSIGNATURE) for name in names)
    policy = tlog_policy(new, quorum=2)
    put_trust(town, tlog_policy=policy)
    return new, policy


def test_new_cosigners_count_from_the_checkpoint_after_the_one_that_named_them(town):
    early = tailing(town)
    new, policy = rotate(town, ("paper", "library", "town-2"))
    town.cosign()
    town.witnesses, town.policy_text = new, policy
    index = town.ask()
    town.cosign()
    for tail in (early, Tail(town.pin)):
        tail.advance(town.fetch)
        assert index in tail.fold.requests
    pinned_later = Tail(Pin(ORIGIN, town.pin.leaf0_hash, policy))
    pinned_later.advance(town.fetch)
    assert pinned_later.size == town.size


@pytest.mark.promise(8)
def test_old_cosigners_that_were_replaced_put_nothing_in_force_any_more(town):
    early = tailing(town)
    rotate(town, ("paper", "library", "town-2"))
    town.cosign()
    index = town.ask()
    town.cosign()  # by the old ones
    for tail in (early, Tail(town.pin)):
        with failing("tlog.quorum-missing"):
            tail.advance(town.fetch)
        assert index not in tail.fold.requests
        assert tail.size == index
        with failing("tlog.quorum-missing"):
            tail.advance(town.fetch)
