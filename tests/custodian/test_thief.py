# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promise 2 against thieves: one who copies without pause, and one who reads every block of the disk afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sunporch.custodian.rootkey import RootKeys
from sunporch.custodian.store import ROOT_NAME, TABLE_NAME, Store
from tests.custodian.office import MEDIA, Office, unsealed
from tests.custodian.test_store import DEAD, LIVE, filled, half, killed_purges, row

MOST_COPIES = 300
PAUSE_SECONDS = 0.03
IMAGE_BYTES = 32 * 2**20
SAMPLE = 7

# The thief's own program: no rule of ours holds it back. It reads every row of every table it can, with the
# write-ahead log and without, and tries every key it has under every generation and with every way a row is bound.
THIEF = """
import json, sqlite3, sys
from pathlib import Path
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sunporch.custodian.store import Row
keys = [bytes.fromhex(key) for key in json.loads(sys.argv[1])]
tried, opened = 0, {}
for table in map(Path, json.loads(Path(sys.argv[2]).read_text())):
    for question in (f"file:{table}", f"file:{table}?immutable=1"):
        try:
            database = sqlite3.connect(question, uri=True)
            halves = database.execute("SELECT c, d, agency, expires, created, withdrawn, nonce, sealed FROM halves")
            found = halves.fetchall()
        except sqlite3.DatabaseError:
            continue  # a copy torn in the middle of a page
        for *fields, nonce, sealed in found:
            for key in keys:
                for generation in range(1, 20):
                    tried += 1
                    try:
                        opened[fields[0]] = AESGCM(key).decrypt(nonce, sealed, Row(*fields).bound(generation)).hex()
                    except InvalidTag:
                        pass
print(json.dumps({"tried": tried, "opened": opened}))
"""


