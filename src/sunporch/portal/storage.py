# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where headers and sealed files lie: one interface, the folder of an embedded portal, or a bucket (`storage_s3`).

Every implementation passes the same behaviour suite (`tests/portal/test_storage.py`). Names are made by us from
checked hexadecimal; nothing that came from outside is ever a path.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sunporch.base import durable
from sunporch.portal.config import Settings
from sunporch.portal.errors import FILE_ABSENT, NAME_REFUSED, STORE_REFUSED, UPLOAD_OVERSIZE

PIECE = 256 * 1024
NAME = re.compile(r"[0-9a-f]{64}\.(header|sealed)")


@dataclass(frozen=True)
class Stored:
    """A file that is whole and durable: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


class Files(Protocol):
    """What the portal needs of a store; an S3 store keeps the same promises."""

    def put(self, name: str, pieces: Iterable[bytes], most: int) -> Stored:
        """Keep the pieces under the name, whole and durable, or nothing at all.

        Replaces what was there. Raises `portal.upload-oversize` beyond `most` bytes.
        """

    def size(self, name: str) -> int:
        """Return the size in bytes, or raise `portal.file-absent`."""

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Yield the bytes `start .. start+length`, or raise `portal.file-absent`."""

    def delete(self, name: str) -> None:
        """Remove the file durably; nothing happens if it is not there."""

    def names(self) -> Iterator[str]:
        """Yield every name kept."""

    def sweep(self) -> int:
        """Remove what interrupted uploads left; return how many. Only for the start, when nobody uploads."""

    def check(self) -> None:
        """Raise `portal.store-refused` if the store cannot keep these promises. For the start."""


def files_of(settings: Settings) -> Files:
    """Return the store that the settings name; raises `portal.store-refused` where its settings are not whole."""
    if not settings.s3_bucket:
        return Directory(settings.files_dir)
    needed = ("s3_endpoint", "s3_access_key", "s3_secret_key")
    missing = [name for name in needed if not getattr(settings, name)]
    if missing:
        raise STORE_REFUSED(where=settings.s3_bucket, reason=f"{', '.join(missing)} must be set too")
    try:
        # Only a portal that uses a bucket needs the package.
        from sunporch.portal.storage_s3 import Bucket, Place  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise STORE_REFUSED(
            where=settings.s3_bucket, reason=f"{error.name} is not installed: sunporch[s3]"
        ) from error
    place = Place(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        bucket=settings.s3_bucket,
        prefix=settings.s3_prefix,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
    )
    return Bucket(place)


def name_of(c: str, part: str) -> str:
    """Return the name of a clip's part (`header` or `sealed`), or raise `portal.name-refused`."""
    return check_name(f"{c}.{part}")


def check_name(untrusted_name: str) -> str:
    """Return the name if it is one of ours, or raise `portal.name-refused`."""
    if not NAME.fullmatch(untrusted_name):
        raise NAME_REFUSED(where=untrusted_name[:100])
    return untrusted_name


class Directory:
    """Files in one private folder, spread over 256 subfolders."""

    def __init__(self, root: Path) -> None:
        self._root = durable.private_directory(root)

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)[:2] / name

    def put(self, name: str, pieces: Iterable[bytes], most: int) -> Stored:
        """Write beside, fsync, rename, fsync the folder: a reader sees the whole file or none."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        beside = path.with_name(f".{name}.{secrets.token_hex(6)}")
        try:
            stored = _write(beside, pieces, most, name)
            beside.rename(path)
        finally:
            beside.unlink(missing_ok=True)
        durable.sync_directory(path.parent)
        durable.sync_directory(self._root)
        return stored

    def size(self, name: str) -> int:
        """Return the size in bytes."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError as error:
            raise FILE_ABSENT(where=name) from error

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Open at once, so that an absent file is an error here and not in the middle of an answer."""
        try:
            handle = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise FILE_ABSENT(where=name) from error
        return _Pieces(handle, start, length)

    def delete(self, name: str) -> None:
        """Remove the file and make the removal survive a power cut."""
        path = self._path(name)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            durable.sync_directory(path.parent)

    def names(self) -> Iterator[str]:
        """Yield every whole file's name; half-written ones begin with a point and are none."""
        for folder in sorted(self._root.iterdir()):
            for path in sorted(folder.iterdir()):
                if NAME.fullmatch(path.name):
                    yield path.name

    def sweep(self) -> int:
        """Remove what interrupted uploads left; return how many. Only for the start, when nobody uploads."""
        left = [path for path in self._root.glob("*/.*") if path.is_file()]
        for path in left:
            path.unlink()
        return len(left)

    def check(self) -> None:
        """A private folder was made or found when this object was; nothing else can be wrong with it."""


def _write(path: Path, pieces: Iterable[bytes], most: int, name: str) -> Stored:
    size, digest = 0, hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > most:
                raise UPLOAD_OVERSIZE(where=name, most=most)
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return Stored(size, digest.hexdigest())


class _Pieces(Iterator[bytes]):
    """Bytes of an open file, closed at the end or when the answer is dropped."""

    def __init__(self, handle: int, start: int, length: int) -> None:
        self._file = os.fdopen(handle, "rb")
        self._file.seek(start)
        self._left = length

    def __next__(self) -> bytes:
        piece = self._file.read(min(PIECE, self._left))
        if not piece:
            self.close()
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file; Django calls this when the answer ends."""
        self._file.close()
