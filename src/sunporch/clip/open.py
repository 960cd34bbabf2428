# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens a clip (spec/sealed-clip.md, 5). Never yields a byte that is not authenticated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from sunporch.clip import index as clip_index
from sunporch.clip import keys
from sunporch.clip.errors import COMMITMENT_MISMATCH, ENCAPSULATION_REFUSED, FILE_DAMAGED, RECIPIENT_UNKNOWN
from sunporch.clip.header import SALT_SIZE, commitment, header_hash, parse, recipient_info
from sunporch.clip.index import MAX_INDEX, Index
from sunporch.clip.seal import HALF_SIZE, PIECE, clip_key


@dataclass(frozen=True, repr=False)
class RecipientHalf:
    """What a recipient's device finds in the header: its half of the key and the commitment's salt."""

    s_a: bytes
    salt: bytes


def recipient_half(header: bytes, name: str, private: str, rewrapped: bytes | None = None) -> RecipientHalf:
    """Open the encapsulation for `name` (or a rewrap made for it) with the device's private X25519 key (hex).

    Raises `clip.header-malformed`, `clip.recipient-unknown`, `clip.encapsulation-refused`, `clip.key-malformed`.
    """
    parsed = parse(header)
    sealed = rewrapped if rewrapped is not None else parsed.encapsulations.get(name)
    if sealed is None:
        raise RECIPIENT_UNKNOWN(name=name)
    try:
        secret = keys.SUITE.decrypt(sealed, keys.load_private(private), info=recipient_info(name, parsed.core()))
    except InvalidTag as error:
        raise ENCAPSULATION_REFUSED(name=name) from error
    if len(secret) != HALF_SIZE + SALT_SIZE:
        raise ENCAPSULATION_REFUSED(name=name)
    return RecipientHalf(secret[:HALF_SIZE], secret[HALF_SIZE:])


def check(header: bytes, sealed_file: BinaryIO, salt: bytes, c: str) -> None:
    """Raise `clip.commitment-mismatch` unless header and sealed file are those of the record; rewinds the file."""
    digest = hashlib.sha256()
    while piece := sealed_file.read(PIECE):
        digest.update(piece)
    sealed_file.seek(0)
    if commitment(header, digest.digest(), salt) != c:
        raise COMMITMENT_MISMATCH()


def open_clip(
    header: bytes, sealed_file: BinaryIO, half: RecipientHalf, s_k: bytes, c: str
) -> tuple[Index, Iterator[bytes]]:
    """Return the index and the media's bytes, piece by piece.

    Raises `clip.commitment-mismatch` before anything is opened; the iterator raises `clip.file-damaged` where a byte
    was changed or the end is missing (wrong halves look the same), so keep nothing of it unless it ends by itself.
    """
    check(header, sealed_file, half.salt, c)
    pieces = _decrypt(clip_key(header, half.s_a, s_k), header_hash(header), sealed_file)
    start = b""
    while len(start) < 4:
        start += _next(pieces, sealed_file)
    length = int.from_bytes(start[:4], "big")
    if length > MAX_INDEX:
        raise FILE_DAMAGED(at=4)
    rest = start[4:]
    while len(rest) < length:
        rest += _next(pieces, sealed_file)
    return clip_index.parse(rest[:length]), _media(rest[length:], pieces)


def _decrypt(key: bytes, context: bytes, sealed_file: BinaryIO) -> Iterator[bytes]:
    decryptor = Cobblestone256Decryptor(key, context)
    try:
        while piece := sealed_file.read(PIECE):
            if opened := decryptor.update(piece):
                yield opened
        if opened := decryptor.finalize():
            yield opened
    except (InvalidTag, ValueError) as error:
        raise FILE_DAMAGED(at=sealed_file.tell()) from error


def _next(pieces: Iterator[bytes], sealed_file: BinaryIO) -> bytes:
    piece = next(pieces, None)
    if piece is None:
        raise FILE_DAMAGED(at=sealed_file.tell())
    return piece


def _media(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from pieces
