# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian as its own process, over real HTTP, beside a real log served by a web server."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request

import pytest

from sunporch.base.clock import SystemClock
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.client import CustodianClient, LogFolder
from sunporch.clip import halves
from sunporch.custodian.config import KEY_NAME
from sunporch.custodian.store import ROOT_NAME, TABLE_NAME
from sunporch.docket import custody
from sunporch.tlog.hashing import leaf_hash
from sunporch.verify.tail import Tail
from tests.client.test_server import failing
from tests.custodian.office import Clip, Office
from tests.verify.town import ORIGIN, START, person

WALL = SystemClock()


def sunporch(*arguments, stdin=None):
    command = [sys.executable, "-m", "sunporch.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=stdin)


class LogServer(http.server.SimpleHTTPRequestHandler):
    """Serves the log under /log and takes entries as the portal does."""

    office: Office

    def log_message(self, *_):
        pass

    def do_POST(self):
        note = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["note"]
        with LOCK:
            self.office.post_entry(note)
        body = b'{"id": "", "state": "queued"}'
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


LOCK = threading.Lock()


class Running:
    """A custodian's process and what surrounds it."""

    def __init__(self, tmp_path):
        self.office = Office(tmp_path)
        self.office.keeper.close()
        handler = functools.partial(type("Handler", (LogServer,), {"office": self.office}), directory=str(tmp_path))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.folder = tmp_path / "process"
        self.pin = tmp_path / "pin.json"
        self.pin.write_text(self.office.town.pin.to_json())
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log_url = f"http://127.0.0.1:{self.server.server_address[1]}/log"
        self.offset = tmp_path / "clock"
        self.set_clock()
        made = sunporch("custodian", "init", *self.arguments())
        assert made.returncode == 0, made.stderr
        self.made = json.loads(made.stdout.splitlines()[-1])
        # The town of these tests enrolled a key of its own making.
        (self.folder / KEY_NAME).write_text(person("library").secret_text())
        self.process = None

    def arguments(self):
        options = {"--origin": ORIGIN, "--data": self.folder, "--port": self.port, "--log-url": self.log_url}
        return [item for pair in (options | {"--pin": self.pin, "--name": "library"}).items() for item in pair]

    def set_clock(self):
        self.offset.write_text(str(min(0, self.office.town.now - WALL.now())))

    def wait(self, **span):
        with LOCK:
            self.office.town.wait(**span)
            self.set_clock()
            self.office.town.cosign()

    def start(self):
        environment = os.environ | {"SUNPORCH_CLOCK_OFFSET_FILE": str(self.offset)}
        command = [sys.executable, "-m", "sunporch.cli.main", "custodian", "run", "--config", self.made["config"]]
        self.process = subprocess.Popen(
            [*command, "--parent-pipe"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self.until(self.is_ready, "ready")
        return CustodianClient(f"http://127.0.0.1:{self.port}")

    def is_ready(self):
        with contextlib.suppress(Error):
            return self.status()["size"] > 0
        return False

    def status(self):
        client = CustodianClient(f"http://127.0.0.1:{self.port}")
        try:
            return client.status()
        finally:
            client.close()

    def until(self, done, what):
        for _ in range(300):
            if done():
                return
            assert self.process.poll() is None, self.process.stderr.read()
            WALL.sleep(0.1)
        raise AssertionError(f"never {what}")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.process.stdin.close()
        self.process.stderr.close()
        self.process = None
        return code

    def close(self):
        if self.process is not None:
            self.stop(signal.SIGKILL)
        self.server.shutdown()
        self.server.server_close()
        self.office.town.close()

    def share(self, client, number):
        office = self.office
        sealed, file = office.seal()
        deposit = office.deposit(sealed, number)
        kept = client.put_half(
            sealed.c,
            header=deposit.header,
            salt=deposit.salt,
            sealed_sha256=deposit.sealed_sha256,
            s_k=deposit.s_k,
            d=deposit.d,
        )
        clip = Clip(number, sealed, file, kept)
        clip.share = office.town.share(number, sealed.c, kept.expires, kept.signature)
        office.town.cosign()
        return clip


@pytest.fixture
def running(tmp_path, monkeypatch):
    # The town's tests live in the future of 1970 and in the past of today: the custodian must agree.
    assert WALL.now() > START
    running = Running(tmp_path)
    yield running
    running.close()


def test_init_makes_a_folder_that_only_its_owner_reads_and_never_makes_it_twice(running):
    assert SignerKey.parse((running.folder / KEY_NAME).read_text()).name == "library"
    for path in running.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    again = sunporch("custodian", "init", *running.arguments())
    assert (again.returncode, "custodian.folder-used" in again.stderr) == (1, True)


def test_settings_are_checked_printed_and_examined(running):
    config = ("--config", running.made["config"])
    assert sunporch("custodian", "run", *config, "--check-config").returncode == 0
    printed = json.loads(sunporch("custodian", "run", *config, "--print-config").stdout)
    assert (printed["origin"], printed["poll_seconds"]) == (ORIGIN, "2")
    examined = sunporch("custodian", "doctor", *config)
    assert (examined.returncode, examined.stdout.splitlines()[-1]) == (0, "done")


def test_a_custodian_with_another_key_pin_or_port_does_not_start(running):
    config = ("--config", running.made["config"])
    pin = running.pin.read_text()
    running.pin.write_text("{}")
    assert "verify.pin-malformed" in sunporch("custodian", "run", *config).stderr
    running.pin.unlink()
    assert "config.file-unreadable" in sunporch("custodian", "run", *config).stderr
    running.pin.write_text(pin)
    with socket.create_server(("127.0.0.1", running.port)):
        assert "service.port-taken" in sunporch("custodian", "run", *config).stderr
    (running.folder / KEY_NAME).write_text(SignerKey.generate("university").secret_text())
    assert "custodian.key-misnamed" in sunporch("custodian", "run", *config).stderr
    (running.folder / KEY_NAME).unlink()
    assert "config.file-unreadable" in sunporch("custodian", "run", *config).stderr
    (running.folder / ROOT_NAME).write_bytes(b"")
    (running.folder / KEY_NAME).write_text(person("library").secret_text())
    (running.folder / KEY_NAME).chmod(0o600)
    assert "custodian.rootkey-unreadable" in sunporch("custodian", "run", *config).stderr


@pytest.mark.promise(1)
@pytest.mark.timeout(120)
def test_the_whole_life_of_a_half_through_kills_of_the_process(running):
    client = running.start()
    clip = running.share(client, 1)
    d = str(clip.d.verifier)
    signed = custody.check(
        person("library").verifier, clip.kept.signature, ORIGIN, clip.sealed.c, d, clip.kept.expires
    )
    assert signed
    opening = running.office.sign_opening(clip)
    half = client.access(opening.leaf, opening.proof)
    assert halves.open_half(half.sealed, opening.ephemeral, leaf_hash(opening.leaf)) == clip.sealed.s_k
    assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    with failing("client.server-unreachable"):
        client.access(opening.leaf, opening.proof)
    client.close()
    client = running.start()
    assert client.access(opening.leaf, opening.proof) == half
    second = running.share(client, 2)
    client.withdraw(running.office.withdrawal(second))
    running.until(lambda: running.status()["halves"] == 1 and running.status()["waiting"] == 0, "recorded")
    running.stop(signal.SIGKILL)
    client.close()
    running.wait(days=70)
    client = running.start()
    running.until(lambda: running.status()["halves"] == 0 and running.status()["waiting"] == 0, "destroyed")
    with failing("client.answer-refused") as caught:
        client.access(opening.leaf, opening.proof)
    assert caught.value.params["error"]["id"] == "custodian.lease-ended"
    client.close()
    assert running.stop() == 0


def test_a_second_custodian_on_the_same_folder_is_refused_and_the_first_goes_on(running):
    client = running.start()
    settings = (running.folder / "custodian.toml").read_text()
    assert f"port = {running.port}\n" in settings
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    second = running.folder.parent / "second.toml"
    second.write_text(settings.replace(f"port = {running.port}", f"port = {free}"))
    second.chmod(0o600)
    refused = sunporch("custodian", "run", "--config", second)
    assert (refused.returncode, "custodian.table-busy" in refused.stderr) == (1, True)
    # Who only checks new settings beside it is told what was not looked at.
    checked = sunporch("custodian", "run", "--config", second, "--check-config")
    assert (checked.returncode, "the table was not opened" in checked.stdout) == (0, True)
    clip = running.share(client, 1)
    opening = running.office.sign_opening(clip)
    half = client.access(opening.leaf, opening.proof)
    assert halves.open_half(half.sealed, opening.ephemeral, leaf_hash(opening.leaf)) == clip.sealed.s_k
    client.close()
    assert running.stop() == 0
    assert sunporch("custodian", "run", "--config", second, "--check-config").stdout == ""


@pytest.fixture
def full_mirror(running):
    """The custodian's copy of the log on a small disk of its own, and the file that fills it."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    mirror = running.folder / "mirror"
    mirror.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(mirror)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this machine mounts no small disk: {done.stderr.strip()}")
    filler = mirror / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield filler
    subprocess.run(["umount", "--lazy", str(mirror)], check=True)


@pytest.mark.promise(2)
@pytest.mark.timeout(120)
def test_with_a_full_disk_under_its_mirror_it_says_so_goes_on_and_writes_the_mirror_later(running, full_mirror):
    mirror = full_mirror.parent
    client = running.start()
    running.until(lambda: running.status()["trouble"] == "custodian.mirror-unwritable", "told")
    clip = running.share(client, 1)
    opening = running.office.sign_opening(clip)
    half = client.access(opening.leaf, opening.proof)
    assert halves.open_half(half.sealed, opening.ephemeral, leaf_hash(opening.leaf)) == clip.sealed.s_k
    client.withdraw(running.office.withdrawal(clip))
    running.until(lambda: (running.status()["halves"], running.status()["waiting"]) == (0, 0), "recorded")
    assert running.status()["trouble"] == "custodian.mirror-unwritable"
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/readyz") as answer:
        assert answer.status == 200
    assert not (mirror / "checkpoint").exists()
    full_mirror.unlink()
    running.until(lambda: running.status()["trouble"] == "", "written")
    tail = Tail(running.office.town.pin)
    tail.advance(LogFolder(mirror).fetch)
    assert tail.size == running.status()["size"]
    client.close()
    assert running.stop() == 0


def test_it_ends_with_its_parent_and_leaves_nobody_behind(running):
    running.start().close()
    running.process.stdin.close()
    assert running.process.wait(20) == 0
    running.process.stderr.close()
    running.process = None
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", running.port), 1):
        pass


def test_nothing_about_who_asked_is_written_down(running):
    client = running.start()
    running.share(client, 1)
    client.close()
    stderr = running.process.stderr
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(20)
    written = stderr.read()
    stderr.close()
    running.process.stdin.close()
    running.process = None
    for line in written.splitlines():
        assert set(json.loads(line)) <= {"event", "host", "level", "port"}
    kept = b"".join(p.read_bytes() for p in running.folder.iterdir() if p.is_file() and p.name != "custodian.toml")
    assert b"127.0.0.1" not in kept


# Promise 2, by fresh processes --------------------------------------------------------------------------------------

ATTACK = """
import sys, json, io
from pathlib import Path
from sunporch.base.errors import Error
from sunporch.custodian.store import Store
found = {}
for name in sys.argv[1:]:
    try:
        store = Store(Path(name))
    except Error as error:
        found[name] = error.id
        continue
    found[name] = {row.c: store.half(row).hex() for row in store.rows()}
print(json.dumps(found))
"""


def attack(*folders):
    """Open the folders as a fresh process of our own software would, and return what it got."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ATTACK, *map(str, folders)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.promise(2)
@pytest.mark.timeout(120)
def test_copies_taken_at_any_time_without_that_generations_root_key_open_nothing(tmp_path, capsys):
    """The thief has table, WAL, a backup made by SQLite, the portal's files and every officer's device key."""
    office = Office(tmp_path)
    clips = [office.share() for _ in range(3)]
    copies, number = [], 0

    def steal():
        nonlocal number
        number += 1
        whole = shutil.copytree(office.folder, tmp_path / f"table-{number}", ignore=shutil.ignore_patterns(ROOT_NAME))
        source = sqlite3.connect(office.folder / TABLE_NAME)
        backup = tmp_path / f"backup-{number}"
        backup.mkdir(mode=0o700)
        target = sqlite3.connect(backup / TABLE_NAME)
        source.backup(target)
        source.close()
        target.close()
        (backup / TABLE_NAME).chmod(0o600)
        copies.extend([whole, backup])

    steal()
    office.ask(office.sign_opening(clips[0]))
    steal()
    office.keeper.withdraw(office.withdrawal(clips[1]))
    steal()
    office.tick()
    steal()
    office.wait(days=70)
    for _ in range(4):
        office.tick()
        steal()
    # After the end he also gets the machine as it is, root key and all.
    after = shutil.copytree(office.folder, tmp_path / "machine")
    assert all(result == {} for result in attack(after).values())
    for copy in copies:
        shutil.copy2(after / ROOT_NAME, copy / ROOT_NAME)
    results = attack(*copies)
    got = [
        clip for clip in clips for result in results.values() if isinstance(result, dict) and clip.sealed.c in result
    ]
    assert got == []
    assert {result for result in results.values() if isinstance(result, str)} == {"custodian.rootkey-unreadable"}
    # No half key stands anywhere in the clear, in no copy and at no time.
    everything = b"".join(p.read_bytes() for folder in (*copies, after) for p in folder.rglob("*") if p.is_file())
    assert not any(clip.sealed.s_k in everything for clip in clips)
    office.close()
    with capsys.disabled():
        print(f"\n{len(copies)} copies tried by fresh processes against {len(clips)} ended clips: 0 opened")


@pytest.mark.promise(2)
def test_the_attack_itself_works_where_the_key_of_that_moment_was_stolen_too(tmp_path):
    """What the threat model states: a copy made together with the root key opens what lived then."""
    office = Office(tmp_path)
    clip = office.share()
    stolen = shutil.copytree(office.folder, tmp_path / "stolen")
    office.close()
    assert attack(stolen)[str(stolen)] == {clip.sealed.c: clip.sealed.s_k.hex()}
