# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening recorded time: a media source that exists in memory only, its place in wall time, and its proof."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunporch.base.digests import sha256
from sunporch.vault import chain
from sunporch.vault import segment as form
from sunporch.vault.errors import FOOTAGE_MISSING, FOOTAGE_UNFINISHED, SEGMENT_DAMAGED, SEGMENT_TRUNCATED
from sunporch.vault.index import OPEN, SegmentRow
from sunporch.vault.keys import Keyring
from sunporch.vault.segment import Frame, Header, Kind
from sunporch.vault.store import Store
from sunporch.vault.timeline import Gap, Timeline

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class SealedFile:
    """A file in the form of a sealed segment, opened for reading with its key."""

    def __init__(self, path: Path, keys: Keyring, header_sha256: str | None = None) -> None:
        """`header_sha256` is that of the header which was written down, where it was."""
        self.path = path
        head = self._pread(form.PREFIX_BYTES + form.MAX_HEADER_JSON, 0, exactly=False)
        self.header, wrapped, size = Header.parse(head, self.where)
        self._header_hash = sha256(head[:size])
        if header_sha256 not in (None, self._header_hash.hex()):
            raise SEGMENT_DAMAGED(where=self.where, reason="its header is not the one that was written down")
        self._key = keys.unwrap(self.header.camera, self.header.segment, wrapped)
        frames = self._frames(size)
        self._end = frames[-1] if frames and frames[-1].last else None
        self.frames = frames[:-1] if self._end else frames

    @property
    def ended(self) -> bool:
        """Whether its end chunk is there."""
        return self._end is not None

    @property
    def where(self) -> str:
        """The file, for errors."""
        return str(self.path)

    def _pread(self, size: int, offset: int, *, exactly: bool = True) -> bytes:
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError as error:
            raise FOOTAGE_MISSING(where=self.where, because=": it was erased") from error
        try:
            data = os.pread(handle, size, offset)
        finally:
            os.close(handle)
        if exactly and len(data) != size:
            raise SEGMENT_TRUNCATED(where=self.where)
        return data

    def _frames(self, offset: int) -> list[Frame]:
        frames: list[Frame] = []
        end = self.path.stat().st_size
        while offset < end and not (frames and frames[-1].last):
            frame = form.parse_frame(self._pread(form.FRAME_HEAD, offset), len(frames), offset)
            if frame is None or frame.index >= form.MAX_CHUNKS:
                raise SEGMENT_DAMAGED(where=self.where, reason=f"piece {len(frames)} has no beginning")
            frames.append(frame)
            offset += frame.size
        if offset != end:
            raise SEGMENT_DAMAGED(where=self.where, reason="its pieces do not fill it")
        return frames

    def _read(self, frame: Frame) -> bytes:
        data = self._pread(frame.size, frame.offset)
        return form.unseal(self._key, self._header_hash, frame, data, self.where)

    def chunk(self, index: int) -> bytes:
        """Return the plaintext of a chunk (0 is the init), its seal checked."""
        return self._read(self.frames[index])


class SealedSegment(SealedFile):
    """One closed segment."""

    def __init__(self, store: Store, row: SegmentRow) -> None:
        self.row = row
        super().__init__(store.path(row), store.keys, row.header_sha256)
        if (self._end is None and not row.recovered) or len(self.frames) != row.chunks:
            raise SEGMENT_TRUNCATED(where=self.where)
        if self._end:
            self.end = form.End.parse(self._read(self._end), row.chunks, self.where)
        else:  # lost, and what it measured with it
            plain = [self.chunk(index) for index in range(row.chunks)]
            self.end = form.End(sha256(*plain), tuple(sha256(data) for data in plain))

    def covering(self, start_90k: int, end_90k: int) -> tuple[int, int]:
        """Return the first and last chunk that are needed to show [start, end) of wall time."""
        if self.header.kind is Kind.NATIVE:
            return 1, len(self.frames) - 1
        first, last = 1, 1
        for frame in self.frames[1:]:
            begins = self.wall_90k(frame.first_pts)
            if begins <= start_90k and frame.flags & form.KEYFRAME:
                first = frame.index
            if begins < end_90k:
                last = frame.index
        return first, last

    def wall_90k(self, media_90k: int) -> int:
        """Return the wall time of a media time; the two run alike but for the clock's drift."""
        if self.header.kind is Kind.NATIVE:
            return self.row.start + media_90k
        media = self.row.media_end - self.row.media_start
        return self.row.start + (media_90k - self.row.media_start) * (self.row.end - self.row.start) // media

    def media_90k(self, wall_90k: int) -> int:
        """Return the media time of a wall time."""
        if self.header.kind is Kind.NATIVE:
            return wall_90k - self.row.start
        media = self.row.media_end - self.row.media_start
        return self.row.media_start + (wall_90k - self.row.start) * media // (self.row.end - self.row.start)


