# SPDX-License-Identifier: AGPL-3.0-or-later
"""The machine dies: what is in a backup, who can open it, and that it comes back whole or not at all."""

from __future__ import annotations

import io
import json
import resource
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from sunporch.base.errors import Error
from sunporch.client import LogFolder
from sunporch.portal import backups, config, founding, restoring, schema
from sunporch.portal.board import checks
from sunporch.portal.sequencer.loop import Sequencer
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.tiles import ENTRIES, Tile, fetch_leaves
from sunporch.tlog.writer import Writer
from sunporch.verify import procedure
from tests.portal.test_clips import recorded_appeal, upload


class Vault:
    """A street that is backed up: the key on another machine, and last night's file."""

    def __init__(self, street, folder: Path) -> None:
        self.street = street
        self.key = folder / "backup.key"
        self.file = folder / "night.age"
        self.new = folder / "machine" / "portal"
        self.settings = replace(street.settings, backup_recipient=backups.make_key(self.key))
        django_settings.SUNPORCH = self.settings

    def write(self) -> None:
        backups.write(self.settings, self.file, self.street.now())

    def restore(self) -> restoring.Restored:
        return restoring.restore(self.file, self.new, self.key)

    def refused(self) -> Error:
        """Return the error of a restore that left nothing anywhere."""
        with pytest.raises(Error) as raised:
            self.restore()
        assert not self.new.parent.exists() or list(self.new.parent.iterdir()) == []
        return raised.value

    def seal(self, **members: bytes) -> None:
        """Write a backup with these members instead of, or beside, the real ones (`__` stands for `/`)."""
        manifest = {"form": backups.FORM, "schema": schema.NUMBER, "origin": "x", "made_at": 1}
        whole = {"manifest.json": json.dumps(manifest).encode(), "settings.json": b"{}", "portal.sqlite3": b""}
        whole |= {name.replace("__", "/"): data for name, data in members.items()}
        tar = b"".join(backups._tar([backups.Member.of(name, data) for name, data in whole.items()], 1))
        self.seal_tar(tar)

    def seal_tar(self, tar: bytes) -> None:
        recipient = pyrage.x25519.Recipient.from_str(self.settings.backup_recipient)
        self.file.write_bytes(pyrage.encrypt(tar, [recipient]))

    def tar(self) -> bytes:
        opened = io.BytesIO()
        pyrage.decrypt_io(io.BytesIO(self.file.read_bytes()), opened, [restoring._identity(self.key)])
        return opened.getvalue()


@pytest.fixture
def vault(street, tmp_path):
    return Vault(street, tmp_path)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


@pytest.mark.requirement("R45")
def test_a_portal_comes_back_from_its_backup_with_keys_record_people_and_settings_and_goes_on(vault):
    street = vault.street
    before = street.now()
    call_command("backup", str(vault.file))
    assert stat.S_IMODE(vault.file.stat().st_mode) == 0o600
    restored = vault.restore()
    assert restored.entries == street.state().size
    assert before <= restored.made_at <= street.now()
    assert modes(vault.new) == {0o700, 0o600}
    settings = config.load(restored.settings)
    assert settings == replace(vault.settings, data_dir=vault.new)
    for key in (street.data / "keys").iterdir():
        assert (vault.new / "keys" / key.name).read_bytes() == key.read_bytes()
    with closing(sqlite3.connect(settings.database)) as base:
        for table in ("board_line", "agencies_account", "auth_user"):
            count = f"SELECT count(*) FROM {table}"
            with closing(sqlite3.connect(street.settings.database)) as old:
                assert base.execute(count).fetchone() == old.execute(count).fetchone() > (0,)
    assert procedure.run(LogFolder(vault.new / "log").fetch, None, street.now()).ok
    Sequencer(settings, street.clock).close()  # the log is one that a sequencer takes up
    assert sorted(path.name for path in vault.new.iterdir()) == [
        *("files", "keys", "log", "portal.sqlite3", "portal.toml")
    ]


def test_no_clip_is_in_a_backup_and_the_restored_portal_counts_those_that_it_lacks(vault, capsys):
    street = vault.street
    c, _, sealed, _ = upload(street, recorded_appeal(street))
    vault.write()
    tar = vault.tar()
    assert sealed[:64] not in tar
    assert f"{c}.sealed".encode() not in tar
    restored = vault.restore()
    django_settings.SUNPORCH = config.load(restored.settings)
    call_command("restored", str(restored.settings), made_at=restored.made_at, entries=restored.entries)
    assert json.loads(capsys.readouterr().out)["clips_without_file"] == 1


def test_what_is_in_a_backup_can_be_read_by_nobody_without_the_key(vault, tmp_path):
    vault.write()
    sealed = vault.file.read_bytes()
    secret = founding.read_key(vault.street.data / "keys" / founding.LOG_KEY).secret_text().encode()
    assert secret in vault.tar()
    assert secret not in sealed and b"SQLite format" not in sealed
    assert list((vault.street.data / ".backup").iterdir()) == []  # nor does the snapshot stay
    vault.key.unlink()
    backups.make_key(vault.key)
    assert vault.refused().id == "portal.backup-locked"


