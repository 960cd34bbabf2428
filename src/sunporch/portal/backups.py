# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a portal needs to come back after its machine died, in one file that is sealed to one key.

Inside is a tar: a manifest, the settings, the keys, a snapshot of the database, the log, the digests of all. It holds
private keys and drafts, so it exists only sealed (age) to a public key whose other half lies on another machine: so
cron needs no secret, and a thief of this machine opens no copy.

Headers and sealed files of clips are left out. They end with their clip, and a copy elsewhere would not; who wants
them to survive this machine keeps them in a bucket (`s3_`), which is no part of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import sqlite3
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

import pyrage

from sunporch.base import durable
from sunporch.base.config import VALUE_REFUSED
from sunporch.portal import schema
from sunporch.portal.config import Settings
from sunporch.portal.errors import BACKUP_RUNNING, BACKUP_UNWRITTEN, FILE_PRESENT
from sunporch.tlog.reader import CHECKPOINT, SIZES
from sunporch.tlog.writer import JOURNAL

FORM = "sunporch/portal-backup/v1"
MANIFEST, SETTINGS, DATABASE, DIGESTS = "manifest.json", "settings.json", "portal.sqlite3", "digests.json"
KEYS, LOG = "keys", "log"
PIECE = 256 * 1024
# The folder of a snapshot while it is sealed; its lock keeps a second backup away, also after a kill.
_SNAPSHOT = ".backup"


@dataclass(frozen=True)
class Member:
    """One file inside: its name, its size in bytes, its bytes."""

    name: str
    size: int
    pieces: Iterable[bytes]

    @classmethod
    def of(cls, name: str, data: bytes) -> Member:
        """Return a small one."""
        return cls(name, len(data), (data,))


def make_key(file: Path) -> str:
    """Write a new key that opens backups (0600) in the form of `age-keygen` and return its public half.

    Raises `portal.file-present`.
    """
    if file.exists():
        raise FILE_PRESENT(where=str(file))
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    durable.write(file, f"# public key: {public}\n{identity}\n".encode())
    return public


def write(settings: Settings, file: Path, now: int) -> int:
    """Write a backup of the (running) portal into a new file (0600), whole or not at all; return its size in bytes.

    Raises `portal.file-present`, `portal.backup-running`, `portal.backup-unwritten`, or `config.value-refused` where
    the settings name no key to seal it to.
    """
    try:
        recipient = pyrage.x25519.Recipient.from_str(settings.backup_recipient)
    except pyrage.RecipientError as error:
        wanted = "the public key that `sunporch portal backup-key` printed on another machine"
        raise VALUE_REFUSED(key="backup_recipient", wanted=wanted, value=settings.backup_recipient) from error
    if file.exists():
        raise FILE_PRESENT(where=str(file))
    with _snapshot(settings) as database:
        _seal(_tar(_members(settings, database, now), now), file, recipient)
    return file.stat().st_size


@contextmanager
def _snapshot(settings: Settings) -> Iterator[Path]:
    """Give a consistent copy of the database, which others go on writing to; it is gone afterwards."""
    with _alone(settings) as folder:
        _empty(folder)  # what a killed backup left
        copy = folder / DATABASE
        try:
            copy.touch(mode=0o600)
            with closing(sqlite3.connect(settings.database)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            yield copy
        except sqlite3.Error as error:
            raise BACKUP_UNWRITTEN(where=str(settings.data_dir), reason=str(error)) from error
        finally:
            _empty(folder)


@contextmanager
def _alone(settings: Settings) -> Iterator[Path]:
    """Give the folder for the snapshot and keep every other backup away; raise `portal.backup-running`."""
    folder = durable.private_directory(settings.data_dir / _SNAPSHOT)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BACKUP_RUNNING(where=str(settings.data_dir)) from error
        yield folder
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _members(settings: Settings, database: Path, now: int) -> Iterator[Member]:
    """Yield all files. The log comes after the database, so that it is never the older one of the two."""
    manifest = {"form": FORM, "schema": schema.NUMBER, "origin": settings.origin, "made_at": now}
    yield Member.of(MANIFEST, json.dumps(manifest).encode())
    yield Member.of(SETTINGS, json.dumps(chosen(settings)).encode())
    for path in sorted(settings.keys_dir.iterdir()):
        yield Member.of(f"{KEYS}/{path.name}", durable.read_private(path))
    yield Member(DATABASE, database.stat().st_size, _pieces(database))
    yield from log_files(settings.log_dir)


def chosen(settings: Settings) -> dict[str, object]:
    """Return what file and environment say otherwise than the defaults, in JSON's types."""
    defaults = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(settings)
    }
    values = asdict(settings) | {"data_dir": str(settings.data_dir)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def log_files(folder: Path) -> Iterator[Member]:
    """Yield a log's files while it grows, in an order in which they are one log.

    The journal comes after the checkpoint and before the tiles: it has every entry that a checkpoint here promises,
    and every full tile before its own first entry is there already.
    """
    listed = [path for path in (folder / CHECKPOINT, folder / SIZES) if path.exists()]
    listed += sorted((folder / SIZES).parent.glob("[0-9]*"))
    listed += [path for path in (folder / JOURNAL,) if path.exists()]
    for path in listed:
        yield _log_file(folder, path)
    seen: set[Path] = set()
    for path in sorted(path for kind in ("tile", "blob") for path in (folder / kind).rglob("[!.]*")):
        if path.suffix == ".p" or path.is_dir():
            continue
        # An unfinished tile may have become a full one meanwhile; a text may have been taken down.
        there = path if path.exists() else path.parent.with_suffix("")
        if there.is_file() and there not in seen:
            seen.add(there)
            yield _log_file(folder, there)


def _log_file(folder: Path, path: Path) -> Member:
    return Member.of(f"{LOG}/{path.relative_to(folder)}", path.read_bytes())


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _tar(members: Iterable[Member], now: int) -> Iterator[bytes]:
    """Yield the members as a tar (USTAR), and at its end the SHA-256 of each."""
    digests: dict[str, str] = {}
    for member in members:
        digest = hashlib.sha256()
        yield _header(member, now)
        for piece in member.pieces:
            digest.update(piece)
            yield piece
        yield bytes(-member.size % tarfile.BLOCKSIZE)
        digests[member.name] = digest.hexdigest()
    last = Member.of(DIGESTS, json.dumps(digests).encode())
    yield _header(last, now)
    yield from last.pieces
    yield bytes(-last.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


def _header(member: Member, now: int) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mode, info.mtime = member.size, 0o600, now
    return info.tobuf(tarfile.USTAR_FORMAT)


class _Reader:
    """Pieces as the file that age reads."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._view = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return at most so many bytes; none at the end."""
        while not self._view:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._view = memoryview(piece)
        part, self._view = self._view[:size], self._view[size:]
        return bytes(part)


def _seal(pieces: Iterator[bytes], file: Path, recipient: pyrage.x25519.Recipient) -> None:
    """Write beside the file, fsync, rename: a reader sees a whole backup or none."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            pyrage.encrypt_io(_Reader(pieces), opened, [recipient])
            opened.flush()
            os.fsync(opened.fileno())
        beside.rename(file)
        durable.sync_directory(file.parent)
    except (OSError, pyrage.EncryptError) as error:
        raise BACKUP_UNWRITTEN(where=str(file), reason=str(error)) from error
    finally:
        beside.unlink(missing_ok=True)
