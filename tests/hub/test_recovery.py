# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub's machine is gone: out of a file and a key on paper a new one becomes this home again."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pyrage
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from playwright.sync_api import expect

from sunporch.base import strictjson
from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.hub import config
from sunporch.hub import settings as site
from sunporch.hub.preferences import actions as preferences
from sunporch.hub.recovery import actions, kit
from sunporch.hub.recovery.kit import Kit
from sunporch.hub.recovery.models import Recovery
from sunporch.hub.release.models import Release
from sunporch.hub.shares import actions as shares
from sunporch.hub.takeout import actions as takeout
from sunporch.vault import Vault
from sunporch.web.pings import push
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import enter
from tests.hub.home import Resident, code, share
from tests.hub.test_run import ROOT, free_port, refusal, service, sunporch, until

SMALL = Kit(
    1_780_000_000, b"port = 1\n", b"{}", b"pem", b"rows" * 20_000, {"household.json": b"{}"} | {
        f"camera-keys/{n:016x}.json": b"{}" for n in range(2)
    },
)  # fmt: skip


# -- the file --------------------------------------------------------------------------------------------------------


def test_a_recovery_file_holds_what_was_put_in_for_its_key_however_that_is_typed():
    key, recipient = kit.new_key()
    file = kit.seal(SMALL, recipient)
    for typed in (key, key.lower(), " ".join(key[at : at + 6] for at in range(0, len(key), 6)) + "\n", f"\n{key}\n"):
        assert kit.unseal(file, typed) == SMALL


def refused(file: bytes, key: str) -> str:
    with pytest.raises(Error) as caught:
        kit.unseal(file, key)
    return caught.value.id


def test_a_key_with_a_slip_of_the_pen_and_another_homes_key_are_told_apart():
    key, recipient = kit.new_key()
    file = kit.seal(SMALL, recipient)
    slips = [key[:-1], key + "Q", key[:20] + key[21] + key[20] + key[22:], "", recipient, key[16:]]
    assert {refused(file, slip) for slip in slips if slip != key} == {"hub.recoverykey-malformed"}
    assert refused(file, kit.new_key()[0]) == "hub.recoverykey-wrong"


def test_a_file_that_was_cut_or_changed_anywhere_opens_for_nobody():
    key, recipient = kit.new_key()
    file = kit.seal(SMALL, recipient)
    for size in (0, 1, 100, 190, 300, 65_000, len(file) - 1):
        assert refused(file[:size], key) == "hub.recovery-damaged", size
    assert refused(file + b"\0", key) == "hub.recovery-damaged"
    for at in (0, 10, 30, 100, 150, 190, 230, 1000, 70_000, len(file) - 1):
        spoiled = bytearray(file)
        spoiled[at] ^= 1
        # A file whose line with the recipient is spoiled looks as if it was made for somebody else.
        assert refused(bytes(spoiled), key) in ("hub.recovery-damaged", "hub.recoverykey-wrong"), at
    assert refused(bytes(file[:70_000] + bytes(1) + file[70_001:]), key) == "hub.recovery-damaged"


def sealed(files: dict[str, bytes], recipient: str) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return pyrage.encrypt(plain.getvalue(), [pyrage.x25519.Recipient.from_str(recipient)])


def contents(file: bytes, key: str) -> dict[str, bytes]:
    plain = pyrage.decrypt(file, [pyrage.x25519.Identity.from_str(key)])
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def test_what_another_version_made_is_refused_and_no_name_leads_out_of_the_folder():
    key, recipient = kit.new_key()
    files = contents(kit.seal(SMALL, recipient), key)
    assert kit.unseal(sealed(files, recipient), key) == SMALL
    later = strictjson.dumps({"version": "sunporch/home-recovery/v2", "made_at": 1}).encode()
    wrong = [
        files | {"manifest.json": later},
        files | {"manifest.json": b"?"},
        files | {"vault/../../escaped": b"x"},
        files | {"vault/camera-keys/../../escaped.json": b"x"},
        *(
            {name: data for name, data in files.items() if name != without}
            for without in files
            if "camera" not in without
        ),
    ]
    for case in wrong:
        assert refused(sealed(case, recipient), key) == "hub.recovery-unknown"
    assert refused(pyrage.encrypt(b"no archive", [pyrage.x25519.Recipient.from_str(recipient)]), key) == (
        "hub.recovery-unknown"
    )


