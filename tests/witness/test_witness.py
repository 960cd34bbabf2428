# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every answer of C2SP tlog-witness, through the real site, memory and keys."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.tlog.checkpoints import Checkpoint, cosigned_at
from sunporch.tlog.notes import Note, sign
from sunporch.witness import config
from sunporch.witness import site as site_module
from sunporch.witness.cosigner import Cosigner
from sunporch.witness.memory import EMPTY, Head, Memory
from sunporch.witness.site import MAX_BODY, site
from tests.witness.people import LEAVES, LOG_KEY, MALLORY, NOON, ORIGIN, Log, root, settings


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path / "log")
    yield log
    log.close()


class Witness:
    """A co-signer as others see it: its address, its key, and its folder for the day it is started again."""

    def __init__(self, folder) -> None:
        self.settings = settings(folder)
        _, self.key = config.init(self.settings)
        self.clock = ManualClock(NOON)
        self.start()

    def start(self) -> None:
        keys = config.read_keys(self.settings)
        self.memory = Memory(self.settings.memory_file)
        self.http = TestClient(
            site(Cosigner(keys.signer, keys.log, self.memory, self.clock)), raise_server_exceptions=False
        )

    def stop(self) -> None:
        self.memory.close()

    def ask(self, body: bytes):
        return self.http.post("/add-checkpoint", content=body)

    def time_of(self, answer, body: bytes) -> int | None:
        assert answer.status_code == 200, answer.text
        note = Note.parse(body.partition(b"\n\n")[2] + answer.content)
        return cosigned_at(note, self.key)


@pytest.fixture
def witness(tmp_path):
    witness = Witness(tmp_path)
    yield witness
    witness.stop()


def refused(answer, status: int, error_id: str) -> None:
    assert answer.status_code == status
    assert answer.json()["error"]["id"] == error_id
    assert set(answer.json()["error"]) == {"id", "what", "where", "next", "params"}


def test_a_log_that_grows_is_cosigned_at_the_time_of_the_witness(witness, log):
    for old, new in ((0, 3), (3, 3), (3, 256), (256, 257), (257, 600)):
        body = log.request(old, new)
        assert witness.time_of(witness.ask(body), body) == witness.clock.now()
        witness.clock.advance(60)


def test_an_empty_log_can_be_cosigned(witness, log):
    body = log.request(0, 0)
    assert witness.time_of(witness.ask(body), body) == NOON
    refused(witness.ask(log.request(0, 0, root=b"\x01" * 32)), 422, "witness.root-second")


def test_a_log_that_begins_at_another_size_hears_the_one_that_is_known(witness, log):
    witness.ask(log.request(0, 3))
    for body in (log.request(0, 256), log.request(2, 256), log.request(0, 3), log.request(4, 256)):
        answer = witness.ask(body)
        assert (answer.status_code, answer.text) == (409, "3\n")
        assert answer.headers["content-type"] == "text/x.tlog.size"


def test_a_strange_log_is_unknown_and_a_strange_signature_forbidden(witness, log):
    stranger = SignerKey("demo.elm-street", b"\x09" * 32)
    refused(witness.ask(log.request(0, 3, stranger, origin=stranger.name)), 404, "witness.origin-unknown")
    refused(witness.ask(log.request(0, 3, MALLORY)), 403, "witness.log-unsigned")
    forged = log.request(0, 3).replace(b"\n3\n", b"\n4\n")
    refused(witness.ask(forged), 403, "witness.log-unsigned")
    assert witness.memory.head() == EMPTY


def test_an_old_size_above_the_checkpoints_is_refused(witness, log):
    witness.ask(log.request(0, 3))
    refused(witness.ask(log.request(4, 3, proof=[])), 400, "witness.size-refused")


@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
def test_a_fork_is_not_cosigned_whatever_proof_comes_with_it(witness, log):
    witness.ask(log.request(0, 257))
    good = log.proof(257, 600)
    fork = [*LEAVES[:5], b"another story", *LEAVES[6:]]
    for changed in (
        {"root": root(600, fork)},
        {"root": root(600, fork), "proof": []},
        {"proof": []},
        {"proof": good[:-1]},
        {"proof": [*good, b"\x00" * 32]},
        {"proof": [*good[:-1], b"\x00" * 32]},
    ):
        refused(witness.ask(log.request(257, 600, **changed)), 422, "witness.proof-wrong")
    refused(witness.ask(log.request(257, 257, proof=good)), 422, "witness.proof-wrong")
    assert witness.memory.head() == Head(257, root(257))


