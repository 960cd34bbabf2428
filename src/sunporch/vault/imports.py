# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking in a video file as it is: looked through first, then sealed byte for byte (never transcoded here)."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from sunporch.base import strictjson
from sunporch.vault import writer
from sunporch.vault.errors import IMPORT_EMPTY, IMPORT_REFUSED, IMPORT_TRUNCATED, IMPORT_UNREADABLE
from sunporch.vault.index import MAX_SEGMENT_90K
from sunporch.vault.segment import Kind
from sunporch.vault.store import Store
from sunporch.vault.timeline import TICKS

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".avi", ".ts"})
PIECE_BYTES = 4 * 1024 * 1024
MAX_IMPORT_BYTES = 16 * 1024**3
MAX_FOLDER_FILES = 10_000
# A container may promise a little more than its frames fill; more than this is a file that breaks off.
SLACK_SECONDS = 2.0


@dataclass(frozen=True)
class Imported:
    """A file that is now in the archive."""

    segment: str
    name: str
    start_90k: int
    end_90k: int
    sha256: str


def _refuse(path: Path, reason: str) -> None:
    raise IMPORT_REFUSED(
        where=str(path), reason=reason, most_gib=MAX_IMPORT_BYTES // 1024**3,
        most_hours=MAX_SEGMENT_90K // TICKS // 3600,
    )  # fmt: skip


def check_file(untrusted_path: Path) -> int:
    """Return a video file's duration in 90 kHz ticks after reading all of it, or raise a `vault.import-` error.

    The first picture is decoded: an encrypted file has a container that opens and pictures that do not.
    """
    if untrusted_path.suffix.lower() not in SUFFIXES:
        _refuse(untrusted_path, f"{untrusted_path.suffix or 'a file without ending'} is not a known kind of video")
    if not untrusted_path.is_file():
        _refuse(untrusted_path, "it is not a file")
    size = untrusted_path.stat().st_size
    if size == 0:
        raise IMPORT_EMPTY(where=str(untrusted_path))
    if size > MAX_IMPORT_BYTES:
        _refuse(untrusted_path, "it is too large")
    try:
        readable, promised = _measure(untrusted_path)
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise IMPORT_UNREADABLE(where=str(untrusted_path), reason=str(error)) from error
    if promised - readable > SLACK_SECONDS:
        raise IMPORT_TRUNCATED(where=str(untrusted_path), readable=round(readable, 1), promised=round(promised, 1))
    ticks = round(readable * TICKS)
    if not 0 < ticks < MAX_SEGMENT_90K:
        _refuse(untrusted_path, "it is too long or has no length")
    return ticks


def _measure(path: Path) -> tuple[float, float]:
    """Return (seconds that can be read, seconds that the container promises)."""
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise ValueError("it has no pictures")
        stream = container.streams.video[0]
        promised = float(container.duration or 0) / 1_000_000
        ends = 0.0
        pictures = 0
        last_size = path.stat().st_size
        step = float(1 / stream.average_rate) if stream.average_rate else 0.0
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if packet.is_corrupt:
                break
            if packet.pos is not None and packet.pos + packet.size > last_size:
                break
            if not pictures and packet.is_keyframe:
                pictures = len(packet.decode())
            time = packet.pts if packet.pts is not None else packet.dts
            if time is not None and packet.time_base is not None:
                length = float((packet.duration or 0) * packet.time_base) or step
                ends = max(ends, float(time * packet.time_base) + length)
        if not pictures and not stream.codec_context.decode(None):
            raise ValueError("its pictures cannot be decoded")
        begins = float(container.start_time or 0) / 1_000_000
        return ends - min(begins, ends), promised


def import_file(store: Store, camera: str, untrusted_path: Path, start_90k: int | None) -> Imported:
    """Seal a native file whose first picture was taken at `start_90k`; raises `vault.` errors, leaves nothing half.

    None means that its last picture was taken now.
    The bytes are sealed as they came; chunk 0 says the file's name and duration.
    """
    duration = check_file(untrusted_path)
    start = store.now_90k() - duration if start_90k is None else start_90k
    note = strictjson.dumps({"name": untrusted_path.name, "duration_90k": duration}).encode()
    with untrusted_path.open("rb") as file:
        before = os.fstat(file.fileno())
        counted = round(store.clock.monotonic() * TICKS) - duration
        out = writer.begin(
            store, camera, "main", secrets.token_hex(8), start, note,
            kind=Kind.NATIVE, suffix=untrusted_path.suffix.lower(), time_source="file",
            by_clock=start_90k is None, counted_90k=counted,
        )  # fmt: skip
        try:
            at = 0
            while piece := file.read(PIECE_BYTES):
                out.append_gop(piece, at, len(piece))
                at += len(piece)
            after = os.fstat(file.fileno())
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or at != before.st_size:
                _refuse(untrusted_path, "it changed while it was read")
        except BaseException:
            out.abandon()
            raise
    out.close(start + duration)
    return Imported(out.header.segment, untrusted_path.name, start, start + duration, out.plain_sha256)


def import_folder(store: Store, camera: str, folder: Path, start_90k: int) -> tuple[Imported, ...]:
    """Seal every video of a folder in the order of their names, laid end to end from `start_90k`.

    All files are looked through before the first is sealed, so that one bad file stops the import whole.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        _refuse(folder, "the folder holds no videos")
    if len(files) > MAX_FOLDER_FILES:
        _refuse(folder, "the folder holds too many videos")
    for path in files:
        check_file(path)
    done: list[Imported] = []
    for path in files:
        done.append(import_file(store, camera, path, done[-1].end_90k if done else start_90k))
    return tuple(done)