# -- the home --------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock():
    """The real time of day, standing still: the restored hub is a process of its own and has none other."""
    return ManualClock(int(time.time()))


@pytest.fixture
def file(home, settings, monkeypatch):
    """The hub's settings file; pages read it as they do at home, and a restored hub takes it over."""
    push.make_key(home.hub.push_key)
    path = home.folder / "hub.toml"
    made = vars(home.hub) | {"secret_key": settings.SECRET_KEY, "port": free_port(), "poll_seconds": 1}
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in made.items()}
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in plain.items()))
    monkeypatch.setenv(config.FILE_VARIABLE, str(path))
    return path


def make_file(home, file, resident) -> tuple[str, bytes]:
    """Make a key and a file for it, as the page does."""
    key = actions.new_key(home.clock.now())
    return key, actions.make_file(home.hub, file, home.vault, resident.user, home.clock.now())


def restore(tmp_path: Path, key: str, file: bytes, *more: str) -> tuple[subprocess.CompletedProcess, Path]:
    place = tmp_path / "home.age"
    place.write_bytes(file)
    line = ("restore", str(place), "--data", str(tmp_path / "new"), *more)
    return sunporch(*line, feed=key + "\n"), tmp_path / "new"


def typed(key: str, *arguments: str) -> str:
    """Run a command of the hub in a terminal, type the key where it asks for it, and return all that is seen."""
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    line = [sys.executable, "-c", spawn, sys.executable, "-m", "sunporch.cli.main", "hub", *arguments]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as terminal:
        said = ""
        while not said.endswith("Recovery key: ") and (one := terminal.stdout.read(1)):
            said += one
        terminal.stdin.write(key + "\n")
        terminal.stdin.flush()
        said += terminal.stdout.read()
        assert terminal.wait() == 1
    return said


def turns(folder: Path, *stopped: int) -> dict:
    """Let the restored home's worker work for a while; return what the home knows then."""
    line = [sys.executable, "-m", "tests.hub.restored_process", str(folder / "hub.toml"), *map(str, stopped)]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def signed_in(port: int, ana: Resident) -> httpx.Client:
    """Sign in at a hub that runs, with the password and the second factor of before."""
    program = httpx.Client(base_url=f"http://localhost:{port}", trust_env=False, timeout=20)
    auth = "/_allauth/app/v1/auth"
    asked = program.post(f"{auth}/login", json={"username": ana.username, "password": ana.password})
    token = {"X-Session-Token": asked.json()["meta"]["session_token"]}
    let_in = program.post(f"{auth}/2fa/authenticate", json={"code": code(ana.secret)}, headers=token)
    assert let_in.status_code == 200, let_in.text
    program.headers["X-Session-Token"] = let_in.json()["meta"].get("session_token", token["X-Session-Token"])
    return program


