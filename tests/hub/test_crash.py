# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill -9 of the real worker at every write that counts: the clip is shared once, and never lies open on a disk."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sunporch.base.clock import SystemClock
from tests.custodian.crashes import killed, sample, steps
from tests.hub.footage import street_video
from tests.hub.maple import PORCH, Street

ROOT = Path(__file__).resolve().parent.parent.parent
LIVES = 3
SAMPLE = 5  # steps that every run plays; `make soak` plays all
WAIT_SECONDS = 25
CANARY = 48


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A town and a hub whose resident just chose two seconds; each test works on a copy of it."""
    folder = tmp_path_factory.mktemp("crash")
    street = Street.build(folder / "town", SystemClock())
    now = int(time.time())
    street.maple.ask(now - 4000, now - 3000)
    orders = {
        "folder": str(folder / "hub"),
        "now": now,
        "seed": 1,
        "readings": 1,
        "portal_url": street.portal.door.url,
        "socks_proxy": "",
        "pin": str(folder / "town" / "pin.json"),
        "cameras": {"porch": PORCH},
        "looks": False,
        "share": [now - 3600 + 1, now - 3600 + 3],
    }
    line = [sys.executable, "-m", "tests.hub.follow_process"]
    done = subprocess.run(line, input=json.dumps(orders), capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    yield street, folder / "hub"
    street.close()


class Hub:
    """A copy of the hub, and its worker as a process."""

    def __init__(self, base: Path, folder: Path) -> None:
        shutil.copytree(base, folder)
        self.folder, self.config, self.temporary = folder, folder / "hub.toml", folder.parent / "tmp"
        self.temporary.mkdir()
        self.config.write_text(self.config.read_text().replace(str(base), str(folder)) + "\n")
        self.config.chmod(0o600)

    def start(self) -> subprocess.Popen:
        line = [sys.executable, "-m", "sunporch.cli.main", "hub", "worker", "--config", str(self.config)]
        environment = os.environ | {"TMPDIR": str(self.temporary), "SUNPORCH_HUB_POLL_SECONDS": "1"}
        return subprocess.Popen(line, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)

    def release(self) -> dict:
        with sqlite3.connect(self.folder / "hub.sqlite3", timeout=10) as database:
            database.row_factory = sqlite3.Row
            found = dict(database.execute("SELECT * FROM hub_release_release").fetchone())
        database.close()
        return found

    def shares(self) -> int:
        """Return how many shares the resident sees and can withdraw."""
        with contextlib.closing(sqlite3.connect(self.folder / "hub.sqlite3", timeout=10)) as database:
            return int(database.execute("SELECT count(*) FROM hub_shares_share").fetchone()[0])

    def until(self, process: subprocess.Popen, *states: str) -> str:
        """Wait for the release to reach a state, or for the worker to die; return the state."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            state = self.release()["state"]
            if state in states or process.poll() is not None:
                return state
            time.sleep(0.05)
        raise AssertionError(f"the release stays {self.release()}")

    def bytes_on_disk(self):
        for folder in (self.folder, self.temporary):
            for path in folder.rglob("*"):
                if path.is_file():
                    yield path, path.read_bytes()