@pytest.mark.parametrize("spoil", ["cut", "flipped", "empty", "absent", "other", "longer"])
def test_a_backup_that_is_not_whole_restores_nothing(vault, spoil):
    vault.write()
    data = bytearray(vault.file.read_bytes())
    if spoil == "cut":
        data = data[:-1]
    elif spoil == "flipped":
        data[len(data) // 2] ^= 1
    elif spoil == "longer":
        data += b"\0"
    elif spoil == "empty":
        data = bytearray()
    elif spoil == "other":
        data = bytearray(b"PK\3\4 something else altogether")
    vault.file.write_bytes(data)
    if spoil == "absent":
        vault.file.unlink()
    assert vault.refused().id == "portal.backup-refused"


def test_a_backup_sealed_by_somebody_else_writes_nowhere_but_in_its_folder(vault):
    for name in ("../evil", "keys/../../evil", "/tmp/evil", "log/.lock", "keys/.x"):
        vault.seal(**{name.replace("/", "__"): b"x"})
        assert "it holds" in vault.refused().what


def test_a_backup_of_other_software_or_with_other_files_than_it_lists_is_refused(vault):
    vault.write()
    vault.seal_tar(vault.tar().replace(backups.FORM.encode(), b"sunporch/portal-backup/v9", 1))
    assert "not those that it lists" in vault.refused().what
    manifest = {"form": backups.FORM, "schema": schema.NUMBER + 1, "origin": "x", "made_at": 1}
    vault.seal(**{"manifest.json": json.dumps(manifest).encode()})
    assert vault.refused().id == "portal.schema-other"
    vault.seal(**{"manifest.json": json.dumps({**manifest, "form": "v9"}).encode()})
    assert "v9" in vault.refused().what
    vault.seal(**{"portal.sqlite3": b"no database, but long enough to be looked at" * 99})
    assert "not a database" in vault.refused().what


def test_a_backup_of_a_damaged_log_is_refused_and_names_the_file(vault):
    bundle = next((vault.street.data / "log" / "tile" / "entries").rglob("[0-9]*.p/*"))
    for path in bundle.parent.iterdir():
        data = bytearray(path.read_bytes())
        data[40] ^= 1
        path.write_bytes(data)
    vault.write()
    error = vault.refused()
    assert error.id == "portal.backup-refused"
    assert "tlog." in error.what


def test_a_backup_never_takes_the_place_of_a_file_and_leaves_no_part_of_one(vault, tmp_path):
    vault.file.write_bytes(b"the only copy")
    for make in (vault.write, lambda: backups.make_key(vault.key)):
        with pytest.raises(Error) as raised:
            make()
        assert raised.value.id == "portal.file-present"
    assert vault.file.read_bytes() == b"the only copy"
    vault.file.unlink()
    before = sorted(tmp_path.iterdir())
    database = vault.street.settings.database.stat().st_size
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (
        64 * 1024,
        database + 64 * 1024,
    ):  # the disk is full while the database is copied, while it is sealed
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, old[1]))
        try:
            with pytest.raises(Error) as raised:
                vault.write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        assert raised.value.id == "portal.backup-unwritten"
        assert sorted(tmp_path.iterdir()) == before
        assert list((vault.street.data / ".backup").iterdir()) == []
    vault.write()


def test_a_backup_waits_for_no_other_and_needs_a_key_to_be_sealed_to(vault):
    with backups._snapshot(vault.settings), pytest.raises(Error) as raised:
        vault.write()
    assert raised.value.id == "portal.backup-running"
    vault.settings = vault.street.settings
    with pytest.raises(Error) as raised:
        vault.write()
    assert raised.value.id == "config.value-refused"
    assert "backup-key" in raised.value.what
    assert not vault.file.exists()


def test_a_folder_with_anything_in_it_and_a_file_without_a_key_are_named(vault):
    vault.write()
    vault.new.mkdir(parents=True)
    (vault.new / "note").write_text("mine")
    with pytest.raises(Error) as raised:
        vault.restore()
    assert raised.value.id == "portal.folder-occupied"
    assert [path.name for path in vault.new.iterdir()] == ["note"]
    (vault.new / "note").unlink()
    vault.new.rmdir()
    for text in ("", "# public key: age1\n", "AGE-SECRET-KEY-1NONE\n"):
        vault.key.write_text(text)
        assert vault.refused().id == "portal.key-unreadable"


def test_a_log_that_grows_while_it_is_copied_is_copied_as_one_log(tmp_path):
    leaves = [f"leaf {number}".encode() for number in range(300)]
    log, copy = tmp_path / "log", tmp_path / "copy"
    with Writer(DirectoryStorage(log)) as writer:
        writer.append(leaves[:250])
        root = writer.settle().root
        members = backups.log_files(log)
        found = {}
        for member in members:
            found[member.name] = b"".join(member.pieces)
            if member.name.startswith("log/tile"):
                break
        writer.append(leaves[250:])  # its unfinished tiles are full now, and gone
        found |= {member.name: b"".join(member.pieces) for member in members}
    for name, data in found.items():
        path = copy / name.removeprefix("log/")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(data)
    copy.chmod(0o700)
    with Writer(DirectoryStorage(copy)) as writer:
        assert (writer.size, writer.root()) == (250, root)
    assert fetch_leaves(DirectoryStorage(copy).read, Tile(ENTRIES, 0, 250)) == leaves[:250]


def test_the_operator_is_told_that_no_backup_came_for_two_days(vault):
    def seen() -> tuple[bool, str]:
        return next((one.good, one.seen) for one in checks.all_checks(vault.settings) if one.id == "backup")

    assert seen() == (False, "-")
    call_command("backup", str(vault.file))
    assert seen() == (True, "0 h")
    vault.street.advance(checks.OLD_BACKUP_SECONDS)
    assert seen() == (False, "48 h")