@pytest.mark.django_db(transaction=True)
def test_with_the_key_on_paper_a_new_machine_is_anas_home_again_and_she_stops_what_she_shared(
    people, live_server, home, street, file, settings, tmp_path
):
    settings.PASSWORD_HASHERS = site.PASSWORD_HASHERS  # another process checks what these make
    ana = Resident("ana").sign_in()
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    shared = share(home, ana, appeal, porch, start + 1, start + 3)
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto("/settings/")
    expect(page.get_by_text("No recovery file yet")).to_be_visible()
    page.get_by_role("link", name="Prepare for it").click()
    page.get_by_label("Password").fill(ana.password)
    page.get_by_role("button", name="Continue").click()
    window.check("hub-recovery-none")
    page.get_by_role("button", name="Show me the key").click()
    window.check("hub-recovery-key")
    key = page.locator(".secret").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="make the recovery file").click()
    kept = Path(download.value.path()).read_bytes()
    page.goto("/settings/recovery/")
    expect(page.locator("dl")).to_contain_text("Ana")
    for width, height in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        window.check("hub-recovery")
    preferences.choose_language(ana.user, "es")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recuperación")
    window.check("hub-recovery-es")
    assert "".join(key.split()) not in page.content() + str(vars(Recovery.objects.get()))
    home.vault.close()

    done, folder = restore(tmp_path, key, kept, "--vault", str(home.hub.vault_folder))
    assert done.returncode == 0, done.stderr
    assert f"sunporch hub run --config {folder / 'hub.toml'}" in done.stdout and "Turn the old hub off" in done.stdout
    with service(folder / "hub.toml") as (_, port):
        program = signed_in(port, ana)
        assert program.get(f"/api/v1/shares/{shared.disclosure}/receipt").json()["withdrawal"]
        seconds = {"from": start + 1, "to": start + 3}
        assert len(program.get(f"/api/v1/cameras/{porch.id}/video", params=seconds).raise_for_status().content) > 1000
        program.post(f"/api/v1/shares/{shared.disclosure}/withdraw").raise_for_status()
        until(lambda: street.custodian.withdrawn, "the key custodian was never told")
        until(lambda: street.maple.tail.fold.disclosures[shared.disclosure].withdrawn_at, "the record never said so")
        program.close()


def far_and_no_farther(home, street, ana, appeal, camera) -> dict[str, str]:
    """Let a clip each come so far that somebody outside keeps it waiting; return its id by how it fared."""
    start = int(home.clock.now() - 3600)

    def chosen(*, now: bool = True) -> str:
        made = ana.wish(appeal, camera, start + 1, start + 3)[1]["id"]
        if now:
            ana.ask("POST", f"/releases/{made}/send-now")
        home.turn(2)
        return made

    made = {"shared": chosen()}
    home.turn(2, seconds=6)
    street.portal.quorum = False
    made["posted"] = chosen()
    street.portal.before = lambda method, path: (503, {}) if method == "POST" and "/entries" in path else None
    made["signed"], made["never left"] = chosen(), chosen()
    street.custodian.door.stop()
    made["uploading"] = chosen()
    made["leaves"], made["taken back"] = chosen(now=False), chosen(now=False)
    far = dict(Release.objects.values_list("id", "state"))
    assert [far[made[name]] for name in ("shared", "posted", "signed", "uploading")] == [
        "shared", "posted", "signed", "uploading",
    ]  # fmt: skip
    assert [far[made[name]] for name in ("never left", "leaves", "taken back")] == ["signed", "waiting", "waiting"]
    return made


