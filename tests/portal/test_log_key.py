# SPDX-License-Identifier: AGPL-3.0-or-later
"""The key that signs the log is changed: operator, community and co-signers act together."""

from __future__ import annotations

import json
import shutil
import signal

import pytest
from django.core.management import call_command

from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.docket import entries
from sunporch.portal import founding
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.board import store
from sunporch.portal.sequencer import logkeys
from sunporch.portal.sequencer.logkeys import NEXT_LOG_KEY, LogKeys
from sunporch.portal.sequencer.loop import Sequencer
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.notes import Note, sign
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.reader import audit
from sunporch.verify import procedure
from tests.portal.kills import passed
from tests.portal.street import ORIGIN, Street
from tests.portal.test_sequencer import event

COUNCIL = ("council-1", "council-2")
CHUNKS = 4


def make_next(street: Street) -> VerifierKey:
    return logkeys.make_next(street.settings).verifier


def tell_cosigners(street: Street, key: VerifierKey, count: int = 4) -> None:
    """So many operators enter the next key and start their co-signers again."""
    for witness in street.witnesses[:count]:
        witness.stop()
        witness.next_log_key = key
        witness.start()


def policy_text(street: Street, *keys: VerifierKey) -> str:
    lines = street.trust_policy().splitlines(keepends=True)[1:]
    return "".join([*(f"log {key}\n" for key in keys), *lines])


def trust_note(street: Street, *keys: VerifierKey, policy: str = "") -> str:
    return street.signed(
        entries.Trust,
        *COUNCIL,
        predecessor=street.state().trust_index,
        keys=tuple(str(street.keys[name].verifier) for name in COUNCIL),
        threshold=2,
        grid=street.state().grid,
        tlog_policy=policy or policy_text(street, *keys),
        comment_days=0,
    )


def served(street: Street) -> Note:
    return Note.parse((street.data / "log/checkpoint").read_bytes())


def changing(street: Street, index: int) -> Note:
    """Return the checkpoint that is the first to cover the entry."""
    return Note.parse((street.data / f"log/checkpoints/{index + 1}").read_bytes())


def log_signers(street: Street, *keys: VerifierKey) -> list[VerifierKey]:
    return list(served(street).verified(keys))


def fetch(street: Street, path: str) -> bytes | None:
    file = street.data / "log" / path
    return file.read_bytes() if file.is_file() else None


def check_sound(street: Street) -> None:
    report = procedure.run(lambda path: fetch(street, path))
    assert report.ok, report.as_text()


@pytest.fixture
def sequencer(street):
    made = Sequencer(street.settings, street.clock)
    yield made
    made.close()


def test_a_key_is_made_named_by_the_council_and_put_in_the_old_ones_place(street, sequencer, capsys):
    old = street.log_key
    call_command("log_key", "next")
    new = VerifierKey.parse(json.loads(capsys.readouterr().out)["log_key"])
    assert make_next(street) == new  # asking again changes nothing
    tell_cosigners(street, new)
    street.post(trust_note(street, new))
    assert sequencer.turn()
    assert log_signers(street, old, new) == [old, new]
    check_sound(street)
    street.post(event(street))
    assert sequencer.turn()
    assert log_signers(street, old, new) == [new]
    call_command("log_key", "activate")
    assert founding.read_key(street.settings.keys_dir / founding.LOG_KEY).verifier == new
    assert not (street.settings.keys_dir / NEXT_LOG_KEY).exists()
    assert list(AdminAct.objects.values_list("act", flat=True))[-2:] == ["log-key-next", "log-key-activate"]
    sequencer.close()
    street.post(event(street, 9))
    street.drain()  # a sequencer that knows the new key alone
    assert log_signers(street, old, new) == [new]
    check_sound(street)


@pytest.mark.promise(8)
def test_the_change_waits_until_enough_co_signers_know_the_new_key(street, sequencer):
    new, before = make_next(street), served(street)
    tell_cosigners(street, new, 2)
    street.post(trust_note(street, new))
    assert not sequencer.turn()
    # An old checkpoint may be co-signed anew meanwhile, but it says the same and bears the old key's signature.
    assert served(street).text == before.text
    assert log_signers(street, new) == []
    assert (store.held().got, store.held().needed) == (2, 3)
    with pytest.raises(Error, match=r"portal\.log-key-early"):
        logkeys.activate(street.settings, street.state().trust_policy_text)
    tell_cosigners(street, new, 3)
    assert sequencer.turn()
    assert log_signers(street, new) == [new]


@pytest.mark.promise(8)
def test_after_the_change_a_thief_of_the_old_key_gets_no_co_signature(street, sequencer):
    stolen = founding.read_key(street.settings.keys_dir / founding.LOG_KEY)
    new = make_next(street)
    tell_cosigners(street, new)
    street.post(trust_note(street, new))
    assert sequencer.turn()
    head = Checkpoint.parse(served(street).text)
    for lie in (head, Checkpoint(ORIGIN, head.size, b"\x66" * 32), Checkpoint(ORIGIN, head.size + 1, b"\x66" * 32)):
        note = sign(lie.encode(), [stolen])
        answered = sequencer._cosigners.ask(
            [TrustPolicy.parse(street.trust_policy())], ORIGIN, note, lie.size, lambda *_: []
        )
        assert (answered.cosigned, answered.got) == (None, 0)


