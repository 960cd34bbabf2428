# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub as processes: made, checked, run, killed, ended; and what it refuses to start with."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from sunporch.base.clock import system_clock
from sunporch.hub.cameras.actions import source_of
from sunporch.hub.cameras.models import Camera
from sunporch.hub.command import browsable, command
from sunporch.recorder import discovery
from sunporch.vault import Vault
from tests.hub.maple import POLICY_TEXT
from tests.hub.watching import for_ever
from tests.recorder.faultcam import FaultCamera
from tests.recorder.frigate import Frigate
from tests.recorder.onvifcam import OnvifCamera

ROOT = Path(__file__).resolve().parent.parent.parent
WAIT_SECONDS = 25


def sunporch(*arguments: str, feed: str = "", **environment: str) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "sunporch.cli.main", "hub", *arguments]
    return subprocess.run(
        line, input=feed, capture_output=True, text=True, cwd=ROOT, timeout=60, env=os.environ | environment
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A hub of a town that does not answer: recording and pages do not wait for any portal."""
    folder = tmp_path_factory.mktemp("run")
    pin = {"origin": "demo.nowhere", "leaf0": "00" * 32, "tlog_policy": POLICY_TEXT}
    (folder / "pin.json").write_text(json.dumps(pin))
    done = sunporch(*new(folder, folder / "hub"))
    assert done.returncode == 0, done.stderr
    return folder / "hub" / "hub.toml"


def new(folder: Path, data: Path, days: str = "3") -> list[str]:
    return [
        *("init", "--data", str(data), "--portal-url", "http://127.0.0.1:9", "--pin", str(folder / "pin.json")),
        *("--retention-days", days, "--retention-gib", "1", "--port", str(free_port()), "--poll-seconds", "1"),
    ]


def refusal(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    return done.stderr


@pytest.mark.requirement("R23")
@pytest.mark.parametrize("act", ["run", "worker", "web"])
@pytest.mark.parametrize("limit", ["RETENTION_DAYS", "RETENTION_BYTES"])
def test_a_hub_without_a_limit_for_what_it_keeps_refuses_to_start(made, act, limit):
    done = sunporch(act, "--config", str(made), **{f"SUNPORCH_HUB_{limit}": "0"})
    assert "hub.retention-missing" in refusal(done)
    assert limit.lower() in done.stderr


def test_a_good_configuration_is_said_to_be_good_and_shown_without_its_secret(made):
    assert sunporch("run", "--config", str(made), "--check-config").returncode == 0
    shown = sunporch("run", "--config", str(made), "--print-config").stdout
    assert json.loads(shown)["secret_key"] == "********"


def test_a_hub_that_is_made_without_a_word_about_it_keeps_a_week_and_half_of_the_free_room(made, tmp_path):
    line = new(made.parent.parent, tmp_path / "hub")
    at = line.index("--retention-days")
    assert sunporch(*line[:at], *line[at + 4 :]).returncode == 0
    kept = tomllib.loads((tmp_path / "hub" / "hub.toml").read_text())
    assert kept["retention_days"] == 7
    assert 2**30 <= kept["retention_bytes"] <= max(2**30, shutil.disk_usage(tmp_path).free)


def test_a_hub_where_nobody_lives_writes_a_set_up_code_in_its_terminal_and_leads_there(made, tmp_path):
    assert sunporch(*new(made.parent.parent, tmp_path / "hub")).returncode == 0
    config = tmp_path / "hub" / "hub.toml"
    line = [sys.executable, "-m", "sunporch.cli.main", "hub", "run", "--config", str(config), "--parent-pipe"]
    port = tomllib.loads(config.read_text())["port"]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        until(lambda: ask(port, "/healthz") == 200, "the hub's pages did not come")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/")
        led = connection.getresponse()
        connection.close()
        process.stdin.close()
        assert process.wait(WAIT_SECONDS) == 0
    assert re.search(
        rf"http://localhost:{port}/ and type this set-up code: [A-Z2-9]{{4}}-[A-Z2-9]{{4}}$", said.strip()
    )
    assert (led.status, led.headers["Location"]) == (302, "/welcome/")
    assert sunporch("account", "add", "--config", str(config), "--username", "ana").returncode == 0
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        until(lambda: ask(port, "/healthz") == 200, "the hub's pages did not come")
        process.stdin.close()
        assert process.stdout.read() == ""


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("127.0.0.1", "localhost"),
        ("::", "localhost"),
        ("192.168.1.7", "192.168.1.7"),
        ("fd00::7", "[fd00::7]"),
        ("hub.home.arpa", "hub.home.arpa"),
    ],
)
def test_the_terminal_names_the_hub_as_a_browser_finds_it(host, named):
    assert browsable(host) == named


def test_a_second_hub_in_the_same_folder_a_bad_pin_and_a_second_ana_are_refused(made, tmp_path):
    folder = made.parent.parent
    assert "hub.folder-occupied" in refusal(sunporch(*new(folder, made.parent)))
    (tmp_path / "pin.json").write_text("{}")
    assert "verify.pin-malformed" in refusal(sunporch(*new(tmp_path, tmp_path / "hub")))
    assert not (tmp_path / "hub").exists()
    add = ("account", "add", "--config", str(made), "--username", "ana")
    first = json.loads(sunporch(*add).stdout)
    assert set(first) == {"username", "password", "totp_secret"}
    assert "hub.account-exists" in refusal(sunporch(*add))
    second = json.loads(sunporch("account", "renew", *add[2:]).stdout)
    assert second["username"] == "ana" and not {first["password"], first["totp_secret"]} & set(second.values())
    assert "hub.adult-last" in refusal(sunporch("account", "end", *add[2:]))
    assert sunporch("account", "add", *add[2:-1], "omar").returncode == 0
    assert json.loads(sunporch("account", "end", *add[2:]).stdout) == {"ended": "ana"}


CAMERAS = {
    "a place in words": (("--place", "home"), "hub.place-malformed"),
    "a place beyond the pole": (("--place", "91.0,0.0"), "hub.place-malformed"),
    "a bearing beyond the circle": (("--place", "1.0,2.0", "--bearing", "360"), "hub.camera-refused"),
    "an address that is none": (("--place", "1.0,2.0", "--address", "http://x"), "recorder.source-refused"),
}


@pytest.mark.parametrize("what", CAMERAS)
def test_a_camera_is_refused_with_its_reason(made, what):
    more, name = CAMERAS[what]
    address = () if "--address" in more else ("--address", "rtsp://127.0.0.1:9/x")
    assert name in refusal(sunporch("camera", "add", "--config", str(made), "--name", what, *address, *more))


@pytest.mark.parametrize("asked", [(), ("--sound",)], ids=["as usual", "with sound"])
def test_a_cameras_microphone_is_recorded_only_where_the_household_asked_for_it(tmp_path, made, asked):
    shutil.copytree(made.parent, tmp_path / "hub")
    config = tmp_path / "hub" / "hub.toml"
    config.write_text(config.read_text().replace(str(made.parent), str(tmp_path / "hub")))
    added = sunporch(
        "camera", "add", "--config", str(config), "--name", "porch", "--address", "rtsp://127.0.0.1:9/x",
        "--place", "41.5,-81.7", *asked,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "hub" / "hub.sqlite3")) as database:
        ((sound,),) = database.execute("SELECT sound FROM hub_cameras_camera").fetchall()
    assert bool(sound) is bool(asked)
    assert source_of(Camera(id="1", address="rtsp://127.0.0.1:9/x", sound=bool(sound))).sound is bool(asked)


def test_a_camera_gets_another_address_by_command_where_it_gives_a_picture(tmp_path, made, pictures):
    shutil.copytree(made.parent, tmp_path / "hub")
    config = tmp_path / "hub" / "hub.toml"
    config.write_text(config.read_text().replace(str(made.parent), str(tmp_path / "hub")))
    change = ("camera", "change", "--config", str(config), "--name")
    for name, address in (("porch", "rtsp://127.0.0.1:9/x"), ("film", str(tmp_path / "film.mp4"))):
        add = ("camera", "add", "--config", str(config), "--name", name, "--address", address)
        assert sunporch(*add, "--place", "41.5,-81.7").returncode == 0
    with FaultCamera(pictures, for_ever, login=("cam", "right")) as camera:
        to = ("--address", camera.address)
        assert "hub.camera-absent" in refusal(sunporch(*change, "attic", *to))
        assert "hub.camera-refused" in refusal(sunporch(*change, "film", *to))
        assert "recorder.source-refused" in refusal(sunporch(*change, "porch", "--address", str(config)))
        assert "password-refused" in refusal(sunporch(*change, "porch", *to, "--username", "cam", feed="wrong\n"))
        assert "password-refused" in refusal(sunporch(*change, "porch", *to))
        done = sunporch(*change, "porch", *to, "--username", "cam", feed="right\n")
        assert done.returncode == 0, done.stderr
        assert sunporch(*change, "porch", *to).returncode == 0  # the login stays
        with OnvifCamera(camera.address, login=("cam", "right")) as found:
            add = ("camera", "add", "--config", str(config), "--name", "found", "--address", found.address)
            done = sunporch(*add, "--username", "cam", "--place", "41.5,-81.7", feed="right\n")
            assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "hub" / "hub.sqlite3")) as database:
        kept = database.execute(
            "SELECT address, username, password FROM hub_cameras_camera WHERE name IN ('porch', 'found')"
        )
        assert kept.fetchall() == [(camera.address, "cam", "right")] * 2


def test_cameras_of_the_network_are_found_by_command(monkeypatch, capsys):
    with OnvifCamera() as camera:
        monkeypatch.setattr(discovery, "GROUP", camera.group)
        assert command(["camera", "find"]) == 0
    found = {"address": camera.address, "name": "Front Door One", "hardware": "Model 7"}
    assert json.loads(capsys.readouterr().out) == {"cameras": [found]}
    with Frigate("porch") as there:
        monkeypatch.setattr(sys, "stdin", io.StringIO("right\n"))
        assert command(["camera", "find", "--frigate", there.address, "--username", "ana"]) == 0
    passed_on = {"address": "rtsp://127.0.0.1:8554/porch", "name": "porch", "hardware": "Frigate"}
    assert json.loads(capsys.readouterr().out) == {"cameras": [passed_on]}


def test_a_shifted_clock_is_refused_outside_a_demo(made, tmp_path):
    (tmp_path / "clock").write_text("-100\n")
    shifted = {"SUNPORCH_CLOCK_OFFSET_FILE": str(tmp_path / "clock"), "SUNPORCH_HUB_LISTEN_HOST": "0.0.0.0"}
    assert "clock.offset-forbidden" in refusal(sunporch("run", "--config", str(made), **shifted))


def test_a_database_of_another_version_is_refused(tmp_path, made):
    shutil.copytree(made.parent, tmp_path / "hub")
    config = tmp_path / "hub" / "hub.toml"
    config.write_text(config.read_text().replace(str(made.parent), str(tmp_path / "hub")))
    with sqlite3.connect(tmp_path / "hub" / "hub.sqlite3") as database:
        database.execute("DELETE FROM django_migrations WHERE app = 'hub_shares'")
    database.close()
    assert "hub.schema-unknown" in refusal(sunporch("run", "--config", str(config)))


def ask(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def until(what, describe):
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(describe)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@contextlib.contextmanager
def service(made):
    """Run the hub; give the process that starts the others, and the port of its pages."""
    port = int(next(line for line in made.read_text().splitlines() if line.startswith("port =")).split("=")[1])
    line = [sys.executable, "-m", "sunporch.cli.main", "hub", "run", "--config", str(made), "--parent-pipe"]
    process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
    pids = {}
    try:
        until(lambda: ask(port, "/healthz") == 200, "the hub's pages did not come")
        pids = json.loads((made.parent / "pids.json").read_text())
        yield process, port
    finally:
        process.kill()
        process.stdin.close()
        process.wait()
    for pid in filter(alive, pids.values()):  # only where a test found that somebody outlived the hub
        os.killpg(pid, signal.SIGKILL)


@pytest.fixture
def running(made):
    """The hub as a service that is ready."""
    with service(made) as (process, port):
        until(lambda: ask(port, "/readyz") == 200, "the hub did not become ready although only its portal is away")
        yield process, port


def test_a_hub_that_begins_again_is_not_ready_by_what_it_read_before(made, running):
    process, port = running
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0
    with Vault.open(made.parent / "vault", system_clock()) as vault, contextlib.ExitStack() as held:
        held.enter_context(vault._store.journal.locked())  # the worker cannot begin
        with service(made):
            for _ in range(5):
                assert ask(port, "/readyz") == 503
                time.sleep(0.1)
            held.close()
            until(lambda: ask(port, "/readyz") == 200, "the hub did not become ready")


def test_the_hub_runs_with_its_portal_away_revives_a_killed_child_and_ends_in_order(made, running):
    process, port = running
    pids_file = made.parent / "pids.json"
    pids = json.loads(pids_file.read_text())
    assert set(pids) == {"run", "web", "worker"} and pids["run"] == process.pid
    # Children are forked: what a thread of the parent had locked would stay locked in them.
    assert [task.name for task in Path(f"/proc/{process.pid}/task").iterdir()] == [str(process.pid)]
    os.kill(pids["worker"], signal.SIGKILL)
    os.kill(pids["web"], signal.SIGKILL)
    fresh = until(
        lambda: (
            (now := json.loads(pids_file.read_text()))["worker"] != pids["worker"]
            and now["web"] != pids["web"]
            and now
        ),
        "the killed children did not come back",
    )
    until(lambda: ask(port, "/readyz") == 200, "the hub did not come back")
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0
    assert not pids_file.exists()
    until(lambda: not any(alive(pid) for pid in fresh.values()), "a child outlived the hub")


def test_a_hub_that_is_killed_without_a_word_leaves_nobody_answering_at_its_address(made, running):
    process, port = running
    pids = json.loads((made.parent / "pids.json").read_text())
    process.kill()
    process.wait()
    until(lambda: not any(alive(pid) for pid in pids.values()), "a child outlived the hub")
    until(lambda: ask(port, "/readyz") == 0, "somebody still answers")
