# SPDX-License-Identifier: AGPL-3.0-or-later
"""The root key: one small file, overwritten in place, whose loss makes every half under it unreadable for ever.

The file has two slots of 4,096 bytes. A slot in use holds `MAGIC || generation (u64 big-endian) || key (32 bytes) ||
SHA-256 of all before`; any other content is an empty slot. Between two generations both slots are in use; a
destroyed slot is all zeros. The file is never renamed, truncated or copied, because a new file would leave the old
blocks, and the old key in them, on the disk.
"""

from __future__ import annotations

import os
import secrets
import struct
from pathlib import Path

from sunporch.base.digests import HASH_SIZE, sha256
from sunporch.base.durable import check_private, sync_directory
from sunporch.custodian.errors import ROOTKEY_UNREADABLE

MAGIC = b"sunporch/custodian-root-key/v1\n\x00"
KEY_SIZE = 32
SLOT_SIZE = 4_096
SLOTS = 2
FILE_SIZE = SLOT_SIZE * SLOTS
_USED = len(MAGIC) + 8 + KEY_SIZE + HASH_SIZE


class RootKeys:
    """The keys that exist now, by generation: one, or two while a purge is under way."""

    def __init__(self, path: Path) -> None:
        """Read the file; raise `custodian.rootkey-unreadable` if it has not its exact size."""
        check_private(path)
        self.path = path
        data = path.read_bytes()
        if len(data) != FILE_SIZE:
            raise ROOTKEY_UNREADABLE(where=str(path), reason=f"it is {len(data)} bytes long, not {FILE_SIZE}")
        slots = [_parse(data[number * SLOT_SIZE : number * SLOT_SIZE + _USED]) for number in range(SLOTS)]
        self._slots: dict[int, tuple[int, bytes]] = {n: slot for n, slot in enumerate(slots) if slot is not None}

    @classmethod
    def create(cls, path: Path, generation: int) -> RootKeys:
        """Make the file with a fresh key of the first generation; the file must not exist."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.pwrite(handle, bytes(FILE_SIZE), 0)
            os.pwrite(handle, _slot(generation, secrets.token_bytes(KEY_SIZE)), 0)
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_directory(path.parent)
        return cls(path)

    @property
    def generations(self) -> tuple[int, ...]:
        """The generations whose key exists."""
        return tuple(sorted(generation for generation, _ in self._slots.values()))

    def key(self, generation: int) -> bytes:
        """Return the key, or raise `custodian.rootkey-unreadable`."""
        for known, key in self._slots.values():
            if known == generation:
                return key
        raise ROOTKEY_UNREADABLE(where=str(self.path), reason=f"it holds no key of generation {generation}")

    def add(self, generation: int) -> bytes:
        """Write a fresh key into the empty slot, durably, and return it. One other generation may exist."""
        number = next(n for n in range(SLOTS) if n not in self._slots)
        key = secrets.token_bytes(KEY_SIZE)
        self._overwrite(number, _slot(generation, key))
        self._slots[number] = (generation, key)
        return key

    def keep_only(self, generation: int) -> None:
        """Overwrite every other key, durably: what only they could read is gone."""
        for number, (known, _) in list(self._slots.items()):
            if known != generation:
                self._overwrite(number, bytes(SLOT_SIZE))
                del self._slots[number]

    def _overwrite(self, number: int, data: bytes) -> None:
        # O_WRONLY without O_TRUNC or O_CREAT: the same blocks are written again.
        handle = os.open(self.path, os.O_WRONLY)
        try:
            written = os.pwrite(handle, data, number * SLOT_SIZE)
            os.fsync(handle)
        finally:
            os.close(handle)
        if written != SLOT_SIZE:
            raise ROOTKEY_UNREADABLE(where=str(self.path), reason=f"only {written} bytes could be written")


def _slot(generation: int, key: bytes) -> bytes:
    body = MAGIC + struct.pack(">Q", generation) + key
    return (body + sha256(body)).ljust(SLOT_SIZE, b"\x00")


def _parse(data: bytes) -> tuple[int, bytes] | None:
    """Return generation and key of a slot, or None for an empty or half-written one."""
    body, digest = data[:-HASH_SIZE], data[-HASH_SIZE:]
    if not body.startswith(MAGIC) or sha256(body) != digest:
        return None
    (generation,) = struct.unpack(">Q", body[len(MAGIC) : len(MAGIC) + 8])
    return generation, body[len(MAGIC) + 8 :]