def test_a_trust_entry_for_a_log_key_that_is_not_here_is_refused_because_the_log_could_not_go_on(street, sequencer):
    size = street.state().size
    entry_id = street.post(trust_note(street, SignerKey(ORIGIN, bytes(32)).verifier))
    sequencer.turn()
    assert street.rows()[entry_id].state == "void"
    assert "no log key that this portal holds" in street.rows()[entry_id].reason
    assert street.state().size == size
    street.post(event(street))
    assert sequencer.turn()


def test_a_trust_policy_with_a_slip_of_the_pen_is_refused_and_stops_nobody(street, sequencer):
    size = street.state().size
    slip = street.trust_policy().replace("quorum ", "quroum ")
    with pytest.raises(Error, match=r"portal\.entry-void") as refused:
        street.post(trust_note(street, policy=slip))
    assert "cannot be read" in refused.value.what
    assert not sequencer.turn()
    assert street.state().size == size
    street.post(event(street))
    assert sequencer.turn()


def test_a_portal_whose_log_key_is_not_the_records_says_so(street):
    (street.settings.keys_dir / founding.LOG_KEY).write_text(SignerKey(ORIGIN, bytes(32)).secret_text())
    with pytest.raises(Error, match=r"portal\.log-key-missing"):
        LogKeys(street.settings).signers([TrustPolicy.parse(street.trust_policy())])


def test_the_old_key_stays_until_the_record_names_the_new_one_alone(street, sequencer):
    def early() -> str:
        with pytest.raises(Error, match=r"portal\.log-key-early") as refused:
            logkeys.activate(street.settings, street.state().trust_policy_text)
        return refused.value.what

    assert "no next key" in early()
    new = make_next(street)
    assert "does not name it" in early()
    with pytest.raises(Error, match=r"portal\.log-key-early"):
        logkeys.activate(street.settings, "")
    street.post(trust_note(street, street.log_key, new))
    assert sequencer.turn()
    assert "names the old key too" in early()
    assert (street.settings.keys_dir / NEXT_LOG_KEY).exists()


def test_of_two_changes_that_exclude_each_other_only_the_one_in_force_moves_the_co_signers(street, sequencer):
    """Both follow the same predecessor: the later one is void, so nobody may end a key for its sake."""
    new = make_next(street)
    tell_cosigners(street, new)
    staying = trust_note(street, street.log_key)
    moving = trust_note(street, new)
    street.post(event(street))
    ids = [street.post(note) for note in (staying, moving)]
    street.post(event(street, 1))
    while sequencer.turn():
        pass
    assert [street.rows()[entry_id].state for entry_id in ids] == ["recorded", "void"]
    assert log_signers(street, street.log_key, new) == [street.log_key]
    street.post(event(street, 2))
    assert sequencer.turn()
    assert log_signers(street, street.log_key, new) == [street.log_key]


@pytest.fixture(scope="module")
def prepared(seed, tmp_path_factory):
    """A town whose outbox holds an event, the change of the log's key, and another event; the co-signers know it."""
    folder = tmp_path_factory.mktemp("prepared") / "town"
    street = Street.copy(seed, folder)
    new = make_next(street)
    tell_cosigners(street, new)
    street.post(event(street))
    street.post(trust_note(street, new))
    street.post(event(street, 1))
    street.close()
    return folder


@pytest.fixture(scope="module")
def points(zygote, prepared, tmp_path_factory):
    street = copied(prepared, tmp_path_factory.mktemp("whole") / "town")
    status, output = zygote.do(street, None, do="drain")
    street.close()
    assert status == 0, output[-2000:]
    return passed(output)


def copied(prepared, folder) -> Street:
    street = Street.copy(prepared, folder)
    tell_cosigners(street, make_next(street))
    return street


@pytest.mark.strace
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: apt-get install strace")
@pytest.mark.promise(7)
@pytest.mark.promise(8)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_killed_at_any_point_of_the_change_the_log_goes_on_under_the_new_key(
    zygote, prepared, points, tmp_path, chunk, soak
):
    mine = points[chunk :: CHUNKS if soak else CHUNKS * 3]
    killed = 0
    for call, number in mine:
        street = copied(prepared, tmp_path / f"{call}-{number}")
        size, old, new = street.state().size, street.log_key, make_next(street)
        status, _ = zygote.do(street, (call, number), do="drain")
        killed += status == signal.SIGKILL
        street.drain()
        state = street.state()
        assert (state.size, state.records[size + 1].in_force) == (size + 3, True)
        assert changing(street, size + 1).verified([old, new]) == (old, new)
        assert log_signers(street, old, new) == [new]
        logkeys.activate(street.settings, state.trust_policy_text)
        street.post(event(street, 2))
        street.drain()
        assert log_signers(street, old, new) == [new]
        head = Checkpoint.parse(served(street).text)
        audit(head, lambda path, street=street: fetch(street, path))
        street.close()
        shutil.rmtree(street.folder)
    print(f"{killed} kills while the log's key changed, each followed by one whole history")
    assert killed >= len(mine) * 3 // 4
