# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing one segment: a GOP is on the disk (fdatasync) before the next one is taken, or it never was there.

While a segment is written its file is locked with flock(2), which the kernel takes back whatever way the process
ends: so another process, or the next start, knows a living writer from a dead one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets

from sunporch.base import durable
from sunporch.base.digests import sha256
from sunporch.base.errors import Error
from sunporch.vault import segment as form
from sunporch.vault.chain import sign_if_due
from sunporch.vault.errors import CAMERA_UNKNOWN, CHUNK_REFUSED, DISK_FAILED, DISK_FULL
from sunporch.vault.index import SegmentRow
from sunporch.vault.segment import Frame, Header, Kind
from sunporch.vault.store import FULL, Store
from sunporch.vault.timeline import TICKS, UNKNOWN_BEFORE_90K

NO_LINK = "0" * 64


def disk_error(error: OSError, where: str) -> Error:
    """Return the named error for a failed write."""
    if error.errno in FULL:
        return DISK_FULL(where=where)
    return DISK_FAILED(where=where, reason=os.strerror(error.errno) if error.errno else str(error))


class SegmentWriter:
    """One segment being written, by one thread. After an error it is finished: begin a new one."""

    def __init__(self, store: Store, header: Header, init: bytes, counted: dict[str, object]) -> None:
        """Create the sealed file with its header and chunk 0; use `begin`."""
        self._store = store
        self.header = header
        self._key = os.urandom(32)
        head = header.encode(store.keys.wrap(header.camera, header.segment, self._key))
        self._header_hash = sha256(head)
        self._sealed = hashlib.sha256()
        self._plain = hashlib.sha256()
        self._digests: list[bytes] = []
        self._motion = bytearray()
        self._size = 0
        self._media_start = 0
        self._media_end = 0
        self._handle = -1
        with store.journal.locked():
            day = store.day_folder(header.camera, header.start_90k)
            store.record(
                "opened",
                segment=header.segment,
                camera=header.camera,
                stream=header.stream,
                run=header.run,
                media=header.kind.value,
                start=header.start_90k,
                day=day,
                **counted,
            )
            rows = store.index.segments("id = ?", header.segment)
            if not rows:  # written down, but the index had no room for it
                raise DISK_FULL(where=str(store.folder))
            self._row = rows[0]
            self._path = store.path(self._row)
            try:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                fcntl.flock(self._handle, fcntl.LOCK_EX)
                self._write(head)
                self._append(form.KEYFRAME, 0, 0, init)
                durable.sync_directory(self._path.parent)
            except OSError as error:
                self._give_up()
                raise disk_error(error, str(self._path)) from error

    @property
    def gops(self) -> int:
        """Chunks of footage written so far."""
        return max(0, len(self._digests) - 1)

    @property
    def media_end(self) -> int:
        """The end of the last GOP in ticks of media time."""
        return self._media_end

    def append_gop(
        self, data: bytes, first_pts: int, duration: int, *, keyframe: bool = True, motion: bytes = b""
    ) -> None:
        """Seal one GOP and make it durable.

        `first_pts` and `duration` are 90 kHz ticks of the run's media time (bytes for a native file), `motion` how
        much moved in each of its seconds (0 to 255; 0 is nothing, or not known). Raises
        `vault.disk-full`, `vault.disk-failed` or `vault.chunk-refused`; what was appended before is kept.
        """
        if self._handle < 0:
            raise CHUNK_REFUSED(where=str(self._path), reason="the recording has ended")
        if duration <= 0 or (self.gops and first_pts < self._media_end):
            raise CHUNK_REFUSED(where=str(self._path), reason="its time goes backwards")
        if not self.gops:
            self._media_start = first_pts
        try:
            self._store.check_room(len(data))
            self._append(form.KEYFRAME if keyframe else 0, first_pts, duration, data)
        except OSError as error:
            self._give_up()
            raise disk_error(error, str(self._path)) from error
        self._media_end = first_pts + duration
        self._note_motion((first_pts - self._media_start) // TICKS, motion)
        if self.header.kind is Kind.FMP4:
            self._store.index.progress(
                self.header.segment, self.header.start_90k + self._media_end - self._media_start,
                len(self._digests), self._size,
            )  # fmt: skip

    def _note_motion(self, second: int, levels: bytes) -> None:
        """Keep the levels of a group that begins in this second of the segment; of two for one second the higher."""
        if not levels:
            return
        self._motion.extend(bytes(max(0, second + len(levels) - len(self._motion))))
        for place, level in enumerate(levels, second):
            self._motion[place] = max(self._motion[place], level)

    @property
    def plain_sha256(self) -> str:
        """SHA-256 in hex of the footage so far (with the init, for fragmented MP4)."""
        return self._plain.hexdigest()

    def close(self, end_90k: int | None = None, camera_offset_90k: int | None = None) -> None:
        """End the segment: `end_90k` is the wall time of its end (default: start + media duration).

        `camera_offset_90k` is by how much the camera's own clock was ahead of the hub's, where it said.
        """
        if self._handle < 0:
            return
        if not self.gops:
            self._give_up()
            return
        end = self.header.start_90k + self._media_end - self._media_start if end_90k is None else end_90k
        seconds = -(-(self._media_end - self._media_start) // TICKS)
        motion = bytes(self._motion[:seconds]).ljust(seconds, b"\0") if self._motion else b""
        text = form.End(self._plain.digest(), tuple(self._digests), camera_offset_90k, motion).encode()
        root = form.plain_root(self._digests)
        try:
            self._append(form.LAST, self._media_end, end - self.header.start_90k, text)
        except OSError as error:
            self._give_up()
            raise disk_error(error, str(self._path)) from error
        self._finish(end, root, recovered=0, camera_offset=camera_offset_90k)
        sign_if_due(self._store, self.header.camera)

    def abandon(self) -> None:
        """End without ever having been: the file and its key are destroyed (for an import that failed)."""
        if self._handle >= 0:
            destroy_key(self._handle)
            self._discard()

    def _append(self, flags: int, first_pts: int, duration: int, data: bytes) -> None:
        frame = Frame(len(self._digests), self._size, len(data), flags, first_pts, duration)
        self._write(form.seal(self._key, self._header_hash, frame, data))
        if frame.last:
            return
        self._digests.append(sha256(data))
        # Chunk 0 of a native file is a note about it, not a part of it.
        if frame.index or self.header.kind is Kind.FMP4:
            self._plain.update(data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.pwrite(self._handle, view, self._size + len(data) - len(view)) :]
        os.fdatasync(self._handle)
        self._sealed.update(data)
        self._size += len(data)

    def _give_up(self) -> None:
        """Keep what is whole; where the disk refuses even that, the next start does it."""
        if self._handle < 0:
            self._store.record("void", segment=self.header.segment)
            return
        if not self.gops:
            self.abandon()
            return
        os.ftruncate(self._handle, self._size)
        end = self.header.start_90k + self._media_end - self._media_start
        self._finish(end, form.plain_root(self._digests), recovered=1)

    def _discard(self) -> None:
        self._path.unlink()
        os.close(self._handle)
        self._handle = -1
        self._store.record("void", segment=self.header.segment)

    def _finish(self, end: int, root: bytes, recovered: int, camera_offset: int | None = None) -> None:
        try:
            record_closed(
                self._store, self._row, end=end, chunks=len(self._digests), size=self._size,
                media_start=self._media_start, media_end=self._media_end, recovered=recovered,
                header_hash=self._header_hash, sealed_sha256=self._sealed.digest(), root=root,
                camera_offset=camera_offset,
            )  # fmt: skip
        finally:
            os.close(self._handle)
            self._handle = -1


def record_closed(
    store: Store, row: SegmentRow, *, end: int, chunks: int, size: int, media_start: int, media_end: int,
    recovered: int, header_hash: bytes, sealed_sha256: bytes, root: bytes, camera_offset: int | None = None,
) -> None:  # fmt: skip
    """Write down that a segment is whole, with its link in the chain; `chunks` counts chunk 0, not the end."""
    clock = {} if camera_offset is None else {"camera_offset": camera_offset}
    store.record(
        "closed", segment=row.id, end=end, chunks=chunks, bytes=size, media_start=media_start,
        media_end=media_end, recovered=recovered, header_sha256=header_hash.hex(),
        sealed_sha256=sealed_sha256.hex(), plain_root=root.hex(),
        link=form.link(header_hash, sealed_sha256, root).hex(), **clock,
    )  # fmt: skip


def destroy_key(handle: int) -> None:
    """Overwrite the wrapped key where it lies, and make that durable."""
    os.pwrite(handle, bytes(form.WRAPPED_BYTES), form.WRAPPED_AT)
    os.fsync(handle)


def begin(
    store: Store, camera: str, stream: str, run: str, start_90k: int, init: bytes,
    *, kind: Kind, suffix: str, time_source: str, by_clock: bool = True, counted_90k: int | None = None,
) -> SegmentWriter:  # fmt: skip
    """Begin a segment after the camera's last one; open gaps of the camera end here.

    `by_clock` says that its start was read from the hub's clock and not told by a person.

    Raises `vault.camera-unknown`, `vault.key-locked`, `vault.disk-full`, `vault.disk-failed`.
    """
    if not store.index.query("SELECT 1 FROM camera WHERE id = ?", camera):
        raise CAMERA_UNKNOWN(where=str(store.folder), camera=camera)
    try:
        store.check_room(len(init))
    except OSError as error:
        raise disk_error(error, str(store.folder)) from error
    with store.journal.locked():
        store.catch_up()
        last = store.index.query(
            "SELECT link FROM segment WHERE camera = ? AND link != '' ORDER BY number DESC LIMIT 1", camera
        )
        header = Header(
            segment=secrets.token_hex(16),
            camera=camera,
            stream=stream,
            run=run,
            start_90k=start_90k,
            kind=kind,
            suffix=suffix,
            time_source=time_source,
            key_id=store.keys.household_id,
            suite=store.keys.suite,
            previous=last[0][0] if last else NO_LINK,
        )
        writer = SegmentWriter(store, header, init, _counted(store, counted_90k) if by_clock else {})
        if kind is Kind.FMP4 and start_90k >= UNKNOWN_BEFORE_90K:
            end_gaps(store, camera, start_90k)
    return writer


def _counted(store: Store, counted_90k: int | None) -> dict[str, object]:
    """Return what dates a segment anew for as long as this boot lasts."""
    now = round(store.clock.monotonic() * TICKS)
    return {"boot": store.clock.boot(), "counted": now if counted_90k is None else counted_90k}


def end_gaps(store: Store, camera: str, at_90k: int) -> None:
    """Close the camera's open gap rows; a gap that would end before it began is empty."""
    for gap, start in store.index.query("SELECT id, start FROM gap WHERE camera = ? AND end IS NULL", camera):
        store.record("gap_end", gap=gap, to=max(start, at_90k))