@pytest.mark.django_db(transaction=True)
def test_what_waited_when_the_file_was_made_leaves_once_or_not_at_all(home, street, file, tmp_path):
    ana = Resident("ana").sign_in()
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    made = far_and_no_farther(home, street, ana, appeal, porch)
    wish = takeout.Wish(porch.id, start + 1, start + 3, covered=False, sound=False, title="", hours=24, most=None)
    takeout.make(home.vault, ana.user, wish, home.clock.now())
    shared = Release.objects.get(id=made["shared"]).disclosure
    ana.ask("POST", f"/shares/{shared}/messages", {"text": "Hello."})
    key, kept = make_file(home, file, ana)

    # The old hub goes on for a while: all but one leave or are taken back, and one of them is stopped again.
    Release.objects.filter(id=made["never left"]).update(state="undone")
    assert ana.ask("DELETE", f"/releases/{made['taken back']}")[0] == 200
    ana.ask("POST", f"/releases/{made['leaves']}/send-now")
    street.custodian.door.start()
    street.portal.before, street.portal.quorum = lambda *_: None, True
    home.turn(4, seconds=10)
    at = {name: Release.objects.get(id=release).disclosure for name, release in made.items()}
    assert [name for name, disclosure in at.items() if disclosure is None] == ["never left", "taken back"]
    shares.withdraw(at["posted"], ana.user, home.clock.now())
    home.turn(2, seconds=6)
    home.vault.close()
    before = len(street.maple.tail.fold.disclosures), set(street.portal.uploads), list(street.portal.posts)
    letters = {c: len(mail) for c, mail in street.portal.mail.items()}

    done, folder = restore(tmp_path, key, kept)
    assert done.returncode == 0, done.stderr
    assert "What waited then does not go on; clips on their way: 6, messages: 1, links: 1." in done.stdout
    known = turns(folder, at["uploading"])
    assert (len(street.maple.tail.fold.disclosures), set(street.portal.uploads)) == before[:2]
    stays = ["never left", "leaves", "taken back"]
    assert [name for name in made if known["releases"][made[name]] != "shared"] == stays
    assert {known["troubles"][made[name]] for name in stays} == {"hub.release-unsure"}
    live = street.maple.tail.fold.disclosures
    assert set(known["shares"]) == {str(at[name]) for name in made if name not in stays}
    assert known["shares"][str(at["posted"])] == live[at["posted"]].withdrawn_at
    assert known["shares"][str(at["signed"])] is None
    # What was stopped here is stopped: this home has the key of a clip that left after the file was made.
    assert live[at["uploading"]].withdrawn_at and len(street.portal.posts) == len(before[2]) + 1
    assert (known["messages"], known["links"], known["alarms"]) == (
        0,
        [["making", True]],
        [],
    )  # its film was never made
    assert {c: len(mail) for c, mail in street.portal.mail.items()} == letters != {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.promise(9)
def test_the_file_holds_no_footage_no_key_of_any_and_nobody_who_is_signed_in(home, file, tmp_path):
    ana = Resident("ana")
    browser = Client()
    browser.force_login(ana.user)
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start)
    (segment,) = home.vault.folder.glob("segments/*/*/*.sealed")
    whole = segment.read_bytes()
    connection.cursor().execute("PRAGMA secure_delete = OFF")  # as most builds of SQLite have it
    User.objects.bulk_create(User(username=f"gone{n}", last_name="a name that was erased") for n in range(200))
    User.objects.filter(username__startswith="gone").delete()
    key, kept = make_file(home, file, ana)
    files = contents(kept, key)
    assert set(files) == {
        *("manifest.json", "hub.toml", "pin.json", "vapid.key", "hub.sqlite3", "vault/household.json"),
        f"vault/camera-keys/{porch.id}.json",
    }
    plain = b"".join(files.values())
    assert not any(whole[at : at + 32] in plain for at in range(0, len(whole) - 32, 32))
    assert browser.session.session_key.encode() not in plain and b"a name that was erased" not in plain
    # So what is erased after the file was made stays erased, also for whoever has file and key.
    home.vault.erase(porch.id, start, start + 6)
    home.vault.close()
    done, folder = restore(tmp_path, key, kept, "--vault", str(home.hub.vault_folder))
    assert done.returncode == 0, done.stderr
    with Vault.open(folder / "vault", home.clock) as vault:
        assert [span.cause for span in vault.timeline(porch.id, start, start + 6).gaps] == ["erased"]
    with contextlib.closing(sqlite3.connect(folder / "hub.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM auth_user").fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_restore_that_is_refused_leaves_nothing_behind(home, file, tmp_path):
    ana = Resident("ana")
    home.camera()
    key, kept = make_file(home, file, ana)
    other = Vault.create(tmp_path / "other", home.clock)
    other.close()
    files = contents(kept, key)
    recipient = Recovery.objects.get().recipient
    older = kit.unseal(kept, key)
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.deserialize(older.database)
        database.execute("DELETE FROM django_migrations WHERE app = 'hub_shares'")
        older = kit.seal(replace(older, database=database.serialize()), recipient)
    cases = {
        "hub.recovery-unknown": (key, older, ()),
        "vault.folder-unknown": (key, kept, ("--vault", str(tmp_path / "nowhere"))),
        "vault.household-foreign": (key, kept, ("--vault", str(tmp_path / "other"))),
    }
    before = sorted(tmp_path.iterdir())
    for error, (secret, data, more) in cases.items():
        assert error in refusal(restore(tmp_path, secret, data, *more)[0])
        assert sorted(tmp_path.iterdir()) == sorted({*before, tmp_path / "home.age"}), error
    wrong = kit.new_key()[0]
    on_screen = typed(wrong, "restore", str(tmp_path / "home.age"), "--data", str(tmp_path / "new"))
    assert "hub.recoverykey-wrong" in on_screen and wrong not in on_screen
    assert sorted(tmp_path.iterdir()) == sorted({*before, tmp_path / "home.age"})
    assert sorted(path.name for path in (tmp_path / "other" / "camera-keys").iterdir()) == []
    assert contents(kept, key) == files

    done, folder = restore(tmp_path, key, kept)
    assert done.returncode == 0, done.stderr
    there = (folder / "hub.toml").read_bytes()
    assert "hub.folder-occupied" in refusal(restore(tmp_path, key, kept)[0])
    assert (folder / "hub.toml").read_bytes() == there
    # The restored home makes files for the same key; and while it runs nobody takes its archive from it.
    with service(folder / "hub.toml"):
        until((folder / "live.sock").exists, "the worker did not come")
        (tmp_path / "second").mkdir()
        again = restore(tmp_path / "second", key, kept, "--vault", str(folder / "vault"))[0]
    assert "hub.archive-busy" in refusal(again)


@pytest.mark.django_db(transaction=True)
def test_a_restored_home_takes_no_shorter_record_for_its_towns_though_it_has_no_copy_of_it(
    home, street, file, tmp_path
):
    ana = Resident("ana")
    home.turn()
    key, kept = make_file(home, file, ana)
    street.portal.lies = {"checkpoints/sizes": b"3\n"}
    done, folder = restore(tmp_path, key, kept)
    assert done.returncode == 0, done.stderr
    assert turns(folder)["alarms"] == ["tlog.rollback-found"]


@pytest.mark.django_db(transaction=True)
def test_whoever_finds_a_browser_left_open_gets_neither_key_nor_file(home, file):
    ana = Resident("ana")
    browser = Client()
    browser.force_login(ana.user)
    for act in ("key", "file"):
        answer = browser.post("/settings/recovery/", {"act": act})
        assert answer.status_code == 302 and answer["Location"].startswith("/sign-in/again/")
    assert not Recovery.objects.exists()
    with pytest.raises(Error) as caught:
        actions.make_file(home.hub, file, home.vault, ana.user, home.clock.now())
    assert caught.value.id == "hub.recovery-keyless"


@pytest.mark.django_db(transaction=True)
def test_a_new_key_opens_new_files_alone_and_the_settings_say_what_was_shared_since(home, street, file):
    ana = Resident("ana").sign_in()
    browser = Client()
    browser.force_login(ana.user)
    first, before = make_file(home, file, ana)
    second, after = make_file(home, file, ana)
    assert refused(after, first) == refused(before, second) == "hub.recoverykey-wrong"
    assert kit.unseal(before, first).made_at == kit.unseal(after, second).made_at
    assert "after the last file" not in browser.get("/settings/").content.decode()
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    share(home, ana, appeal, porch, start + 1, start + 3)
    assert "One clip was shared after the last file." in browser.get("/settings/").content.decode()
