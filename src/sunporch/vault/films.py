# SPDX-License-Identifier: AGPL-3.0-or-later
"""Films that wait to be given out: sealed like segments, each under a key of its own, in no timeline and no chain.

Whoever asks for one names it by an id; why it is kept and until when, this room does not know.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sunporch.base import durable
from sunporch.base.digests import sha256
from sunporch.base.strictjson import dumps
from sunporch.vault import segment as form
from sunporch.vault.errors import SEGMENT_TRUNCATED
from sunporch.vault.footage import SealedFile, SealedStream
from sunporch.vault.segment import Frame, Header, Kind
from sunporch.vault.store import SUFFIX, Store
from sunporch.vault.writer import NO_LINK, destroy_key, disk_error

FILMS = "films"
PIECE_BYTES = 1024 * 1024
_STREAM, _RUN = "film", "0" * 16


@dataclass(frozen=True)
class SealedFilm:
    """A film that can be read in part; `size` in bytes."""

    size: int
    _file: SealedFile

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes from `start`; every seal is checked. Raises `vault.segment-damaged`."""
        pieces = self._file.frames[1:]
        stream = SealedStream([(piece.length, partial(self._file.chunk, piece.index)) for piece in pieces])
        stream.seek(start)
        while length > 0 and (data := stream.read(min(length, PIECE_BYTES))):
            length -= len(data)
            yield data


def keep(store: Store, film_id: str, camera: str, start_90k: int, media: bytes) -> None:
    """Seal a film under 32 hex digits; the same id again replaces it. Raises `vault.disk-full`, `-failed`."""
    header = Header(
        segment=film_id,
        camera=camera,
        stream=_STREAM,
        run=_RUN,
        start_90k=start_90k,
        kind=Kind.NATIVE,
        suffix=".mp4",
        time_source="file",
        key_id=store.keys.household_id,
        suite=store.keys.suite,
        previous=NO_LINK,
    )
    key = os.urandom(32)
    head = header.encode(store.keys.wrap(camera, film_id, key))
    path = _path(store, film_id)
    try:
        store.check_room(len(media))
        durable.private_directory(path.parent)
        durable.write(path, _sealed(key, head, media))
    except OSError as error:
        raise disk_error(error, str(path)) from error


def _sealed(key: bytes, head: bytes, media: bytes) -> Iterator[bytes]:
    yield head
    header_hash, offset, digests = sha256(head), len(head), list[bytes]()
    note = dumps({"name": "film", "duration_90k": 0}).encode()
    starts = range(0, len(media), PIECE_BYTES)
    for piece, at in ((note, 0), *((media[at : at + PIECE_BYTES], at) for at in starts)):
        sealed = form.seal(key, header_hash, Frame(len(digests), offset, len(piece), 0, at, len(piece)), piece)
        offset += len(sealed)
        digests.append(sha256(piece))
        yield sealed
    end = form.End(sha256(media), tuple(digests)).encode()
    yield form.seal(key, header_hash, Frame(len(digests), offset, len(end), form.LAST, len(media), len(media)), end)


def find(store: Store, film_id: str) -> SealedFilm:
    """Open a film; raises `vault.footage-missing` (destroyed), `vault.key-locked`, `vault.segment-` errors."""
    file = SealedFile(_path(store, film_id), store.keys)
    if not file.ended:
        raise SEGMENT_TRUNCATED(where=file.where)
    return SealedFilm(sum(frame.length for frame in file.frames[1:]), file)


def destroy(store: Store, film_id: str) -> None:
    """Destroy a film's key where it lies, then its file; one that is not there is destroyed."""
    path = _path(store, film_id)
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        destroy_key(handle)
    finally:
        os.close(handle)
    path.unlink(missing_ok=True)
    durable.sync_directory(path.parent)


def _path(store: Store, film_id: str) -> Path:
    return store.folder / FILMS / (film_id + SUFFIX)