def steal_with(keys, copies, folder):
    """Let a fresh process try everything with the keys on the copied tables."""
    listing = folder / "tables.json"
    listing.write_text(json.dumps([str(copy / TABLE_NAME) for copy in copies if (copy / TABLE_NAME).exists()]))
    command = [sys.executable, "-I", "-c", THIEF, json.dumps([key.hex() for key in keys]), str(listing)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Copier:
    """Copies table, write-ahead log and its index without pause and without a lock; now and then by SQLite itself."""

    def __init__(self, source: Path, target: Path) -> None:
        self.source, self.target = source, target
        self.copies: list[Path] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def _loop(self) -> None:
        while not self._stop.is_set() and len(self.copies) < MOST_COPIES:
            copy = self.target / f"copy-{len(self.copies)}"
            copy.mkdir(parents=True)
            for path in self.source.glob(f"{TABLE_NAME}*"):
                with contextlib.suppress(FileNotFoundError):  # the log comes and goes
                    (copy / path.name).write_bytes(path.read_bytes())
            self.copies.append(copy)
            self._stop.wait(PAUSE_SECONDS)

    def backup(self) -> None:
        copy = self.target / f"backup-{len(list(self.target.iterdir()))}"
        copy.mkdir(parents=True)
        source, target = sqlite3.connect(self.source / TABLE_NAME), sqlite3.connect(copy / TABLE_NAME)
        with contextlib.closing(source), contextlib.closing(target):
            source.backup(target)
        self.copies.append(copy)

    def stop(self) -> list[Path]:
        self._stop.set()
        self._thread.join()
        return self.copies


def roots_of(office):
    roots = office.keeper._store.roots
    return {generation: roots.key(generation) for generation in roots.generations}


@pytest.mark.promise(2)
@pytest.mark.timeout(120)
def test_a_thief_who_copies_without_pause_and_takes_the_machine_after_the_end_opens_nothing(tmp_path, capsys):
    """He has every officer's device key and the portal's files too; only the root keys of those days he never had."""
    office = Office(tmp_path)
    copier = Copier(office.folder, tmp_path / "stolen")
    clips = [office.share() for _ in range(4)]
    roots = roots_of(office)
    office.ask(office.sign_opening(clips[0]))
    copier.backup()
    office.keeper.withdraw(office.withdrawal(clips[1]))
    for _ in range(2):  # one purge
        office.tick()
    roots |= roots_of(office)
    clips.append(office.share())
    copier.backup()
    office.tick()
    office.wait(days=70)
    for _ in range(3):  # the purge of all the others
        office.tick()
    copies = copier.stop()
    after = Store(shutil.copytree(office.folder, tmp_path / "machine"))
    final = [after.roots.key(generation) for generation in after.roots.generations]
    after.close()
    assert office.keeper.status()["halves"] == 0
    assert not set(final) & set(roots.values())
    result = steal_with(final, copies, tmp_path)
    assert result["opened"] == {}
    assert result["tried"] > 0
    everything = b"".join(path.read_bytes() for copy in copies for path in copy.iterdir())
    assert not any(clip.sealed.s_k in everything for clip in clips)
    # The same program opens all of them, and the clips, once it has the keys that were destroyed.
    with_roots = steal_with(roots.values(), copies, tmp_path)["opened"]
    assert with_roots == {clip.sealed.c: clip.sealed.s_k.hex() for clip in clips}
    s_k = bytes.fromhex(with_roots[clips[2].sealed.c])
    assert unsealed(clips[2], s_k, "kim", office.devices["kim"]) == MEDIA
    office.close()
    with capsys.disabled():
        print(f"\n{len(copies)} copies, {result['tried']} keys tried on {len(clips)} ended clips: 0 opened")


@pytest.fixture
def disk(tmp_path):
    """An ext4 disk of its own: the image's file, and where it is mounted."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("needs root and mkfs.ext4 (apt-get install e2fsprogs) to mount a disk image")
    image, mounted = tmp_path / "disk.img", tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    mounted.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this machine mounts no disk image: {done.stderr.strip()}")
    yield image, mounted
    subprocess.run(["umount", str(mounted)], check=True)


def on_disk(image: Path, needle: bytes) -> int:
    os.sync()
    return image.read_bytes().count(needle)


@pytest.mark.strace
@pytest.mark.promise(2)
@pytest.mark.timeout(120)
@pytest.mark.skipif(shutil.which("strace") is None, reason="apt-get install strace")
def test_no_block_of_the_disk_holds_a_root_key_that_was_destroyed_wherever_a_purge_was_killed(disk, soak, capsys):
    image, mounted = disk
    made = filled(mounted / "made")
    before = RootKeys(made / ROOT_NAME).key(1)
    old = {before}
    folders = [folder for folder, _ in killed_purges(made, mounted, 1_000 if soak else SAMPLE)]
    assert on_disk(image, before) >= 2  # the scan finds what is there
    current = set()
    for folder in [made, mounted / "whole", *folders]:
        roots = RootKeys(folder / ROOT_NAME)
        old |= {roots.key(generation) for generation in roots.generations}
        kept = Store(folder)  # a start ends or undoes what was killed
        kept.purge([row(n).c for n in DEAD])
        current.add(kept.roots.key(kept.generation))
        kept.close()
    assert [key.hex() for key in old if on_disk(image, key)] == []
    assert all(on_disk(image, key) == 1 for key in current)  # each lies in one place only
    assert not any(on_disk(image, half(number)) for number in LIVE + DEAD)  # no half was ever there in the clear
    with capsys.disabled():
        print(f"\n{len(folders)} purges killed on an ext4 disk: 0 of {len(old)} old root keys in {IMAGE_BYTES} bytes")


@pytest.mark.promise(2)
def test_an_everyday_life_on_a_real_disk_leaves_no_block_that_opens_what_ended(disk):
    image, mounted = disk
    office = Office(mounted)
    ended, live = [office.share() for _ in range(2)], office.share()
    roots = roots_of(office)
    office.ask(office.sign_opening(ended[0]))
    for clip in ended:
        office.keeper.withdraw(office.withdrawal(clip))
        office.tick()
        roots |= roots_of(office)
        office.tick()
    office.restart()
    current = roots_of(office)
    destroyed = [key for generation, key in roots.items() if generation not in current]
    assert len(destroyed) >= 2
    assert not any(on_disk(image, key) for key in destroyed)
    assert all(on_disk(image, key) == 1 for key in current.values())
    assert not any(on_disk(image, clip.sealed.s_k) for clip in (*ended, live))
    assert office.watch(live, *asked(office, live)) == MEDIA
    office.close()


def asked(office, clip):
    opening = office.sign_opening(clip)
    return opening, office.ask(opening)


def test_the_root_key_stays_the_one_file_that_a_thief_of_copies_lacks(tmp_path):
    office = Office(tmp_path)
    office.share()
    (key,) = roots_of(office).values()
    holding = [path.name for path in office.folder.rglob("*") if path.is_file() and key in path.read_bytes()]
    assert holding == [ROOT_NAME]
    office.close()
