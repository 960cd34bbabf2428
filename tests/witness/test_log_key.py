# SPDX-License-Identifier: AGPL-3.0-or-later
"""A co-signer whose log changes its key: it follows once, and never goes back."""

from __future__ import annotations

import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.tlog.checkpoints import Checkpoint, cosigned_at
from sunporch.tlog.notes import Note, Signature, sign
from sunporch.witness import config
from sunporch.witness.cosigner import Cosigner
from sunporch.witness.memory import Memory
from tests.witness.people import LOG_KEY, MALLORY, NOON, ORIGIN, Log, root, settings

NEW_KEY = SignerKey(ORIGIN, b"\x02" * 32)


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path / "log")
    yield log
    log.close()


class Operated:
    """A co-signer that its operator starts again with other settings."""

    def __init__(self, folder) -> None:
        self.folder = folder
        config.init(settings(folder))
        self.memory = None
        self.start()

    def start(self, **changed) -> None:
        if self.memory is not None:
            self.memory.close()
        made = settings(self.folder, **changed)
        keys = config.read_keys(made)
        self.memory = Memory(made.memory_file)
        self.key = keys.signer.verifier
        self.cosigner = Cosigner(keys.signer, keys.log, self.memory, ManualClock(NOON), keys.next_log)

    def signs(self, body: bytes) -> bool:
        try:
            line = self.cosigner.add_checkpoint(body)
        except Error as error:
            assert error.id == "witness.log-unsigned"
            return False
        return cosigned_at(Note.parse(body.partition(b"\n\n")[2] + line.encode()), self.key) == NOON


@pytest.fixture
def witness(tmp_path):
    witness = Operated(tmp_path)
    yield witness
    witness.memory.close()


def test_until_its_operator_names_the_next_key_only_the_one_of_now_is_followed(witness, log):
    assert witness.signs(log.request(0, 3))
    assert not witness.signs(log.request(3, 256, NEW_KEY))
    witness.start(next_log_key=str(NEW_KEY.verifier))
    assert witness.signs(log.request(3, 256))
    assert witness.signs(log.request(256, 257, NEW_KEY))


@pytest.mark.promise(8)
def test_once_the_new_key_was_seen_the_old_one_counts_no_more_not_even_after_a_restart(witness, log):
    witness.start(next_log_key=str(NEW_KEY.verifier))
    assert witness.signs(log.request(0, 3, NEW_KEY))
    assert not witness.signs(log.request(3, 256))
    witness.start(next_log_key=str(NEW_KEY.verifier))
    assert not witness.signs(log.request(3, 256))
    assert not witness.signs(log.request(3, 256, MALLORY))
    assert witness.signs(log.request(3, 256, NEW_KEY))
    witness.start(log_key=str(NEW_KEY.verifier))
    assert not witness.signs(log.request(256, 257))
    assert witness.signs(log.request(256, 257, NEW_KEY))


def test_a_forged_line_in_the_name_of_the_next_key_ends_nothing(witness, log):
    """Whoever holds the old key may write any line beside its signature; unknown ones are ignored."""
    forged = Signature(ORIGIN, NEW_KEY.verifier.key_id, bytes(64))
    note = sign(Checkpoint(ORIGIN, 3, root(3)).encode(), [LOG_KEY]).with_signatures(forged)
    head = log.request(0, 3).partition(b"\n\n")[0]
    assert witness.signs(head + b"\n\n" + note.encode())
    witness.start(next_log_key=str(NEW_KEY.verifier))
    assert witness.signs(log.request(3, 256))
    assert witness.signs(log.request(256, 257, NEW_KEY))


def test_a_next_key_that_is_not_this_logs_is_refused(witness):
    cosignature = str(VerifierKey(ORIGIN, NEW_KEY.verifier.public, 4))
    stranger = str(SignerKey("demo.elm-street", b"\x03" * 32).verifier)
    for key in (cosignature, stranger):
        with pytest.raises(Error, match=r"witness\.key-unsuitable") as refused:
            config.read_keys(settings(witness.folder, next_log_key=key))
        assert refused.value.where == "next_log_key"