class SealedStream(io.RawIOBase):
    """A seekable file of plaintext that exists only in memory, opened chunk by chunk."""

    def __init__(self, chunks: list[tuple[int, Callable[[], bytes]]]) -> None:
        super().__init__()
        self._chunks = chunks
        self._starts = [0]
        for length, _ in chunks:
            self._starts.append(self._starts[-1] + length)
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Return the place in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in bytes."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer from the chunk at the place; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._starts[-1]:
            return 0
        number = self._number()
        if self._held[0] != number:
            self._held = (number, self._chunks[number][1]())
        inside = self._at - self._starts[number]
        piece = self._held[1][inside : inside + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _number(self) -> int:
        low, high = 0, len(self._chunks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._starts[middle] <= self._at:
                low = middle
            else:
                high = middle - 1
        return low


@dataclass(frozen=True)
class Part:
    """Footage with one continuous media clock: one run of the camera, or one imported file.

    `[start_90k, end_90k)` is the wall time asked for that lies in this part. What `open` gives may begin earlier (at
    a keyframe) and end later; seek to `media_90k(start_90k)`. Media times are 90 kHz ticks from the file's zero.
    """

    start_90k: int
    end_90k: int
    kind: Kind
    suffix: str
    segments: tuple[SealedSegment, ...]
    cover: tuple[tuple[int, int], ...] = field(repr=False)

    def _chunks(self) -> list[tuple[int, Callable[[], bytes]]]:
        found: list[tuple[int, Callable[[], bytes]]] = []
        for number, (sealed, (first, last)) in enumerate(zip(self.segments, self.cover, strict=True)):
            wanted = list(range(first, last + 1))
            if number == 0 and self.kind is Kind.FMP4:
                wanted.insert(0, 0)
            found += [(sealed.frames[index].length, _reader(sealed, index)) for index in wanted]
        return found

    def open(self) -> io.BufferedReader:
        """Return the plaintext as a seekable binary file in memory, for `av.open`; close it after use."""
        return io.BufferedReader(SealedStream(self._chunks()), buffer_size=256 * 1024)

    @property
    def camera_offset_90k(self) -> int | None:
        """By how much the camera's own clock was ahead of the hub's; None where it did not say."""
        known = (sealed.end.camera_offset_90k for sealed in self.segments)
        return next((offset for offset in known if offset is not None), None)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 in hex of the bytes that `open` gives; every seal is checked on the way."""
        digest = hashlib.sha256()
        for _, read in self._chunks():
            digest.update(read())
        return digest.hexdigest()

    def wall_90k(self, media_90k: int) -> int:
        """Return the wall time at which a frame with this media time was seen."""
        return self._at(lambda sealed: media_90k < sealed.row.media_end).wall_90k(media_90k)

    def media_90k(self, wall_90k: int) -> int:
        """Return the media time of a wall time in this part."""
        return self._at(lambda sealed: wall_90k < sealed.row.end).media_90k(wall_90k)

    def _at(self, before_end: Callable[[SealedSegment], bool]) -> SealedSegment:
        return next((sealed for sealed in self.segments if before_end(sealed)), self.segments[-1])


def _reader(sealed: SealedSegment, index: int) -> Callable[[], bytes]:
    return lambda: sealed.chunk(index)


@dataclass(frozen=True)
class Footage:
    """What was recorded between two times, for redaction: parts in order, the gaps, and the chain proof.

    `proof` is strict JSON; `chain.check_proof` checks it against `original_chunks()`.
    """

    camera: str
    start_90k: int
    end_90k: int
    parts: tuple[Part, ...]
    gaps: tuple[Gap, ...]
    proof: dict[str, Any]

    @property
    def sha256(self) -> str:
        """SHA-256 in hex of the original bytes covered: of the one part, or of the parts' hex digests."""
        digests = [part.sha256 for part in self.parts]
        return digests[0] if len(digests) == 1 else sha256("".join(digests).encode()).hex()

    @property
    def camera_offsets_90k(self) -> list[int]:
        """By how much the camera's own clock was ahead of the hub's: once for each part whose camera told it."""
        told = (part.camera_offset_90k for part in self.parts)
        return [offset for offset in told if offset is not None]

    def original_chunks(self) -> list[list[bytes]]:
        """Return, for each segment, chunk 0 and the covered chunks as they were recorded."""
        return [
            [sealed.chunk(0), *(sealed.chunk(index) for index in range(first, last + 1))]
            for part in self.parts
            for sealed, (first, last) in zip(part.segments, part.cover, strict=True)
        ]


def make(store: Store, camera: str, timeline: Timeline, rows: list[SegmentRow]) -> Footage:
    """Open the footage of a timeline; raises as `Vault.footage` says."""
    if not timeline.spans:
        causes = sorted({gap.cause.value.replace("_", " ") for gap in timeline.gaps})
        raise FOOTAGE_MISSING(where=camera, because=f" ({', '.join(causes)})" if causes else "")
    if any(row.state == OPEN for row in rows):
        raise FOOTAGE_UNFINISHED(where=camera)
    opened = {row.id: SealedSegment(store, row) for row in rows}
    parts = []
    for span in timeline.spans:
        inside = [
            opened[row.id]
            for row in rows
            if row.run == span.run and row.start < span.end_90k and row.end > span.start_90k
        ]
        cover = tuple(sealed.covering(span.start_90k, span.end_90k) for sealed in inside)
        header = inside[0].header
        parts.append(Part(span.start_90k, span.end_90k, header.kind, header.suffix, tuple(inside), cover))
    if any(row.checkpoint is None for row in rows):
        chain.sign_if_due(store, camera, now=True)
    signed = {row.id: row.checkpoint for row in store.index.in_span(camera, timeline.start_90k, timeline.end_90k)}
    covered = [
        chain.Covered(
            header_sha256=sealed.row.header_sha256,
            sealed_sha256=sealed.row.sealed_sha256,
            checkpoint=signed[sealed.row.id] or 0,
            digests=sealed.end.digests,
            first=first,
            last=last,
        )
        for part in parts
        for sealed, (first, last) in zip(part.segments, part.cover, strict=True)
    ]
    proof = chain.make_proof(store, covered)
    return Footage(camera, timeline.start_90k, timeline.end_90k, tuple(parts), timeline.gaps, proof)


def check_whole(store: Store, row: SegmentRow) -> None:
    """Open every chunk of a segment and compare it with what was written down; raises `vault.segment-damaged`."""
    sealed = SealedSegment(store, row)
    digests = [sha256(sealed.chunk(index)) for index in range(len(sealed.frames))]
    _compare(sealed.path, row, digests, list(sealed.end.digests))


def _compare(path: Path, row: SegmentRow, digests: list[bytes], written: list[bytes]) -> None:
    file_digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            file_digest.update(block)
    if digests != written or file_digest.hexdigest() != row.sealed_sha256:
        raise SEGMENT_DAMAGED(where=str(path), reason="it is not the file that was written down")