@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
def test_a_second_root_for_one_size_is_never_cosigned(witness, log):
    witness.ask(log.request(0, 257))
    fork = root(257, [b"another story", *LEAVES[1:]])
    refused(witness.ask(log.request(257, 257, root=fork)), 422, "witness.root-second")
    assert witness.ask(log.request(0, 257, root=fork)).status_code == 409
    witness.stop()
    witness.start()
    refused(witness.ask(log.request(257, 257, root=fork)), 422, "witness.root-second")


def test_a_proof_from_the_empty_log_must_be_empty(witness, log):
    refused(witness.ask(log.request(0, 3, proof=[b"\x00" * 32])), 422, "witness.proof-wrong")


NOTE = sign(Checkpoint(ORIGIN, 3, root(3)).encode(), [LOG_KEY]).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 0\n\n",
        b"old 00\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"new 0\n\n" + NOTE,
        b"\n\n" + NOTE,
        b"old 0\n!\n\n" + NOTE,
        b"old 0\nAAAA\n\n" + NOTE,
        b"old 0\n" + 64 * (b"A" * 43 + b"=\n") + b"\n" + NOTE,
        b"old \xc3\xa9\n\n" + NOTE,
        b"old 0\n\nno checkpoint\n\n" + NOTE.partition(b"\n\n")[2],
        b"old 0\n\n" + NOTE[:-1],
    ],
)
def test_what_is_no_request_is_called_malformed(witness, body):
    refused(witness.ask(body), 400, "witness.request-malformed")


def test_a_proof_of_more_than_63_lines_is_not_even_read(witness):
    many = b"old 0\n" + 64 * (b"A" * 43 + b"=\n") + b"\n" + NOTE
    answer = witness.ask(many)
    assert "63 lines" in answer.json()["error"]["what"]


@given(st.binary(max_size=200))
@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_whatever_arrives_is_answered_by_a_named_refusal(witness, data):
    for body in (data, b"old 0\n\n" + data, b"old 0\n" + data + b"\n\n" + NOTE):
        if body != b"old 0\n\n" + NOTE:
            assert witness.ask(body).json()["error"]["id"].startswith("witness.")


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(witness):
    sent = 0

    def endless():
        nonlocal sent
        while sent < 100 * MAX_BODY:
            sent += 1024
            yield b"x" * 1024

    refused(witness.http.post("/add-checkpoint", content=endless()), 413, "witness.body-oversized")


def test_a_body_that_drips_is_given_up(witness, monkeypatch):
    monkeypatch.setattr(site_module, "BODY_SECONDS", 0.05)

    async def ask() -> list[dict]:
        answers = []

        drips = 0

        async def receive() -> dict:
            nonlocal drips
            drips += 1
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": drips < 50}

        async def send(message: dict) -> None:
            answers.append(message)

        scope = {"type": "http", "method": "POST", "path": "/add-checkpoint", "headers": [], "query_string": b""}
        await witness.http.app(scope, receive, send)
        return answers

    with ThreadPoolExecutor(1) as another:  # a browser of an earlier test may keep this thread's loop running
        answers = another.submit(asyncio.run, ask()).result()
    assert answers[0]["status"] == 408
    assert b"witness.body-late" in answers[1]["body"]


def test_only_post_adds_a_checkpoint_and_other_addresses_do_not_exist(witness):
    assert witness.http.get("/add-checkpoint").status_code == 405
    assert witness.http.get("/").status_code == 404
    assert witness.http.get("/healthz").text == "healthy\n"
    assert witness.http.get("/readyz").text == "ready\n"


@pytest.mark.promise(8)
def test_what_is_answered_was_remembered_before(witness, log, monkeypatch):
    """A memory that fails keeps the signature in, and the state as it was."""
    witness.ask(log.request(0, 3))
    witness.memory._base.execute("PRAGMA query_only=ON")
    refused(witness.ask(log.request(3, 256)), 503, "witness.state-unwritable")
    witness.memory._base.execute("PRAGMA query_only=OFF")
    assert witness.memory.head() == Head(3, root(3))
    body = log.request(3, 256)
    assert witness.time_of(witness.ask(body), body) == NOON
    witness.memory.close()
    refused(witness.http.get("/readyz"), 503, "witness.state-unwritable")
    refused(witness.ask(log.request(3, 256)), 503, "witness.state-unwritable")


def test_the_memory_is_written_with_full_sync(witness):
    assert witness.memory._base.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.promise(8)
