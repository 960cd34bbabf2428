# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that are whole or absent, whatever happens, and folders that only their owner can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from sunporch.base.errors import ErrorKind

PATH_TOO_OPEN = ErrorKind(
    "durable.path-exposed",
    what="Other users of this machine could read it: its mode is {mode}.",
    next="Run `chmod {wanted} {path}` and start again.",
)


def sync_directory(directory: Path) -> None:
    """Make renames and new names in the directory survive a power cut (fsync(2))."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, data: bytes | Iterable[bytes], mode: int = 0o600) -> None:
    """Replace the file in one step: write beside it (whole, or piece by piece), fsync, rename, fsync the directory.

    A reader sees the old bytes or the new ones; after return the new ones survive a power cut.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def private_directory(path: Path) -> Path:
    """Make the folder (0700) or check that no one else can read it; raise `durable.path-exposed`."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private(path, 0o700)
    return path


def check_private(path: Path, wanted: int = 0o600) -> None:
    """Raise `durable.path-exposed` if group or others have any right on the path."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise PATH_TOO_OPEN(where=str(path), mode=f"{mode:04o}", wanted=f"{wanted:04o}", path=path)


def read_private(path: Path) -> bytes:
    """Return the bytes of a secret file after checking that only its owner can read it."""
    check_private(path)
    return path.read_bytes()
