# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the archive does when it is opened after a crash: keep what is whole, cut the rest, and say what was lost."""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import dataclass

from sunporch.base import durable
from sunporch.base.digests import sha256
from sunporch.base.errors import Error
from sunporch.vault import segment as form
from sunporch.vault.index import SegmentRow
from sunporch.vault.segment import Frame, Header, Kind
from sunporch.vault.store import Store
from sunporch.vault.timeline import UNKNOWN_BEFORE_90K, Cause
from sunporch.vault.writer import destroy_key, record_closed

# Stands for the plaintext's digests where the archive was locked and could not compute them.
LOST_ROOT = bytes(32)


@dataclass(frozen=True)
class Whole:
    """The part of a file that is whole: its frames, how many bytes they take, and what they hash to."""

    header: Header
    header_hash: bytes
    frames: tuple[Frame, ...]
    size: int
    sealed_sha256: bytes
    plain_root: bytes


def recover(store: Store) -> None:
    """Finish every segment and every erasure that a dead process left."""
    with store.journal.locked():
        for row in store.index.segments("state = 'open'"):
            _recover_segment(store, row)
        # An erasure is written down before it is done.
        if unfinished := store.index.segments("state IN ('erased', 'expired', 'disk_full') AND chunks > 0"):
            erase_files(store, unfinished)


def erase_file(store: Store, row: SegmentRow) -> None:
    """Destroy the wrapped key where it lies, then take the name away; a file that is gone is erased."""
    try:
        handle = os.open(store.path(row), os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        destroy_key(handle)
        store.path(row).unlink(missing_ok=True)
    finally:
        os.close(handle)


def erase_files(store: Store, rows: list[SegmentRow]) -> None:
    """Do an erasure that is written down, and write down that it is done."""
    for row in rows:
        erase_file(store, row)
    for folder in {store.path(row).parent for row in rows}:
        if folder.exists():
            durable.sync_directory(folder)
    store.record("gone", segments=[row.id for row in rows])


def _recover_segment(store: Store, row: SegmentRow) -> None:
    path = store.path(row)
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        store.record("void", segment=row.id)
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)  # another process is writing it now
        return
    try:
        whole = read_whole(store, row, handle)
        footage = [frame for frame in whole.frames[1:] if not frame.last] if whole else []
        if whole is None or not footage:
            destroy_key(handle)
            path.unlink()
            store.record("void", segment=row.id)
            return
        os.ftruncate(handle, whole.size)
        os.fsync(handle)
        _record(store, row, whole, footage)
    finally:
        os.close(handle)


def _record(store: Store, row: SegmentRow, whole: Whole, footage: list[Frame]) -> None:
    ended = whole.frames[-1].last
    media_end = footage[-1].first_pts + footage[-1].duration
    wall = whole.frames[-1].duration if ended else media_end - footage[0].first_pts
    if whole.header.kind is Kind.NATIVE and not ended:
        # Half a file is not the file: the import begins again.
        erase_file(store, row)
        store.record("void", segment=row.id)
        return
    record_closed(
        store, row, end=row.start + wall, chunks=len(footage) + 1, size=whole.size,
        media_start=footage[0].first_pts, media_end=media_end, recovered=0 if ended else 1,
        header_hash=whole.header_hash, sealed_sha256=whole.sealed_sha256, root=whole.plain_root,
    )  # fmt: skip
    known = row.start >= UNKNOWN_BEFORE_90K
    if (
        known
        and not ended
        and not store.index.query("SELECT 1 FROM gap WHERE camera = ? AND end IS NULL", row.camera)
    ):
        gap = f"{row.id[:16]}"
        store.record("gap", gap=gap, camera=row.camera, cause=Cause.TAIL_LOST.value, **{"from": row.start + wall})


def read_whole(store: Store, row: SegmentRow, handle: int) -> Whole | None:
    """Return the whole part of a segment file, checking seals where the key is at hand; None without a header."""
    where = str(store.path(row))
    head = os.pread(handle, form.PREFIX_BYTES + form.MAX_HEADER_JSON, 0)
    try:
        header, wrapped, size = Header.parse(head, where)
        key = None if store.keys.locked else store.keys.unwrap(header.camera, header.segment, wrapped)
    except Error as error:
        if error.id != "vault.segment-damaged":
            raise
        return None
    header_hash = sha256(head[:size])
    sealed = hashlib.sha256(head[:size])
    frames: list[Frame] = []
    digests: list[bytes] = []
    while not (frames and frames[-1].last):
        frame = form.parse_frame(os.pread(handle, form.FRAME_HEAD, size), len(frames), size)
        data = os.pread(handle, frame.size, size) if frame else b""
        if frame is None or len(data) < frame.size or not form.whole(data):
            break
        if key is not None:
            try:
                plain = form.unseal(key, header_hash, frame, data, where)
            except Error:
                break  # a piece that fails its seal ends what can be trusted
            if not frame.last:
                digests.append(sha256(plain))
        sealed.update(data)
        frames.append(frame)
        size += frame.size
    root = LOST_ROOT if key is None else form.plain_root(digests)
    return Whole(header, header_hash, tuple(frames), size, sealed.digest(), root)