def test_of_many_requests_at_once_one_wins_and_the_memory_never_goes_back(witness, log):
    bodies = [log.request(0, size) for size in range(1, 25)]
    signed: list[tuple[int, bytes]] = []
    keys = config.read_keys(witness.settings)
    cosigner = Cosigner(keys.signer, keys.log, witness.memory, witness.clock)

    def ask(size: int, body: bytes) -> None:
        answer = cosigner.add_checkpoint(body)
        if isinstance(answer, str):
            signed.append((size, answer))

    threads = [threading.Thread(target=ask, args=case) for case in enumerate(bodies, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed) == 1
    assert witness.memory.head().size == signed[0][0]


@pytest.mark.promise(8)
def test_two_processes_with_one_memory_cannot_be(witness):
    with pytest.raises(Error, match=r"witness\.state-busy"):
        Memory(witness.settings.memory_file)


def test_a_co_signer_without_its_memory_or_key_does_not_begin_again(witness):
    witness.stop()
    whole = witness.settings.memory_file.read_bytes()
    witness.settings.memory_file.unlink()
    with pytest.raises(Error, match=r"witness\.state-absent"):
        Memory(witness.settings.memory_file)
    witness.settings.memory_file.write_bytes(b"not a database" * 100)
    witness.settings.memory_file.chmod(0o600)
    with pytest.raises(Error, match=r"witness\.state-absent"):
        Memory(witness.settings.memory_file)
    witness.settings.memory_file.write_bytes(whole)
    witness.settings.key_file.rename(witness.settings.key_file.with_name("elsewhere"))
    with pytest.raises(Error, match=r"witness\.state-absent"):
        config.read_keys(witness.settings)
    with pytest.raises(Error, match=r"witness\.data-present"):
        config.init(witness.settings)


def test_keys_that_others_can_read_are_refused(witness):
    witness.settings.key_file.chmod(0o644)
    with pytest.raises(Error, match=r"durable\.path-exposed"):
        config.read_keys(witness.settings)
    witness.settings.key_file.chmod(0o600)
    witness.settings.memory_file.chmod(0o644)
    witness.stop()
    with pytest.raises(Error, match=r"durable\.path-exposed"):
        Memory(witness.settings.memory_file)
    witness.settings.data_dir.chmod(0o755)
    with pytest.raises(Error, match=r"durable\.path-exposed"):
        config.read_keys(witness.settings)


def test_keys_that_do_not_fit_the_settings_are_refused(witness, tmp_path):
    cosignature = str(VerifierKey(ORIGIN, LOG_KEY.verifier.public, 4))
    for changed in ({"name": "w2.example"}, {"origin": "demo.elm-street"}, {"log_key": cosignature}):
        with pytest.raises(Error, match=r"witness\.key-unsuitable"):
            config.read_keys(settings(tmp_path, **changed))
    with pytest.raises(Error, match=r"notekey\.text-malformed"):
        config.init(settings(tmp_path / "new", log_key="nonsense"))
    assert not (tmp_path / "new").exists()


def test_a_shifted_clock_is_only_for_demo_towns(witness, tmp_path, monkeypatch):
    monkeypatch.setenv("SUNPORCH_CLOCK_OFFSET_FILE", str(tmp_path / "offset"))
    config.read_keys(witness.settings)
    for changed in ({"origin": "example.org/town"}, {"listen_host": "0.0.0.0"}):
        with pytest.raises(Error, match=r"clock\.offset-forbidden"):
            config.read_keys(settings(tmp_path, **changed))


def test_settings_come_from_the_file_that_init_wrote(tmp_path):
    file, key = config.init(settings(tmp_path, port=8411))
    assert config.load(file) == settings(tmp_path, port=8411, data_dir=(tmp_path / "witness").resolve())
    assert key.name == "w1.example"
    assert {path.name for path in file.parent.iterdir()} == {"witness.toml", "cosigner.key", "signed.sqlite3"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in file.parent.iterdir())
    assert file.parent.stat().st_mode & 0o077 == 0


def test_the_memory_holds_one_row_whatever_comes(witness, log):
    witness.ask(log.request(0, 3))
    witness.ask(log.request(3, 256))
    with pytest.raises(sqlite3.IntegrityError):
        witness.memory._base.execute("INSERT INTO signed VALUES (2, 1, zeroblob(32), '')")
    assert witness.memory._base.execute("SELECT count(*) FROM signed").fetchone() == (1,)
