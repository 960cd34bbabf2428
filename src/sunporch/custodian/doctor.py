# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is this a disk on which an overwritten key is gone? Asked of the file system itself, by doing it.

A probe file is written, synced, overwritten in place and synced again; FIEMAP (linux/fiemap.h) must show it in the
same blocks before and after, in no packed, shared or inline form. What copies on write, journals data or hides its
blocks is refused. What flash memory does below the file system cannot be seen from here: hardware keys solve that.
"""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from sunporch.custodian.errors import DISK_UNSUITABLE
from sunporch.custodian.rootkey import FILE_SIZE

MOUNTS = Path("/proc/self/mountinfo")
# Copy on write, log-structured, stacked or remote: the old blocks stay somewhere.
REFUSED = {"btrfs", "zfs", "overlay", "bcachefs", "nilfs2", "f2fs", "nfs", "nfs4", "cifs", "9p", "virtiofs", "fuse"}
PROBE_NAME = ".doctor-probe"
_FIEMAP = 0xC020660B  # FS_IOC_FIEMAP, _IOWR('f', 11, struct fiemap)
_HEADER = struct.Struct("=QQLLLL")
_EXTENT = struct.Struct("=QQQ16xL12x")
_EXTENTS = 16
_SYNC = 1
# UNKNOWN, DELALLOC, ENCODED, DATA_ENCRYPTED, NOT_ALIGNED, DATA_INLINE, DATA_TAIL, SHARED
_BAD_FLAGS = 0x2 | 0x4 | 0x8 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000


@dataclass(frozen=True)
class Mount:
    """Where a folder lies: type of the file system and its options."""

    kind: str
    options: frozenset[str]


def mount_of(folder: Path, table: str) -> Mount:
    """Return the mount that holds the folder, of a table in the form of proc(5) `mountinfo`."""
    target = str(folder.resolve())
    best, found = "", Mount("unknown", frozenset())
    for line in table.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].encode("latin-1").decode("unicode_escape")
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            kind, _, options = right.split(" ", 2)
            best = point
            found = Mount(kind, frozenset((left.split(" ")[5] + "," + options).split(",")))
    return found


def extents(handle: int) -> list[tuple[int, int, int]]:
    """Return (physical byte, length, flags) of each extent of an open file; raises OSError where nobody can tell."""
    request = bytearray(_HEADER.size + _EXTENT.size * _EXTENTS)
    _HEADER.pack_into(request, 0, 0, 2**64 - 1, _SYNC, 0, _EXTENTS, 0)
    fcntl.ioctl(handle, _FIEMAP, request)
    count = _HEADER.unpack_from(request)[3]
    found = []
    for number in range(count):
        _, physical, length, flags = _EXTENT.unpack_from(request, _HEADER.size + number * _EXTENT.size)
        found.append((physical, length, flags))
    return found


def complaints(folder: Path, table: str) -> list[str]:
    """Return every reason for which an overwritten key may survive in the folder."""
    mount = mount_of(folder, table)
    found = []
    if mount.kind in REFUSED or mount.kind.startswith("fuse."):
        found.append(f"{mount.kind} does not overwrite in place")
    if "data=journal" in mount.options:
        found.append("the journal keeps a copy of all data (data=journal)")
    return found + _probe(folder)


def _probe(folder: Path) -> list[str]:
    path = folder / PROBE_NAME
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        maps = []
        for byte in (b"\x55", b"\xaa"):
            os.pwrite(handle, byte * FILE_SIZE, 0)
            os.fsync(handle)
            maps.append(extents(handle))
    except OSError as error:
        return [f"the file system does not tell where a file's blocks are ({error.strerror})"]
    finally:
        os.close(handle)
        path.unlink()
    if not maps[0] or any(flags & _BAD_FLAGS for _, _, flags in maps[0] + maps[1]):
        return ["a small file has no blocks of its own (inline_data, packing or sharing)"]
    if [extent[:2] for extent in maps[0]] != [extent[:2] for extent in maps[1]]:
        return ["an overwritten file moved to other blocks"]
    return []


def check_disk(folder: Path, origin: str) -> list[str]:
    """Return warnings of a `demo.` town; raise `custodian.disk-unsuitable` for any other."""
    found = complaints(folder, MOUNTS.read_text(encoding="utf-8"))
    if found and not origin.startswith("demo."):
        raise DISK_UNSUITABLE(where=str(folder), reason="; ".join(found))
    return found