def end(process: subprocess.Popen) -> None:
    """kill -9 of the worker."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_handler(process: subprocess.Popen) -> None:
    """Wait until the worker takes SIGTERM itself: what was shared before the kill is shared before it is ready."""
    end, caught = time.monotonic() + WAIT_SECONDS, 1 << (signal.SIGTERM - 1)
    while time.monotonic() < end:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if int(re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)[1], 16) & caught:
            return
        time.sleep(0.05)
    raise AssertionError("the worker never takes SIGTERM")


def finish(hub: Hub) -> dict:
    """Start the worker again and let it come to its end in order."""
    process = hub.start()
    try:
        assert hub.until(process, "shared", "refused") == "shared", hub.release()
        wait_for_handler(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0
    finally:
        end(process)
    return hub.release()


def in_force(street: Street) -> int:
    with street.maple.lock:
        return len(street.maple.tail.fold.disclosures)


def leaving(base: Path, folder: Path) -> tuple[Hub, list[str]]:
    """Return a copy of the hub that has read all that others shared, and the command by which its clip leaves."""
    hub = Hub(base, folder / "hub")
    command = [sys.executable, "-m", "tests.hub.leaving_process", str(hub.config)]
    subprocess.run([*command, "read"], check=True, capture_output=True, timeout=60, cwd=ROOT)
    return hub, command


@pytest.mark.strace
@pytest.mark.promise(7)
@pytest.mark.skipif(not shutil.which("strace"), reason="apt-get install strace")
@pytest.mark.timeout(0)
def test_killed_at_any_step_that_is_durable_the_worker_shares_exactly_once(town, tmp_path, soak, capsys):
    street, base = town
    # Where the record comes late the worker takes one more turn: the shortest life has the steps that every life has.
    lives = [steps(leaving(base, tmp_path / f"life-{n}")[1], tmp_path) for n in range(LIVES)]
    whole = min(lives, key=len)
    chosen = whole if soak else sample(whole, SAMPLE)
    states = Counter()
    for call, number in chosen:
        before = in_force(street)
        hub, command = leaving(base, tmp_path / f"{call}-{number}")
        killed(command, call, number)
        states[hub.release()["state"]] += 1
        assert finish(hub)["state"] == "shared", (call, number)
        assert (in_force(street), hub.shares()) == (before + 1, 1), (call, number)
    assert len(states) > 2, states  # what was killed had come more or less far
    with capsys.disabled():
        print(f"\n{len(chosen)} of {len(whole)} durable steps killed, each shared once; found {dict(states)}")


@pytest.mark.promise(7)
@pytest.mark.parametrize("state", ["uploading", "signed", "posted"])
def test_killed_while_somebody_outside_keeps_it_waiting_the_worker_shares_exactly_once(town, tmp_path, state):
    street, base = town
    before, hub = in_force(street), Hub(base, tmp_path / "hub")
    if state == "uploading":
        street.custodian.door.stop()
    elif state == "signed":
        street.portal.before = lambda _, path: (503, {}) if "/entries" in path else None
    else:
        street.portal.quorum = False
    process = hub.start()
    try:
        assert hub.until(process, state) == state
        first = hub.release()
    finally:
        end(process)
        street.portal.before = lambda *_: None
        street.portal.quorum = True
        street.portal.drain()
        if state == "uploading":
            street.custodian.door.start()
    second = finish(hub)
    assert in_force(street) == before + 1
    # With a signed disclosure the same one is posted; before, all is sealed anew under another c.
    assert (second["c"] == first["c"]) == (state != "uploading")
    assert (second["disclosure_id"] == first["disclosure_id"]) == (state != "uploading")


@pytest.mark.requirement("R19")
def test_no_byte_of_what_is_shared_and_no_half_key_ever_lies_open_on_the_disk(town, tmp_path):
    street, base = town
    hub = Hub(base, tmp_path / "hub")
    street.custodian.door.stop()
    process = hub.start()
    try:
        hub.until(process, "uploading")
    finally:
        end(process)  # as the disk is at this moment, and again when all is done
        street.custodian.door.start()
    early = [data for _, data in hub.bytes_on_disk()]
    release = finish(hub)
    c = release["c"]
    _, media = street.opened(c)
    s_k = street.custodian.halves[c]["s_k"]
    original = street_video().read_bytes()
    secrets = [media[at : at + CANARY] for at in range(1000, len(media) - CANARY, len(media) // 7)]
    secrets += [original[at : at + CANARY] for at in range(1000, len(original) - CANARY, len(original) // 7)]
    secrets += [s_k, s_k.hex().encode()]
    for data in [*early, *(data for _, data in hub.bytes_on_disk())]:
        assert not any(secret in data for secret in secrets)
    # The scan itself would see it: the same bytes stand in the sources.
    assert all(secret in media or secret in original for secret in secrets[:-2])
