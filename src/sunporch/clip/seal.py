# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seals a clip (spec/sealed-clip.md, 3): two halves of a key, a header, and a file that streams."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sunporch.clip import keys
from sunporch.clip.errors import CLIP_OVERSIZE
from sunporch.clip.header import (
    MAX_SEALED,
    SALT_SIZE,
    Header,
    Recipient,
    commitment,
    header_hash,
    parse,
    recipient_info,
)
from sunporch.clip.index import Index

HALF_SIZE = 32
PIECE = 1 << 18  # bytes sealed at a time


@dataclass(frozen=True, repr=False)
class Sealed:
    """What sealing a clip gives. `s_a` is not kept: it lies in the header, sealed to the recipients."""

    header: bytes
    file_sha256: bytes
    file_size: int
    salt: bytes
    s_k: bytes
    c: str


def clip_key(header: bytes, s_a: bytes, s_k: bytes) -> bytes:
    """Return K = HKDF-SHA256(salt=SHA256(header), ikm=s_A || s_K, info="sunporch/clip/v1"), 32 bytes."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=header_hash(header), info=b"sunporch/clip/v1")
    return derivation.derive(s_a + s_k)


def encapsulate(core: bytes, recipient: Recipient, s_a: bytes, salt: bytes) -> bytes:
    """Return the HPKE sealing of `s_A || salt` to one recipient, bound to the core; raises `clip.key-malformed`."""
    return keys.encrypt(s_a + salt, recipient.x25519, recipient_info(recipient.name, core))


def seal(
    media: Iterable[bytes],
    index: Index,
    target: BinaryIO,
    *,
    origin: str,
    request: int,
    expires: int,
    custodian: str,
    recipients: Sequence[Recipient],
) -> Sealed:
    """Write the sealed file of the media into `target` and return header, digest, salt, the custodian's half and c.

    `media` yields the bytes of a fragmented MP4 whose digests stand in `index`. Raises `clip.header-malformed`
    and `clip.key-malformed` before anything is written, and `clip.media-oversize`; what was written into `target` by
    then is to be thrown away.
    """
    s_a, s_k, salt = (secrets.token_bytes(size) for size in (HALF_SIZE, HALF_SIZE, SALT_SIZE))
    bare = Header(secrets.token_hex(16), origin, request, expires, custodian, tuple(recipients), {})
    sealed = {r.name: encapsulate(bare.core(), r, s_a, salt) for r in recipients}
    header = replace(bare, encapsulations=sealed).encode()
    parse(header)  # what nobody would take must not leave the house
    encryptor = Cobblestone256Encryptor(clip_key(header, s_a, s_k), header_hash(header))
    digest, size = hashlib.sha256(), 0

    def put(data: bytes) -> None:
        nonlocal size
        size += len(data)
        if size > MAX_SEALED:
            raise CLIP_OVERSIZE(most=MAX_SEALED)
        digest.update(data)
        target.write(data)

    line = index.encode()
    put(encryptor.update(len(line).to_bytes(4, "big") + line))
    for piece in media:
        for start in range(0, len(piece), PIECE):
            put(encryptor.update(piece[start : start + PIECE]))
    put(encryptor.finalize())
    c = commitment(header, digest.digest(), salt)
    return Sealed(header, digest.digest(), size, salt, s_k, c)
