# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a backup to a folder that a portal runs in: everything is checked beside it, then it appears in one step."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyrage

from sunporch.base import durable
from sunporch.base.errors import Error
from sunporch.client import LogFolder
from sunporch.portal import backups, founding, schema
from sunporch.portal.errors import BACKUP_LOCKED, BACKUP_REFUSED, FOLDER_OCCUPIED, KEY_UNREADABLE, SCHEMA_OTHER
from sunporch.tlog.reader import CHECKPOINT
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify.tail import Tail

_PLAIN = ".plain.tar"
_NAME = re.compile(
    r"(?:manifest|settings|digests)\.json|portal\.sqlite3|keys/[a-z]+(?:\.[a-z]+)*"
    r"|log/(?:checkpoint|\.journal|(?:checkpoints|tile|blob)(?:/[a-z0-9]+(?:\.p)?){1,8})"
)
_NO_KEY = "No matching keys found"  # what pyrage says where no recipient's stanza opens


@dataclass(frozen=True)
class Restored:
    """What came back: the settings file, when the backup was made (Unix seconds), how many entries are published."""

    settings: Path
    made_at: int
    entries: int


def restore(file: Path, untrusted_folder: Path, key_file: Path) -> Restored:
    """Bring a backup back into a new or empty folder (0700), whole or not at all.

    Raises `portal.folder-occupied`, `portal.key-unreadable`, `portal.backup-locked`, `portal.backup-refused` or
    `portal.schema-other`.
    """
    folder = untrusted_folder.absolute()
    if folder.exists() and (not folder.is_dir() or folder.is_mount() or any(folder.iterdir())):
        raise FOLDER_OCCUPIED(where=str(folder))
    identity = _identity(key_file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
    founding.make_folders(staging)
    try:
        with _refusing(file):
            _open(file, staging / _PLAIN, identity)
            _unpack(staging)
            made_at = _manifest(staging)
            entries = _check(staging)
        values = json.loads((staging / backups.SETTINGS).read_bytes()) | {"data_dir": str(folder)}
        founding.write_settings(staging / founding.SETTINGS_NAME, values)
        for name in (_PLAIN, backups.MANIFEST, backups.SETTINGS, backups.DIGESTS):
            (staging / name).unlink()
        os.sync()  # thousands of small files: all of them are durable before the folder has its name
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    durable.sync_directory(folder.parent)
    return Restored(folder / founding.SETTINGS_NAME, made_at, entries)


def _identity(file: Path) -> pyrage.x25519.Identity:
    """Return the key in the file, its comments left out."""
    try:
        lines = durable.read_private(file).decode("ascii").split("\n")
        return pyrage.x25519.Identity.from_str(next(line for line in lines if line and not line.startswith("#")))
    except (OSError, UnicodeDecodeError, StopIteration, pyrage.IdentityError) as error:
        raise KEY_UNREADABLE(where=str(file), reason=str(error) or "it holds none") from error


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    """Name the backup in whatever its bytes make of themselves."""
    try:
        yield
    except Error as error:
        if error.id.startswith("portal."):
            raise
        raise BACKUP_REFUSED(where=str(file), reason=f"{error.what.rstrip('.')} [{error.id}]") from error
    except (tarfile.TarError, sqlite3.DatabaseError, ValueError, KeyError, TypeError) as error:
        raise BACKUP_REFUSED(where=str(file), reason=str(error)) from error


def _open(file: Path, plain: Path, identity: pyrage.x25519.Identity) -> None:
    """Decrypt the whole file, piece by piece: age says at its last byte whether it is all."""
    try:
        sealed = file.open("rb")
    except OSError as error:
        raise BACKUP_REFUSED(where=str(file), reason=error.strerror or str(error)) from error
    with sealed, plain.open("xb") as opened:
        try:
            pyrage.decrypt_io(sealed, opened, [identity])
        except pyrage.DecryptError as error:
            if str(error) == _NO_KEY:
                raise BACKUP_LOCKED(where=str(file)) from error
            raise BACKUP_REFUSED(where=str(file), reason=str(error)) from error
        except OSError as error:
            if error.errno is not None:
                raise  # the disk's, not the file's
            raise BACKUP_REFUSED(where=str(file), reason="bytes are missing or changed") from error


def _unpack(staging: Path) -> None:
    """Write the members and compare each with its digest; whoever knows the public key can seal anything."""
    found: dict[str, str] = {}
    with tarfile.open(staging / _PLAIN, "r:") as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isreg() and _NAME.fullmatch(member.name) else None
            if source is None:
                raise ValueError(f"it holds {member.name[:100]!r}")
            path = staging / member.name
            for parent in reversed(path.relative_to(staging).parents):
                (staging / parent).mkdir(mode=0o700, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as target:
                while piece := source.read(backups.PIECE):
                    digest.update(piece)
                    target.write(piece)
            found[member.name] = digest.hexdigest()
    if not found.keys() >= {backups.MANIFEST, backups.SETTINGS, backups.DATABASE, backups.DIGESTS}:
        raise ValueError("a part of it is missing")
    del found[backups.DIGESTS]
    if json.loads((staging / backups.DIGESTS).read_bytes()) != found:
        raise ValueError("its files are not those that it lists")


def _manifest(staging: Path) -> int:
    """Return when it was made; raise `portal.schema-other` for one of other software."""
    manifest = json.loads((staging / backups.MANIFEST).read_bytes())
    if manifest["form"] != backups.FORM:
        raise ValueError(f"its form is {manifest['form']!r}")
    if manifest["schema"] != schema.NUMBER:
        raise SCHEMA_OTHER(where=backups.MANIFEST, found=manifest["schema"], wanted=schema.NUMBER)
    return int(manifest["made_at"])


def _check(staging: Path) -> int:
    """Check that the database is whole and that the log leads to its checkpoint; return how many entries it has."""
    schema.check(staging / backups.DATABASE)
    with closing(sqlite3.connect(staging / backups.DATABASE)) as base:
        (said,) = base.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise ValueError(f"its database is damaged: {said}")
    log = staging / backups.LOG
    with Writer(DirectoryStorage(log)):  # raises where journal and tiles deny what was signed last
        pass
    if not (log / CHECKPOINT).exists():
        return 0
    tail = Tail()
    tail.advance(LogFolder(log).fetch)
    return tail.size
