# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sealed segment as bytes (spec/sealed-segment.md): header, chunks, and nothing that touches a disk.

A segment is `header || chunk 0 || chunk 1 ... || end chunk`. Chunk 0 is the fMP4 init (or a native file's
suffix), every further chunk one GOP (or a piece of the native file), and the end chunk holds the digests of
all of them, so that a missing end is seen. The wrapped key stands at a fixed place: destroying these 80 bytes
destroys the segment.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sunporch.base import strictjson
from sunporch.base.digests import from_hex, sha256
from sunporch.base.errors import Error
from sunporch.vault.errors import CHUNK_REFUSED, SEGMENT_DAMAGED

MAGIC = b"sunseg/1"
WRAPPED_AT = len(MAGIC)
WRAPPED_BYTES = 80
PREFIX_BYTES = WRAPPED_AT + WRAPPED_BYTES + 4
MAX_HEADER_JSON = 4096
MAX_CHUNK_BYTES = 32 * 1024 * 1024
MAX_CHUNKS = 8192
MAX_MOTION = 86_400  # seconds: no segment is longer than a day
TAG_BYTES = 16
CRC_BYTES = 4

LAST = 1
KEYFRAME = 2
_FRAME = struct.Struct(">IBqQ")
_AAD = struct.Struct(">QBqQ")
_OFFSET = struct.Struct(">q")
# The camera did not say what its clock shows.
NO_OFFSET = -(2**63)


class Kind(StrEnum):
    """What the chunks hold when opened."""

    FMP4 = "fmp4"
    NATIVE = "native"


@dataclass(frozen=True)
class Header:
    """What a segment says about itself; `start_90k` is 90 kHz ticks since the epoch, UTC.

    `segment` and `run` are 32 and 16 lower-case hex digits, `camera` 16, `previous` the link of the camera's
    segment before this one (64 zeros for the first). `time_source` says whence the timestamps come.
    """

    segment: str
    camera: str
    stream: str
    run: str
    start_90k: int
    kind: Kind
    suffix: str
    time_source: str
    key_id: str
    suite: str
    previous: str

    def encode(self, wrapped_key: bytes) -> bytes:
        """Return the header's bytes; the wrapped key is exactly 80 bytes."""
        text = strictjson.dumps({**self.__dict__, "kind": self.kind.value}).encode()
        if len(wrapped_key) != WRAPPED_BYTES or len(text) > MAX_HEADER_JSON:
            raise CHUNK_REFUSED(reason="its header does not fit")
        return MAGIC + wrapped_key + struct.pack(">I", len(text)) + text

    @classmethod
    def parse(cls, untrusted: bytes, where: str) -> tuple[Header, bytes, int]:
        """Return header, wrapped key and header size in bytes, or raise `vault.segment-damaged`."""
        if untrusted[:WRAPPED_AT] != MAGIC or len(untrusted) < PREFIX_BYTES:
            raise SEGMENT_DAMAGED(where=where, reason="it does not begin as a sealed segment")
        (length,) = struct.unpack_from(">I", untrusted, PREFIX_BYTES - 4)
        size = PREFIX_BYTES + length
        if length > MAX_HEADER_JSON or len(untrusted) < size:
            raise SEGMENT_DAMAGED(where=where, reason="its header is cut short")
        try:
            fields = strictjson.loads(untrusted[PREFIX_BYTES:size], where)
            header = cls(**{**fields, "kind": Kind(fields["kind"])})
            for name, digits in (("segment", 16), ("camera", 8), ("run", 8), ("previous", 32)):
                from_hex(getattr(header, name), digits, name)
        except (Error, KeyError, TypeError, ValueError) as error:
            raise SEGMENT_DAMAGED(where=where, reason="its header cannot be read") from error
        if type(header.start_90k) is not int:
            raise SEGMENT_DAMAGED(where=where, reason="its header has no start")
        return header, untrusted[WRAPPED_AT : WRAPPED_AT + WRAPPED_BYTES], size


@dataclass(frozen=True)
class Frame:
    """A chunk as it lies in the file: what is readable without the key.

    `first_pts` and `duration` are 90 kHz ticks of the run's media time (bytes for a native file); for the end
    chunk they are the media end and the wall duration of the segment.
    """

    index: int
    offset: int
    length: int
    flags: int
    first_pts: int
    duration: int

    @property
    def last(self) -> bool:
        """Whether this is the end chunk."""
        return bool(self.flags & LAST)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return frame_size(self.length)

    def aad(self) -> bytes:
        """What the tag covers besides the header's hash."""
        return _AAD.pack(self.index, self.flags, self.first_pts, self.duration)


def frame_size(length: int) -> int:
    """Return how many bytes of file a chunk of `length` plaintext bytes takes."""
    return _FRAME.size + length + TAG_BYTES + CRC_BYTES


FRAME_HEAD = _FRAME.size


def parse_frame(untrusted_head: bytes, index: int, offset: int) -> Frame | None:
    """Return the frame that begins with these bytes, or None where they cannot begin one."""
    if len(untrusted_head) < _FRAME.size:
        return None
    length, flags, first_pts, duration = _FRAME.unpack_from(untrusted_head)
    if length > MAX_CHUNK_BYTES or flags & ~(LAST | KEYFRAME):
        return None
    return Frame(index, offset, length, flags, first_pts, duration)


def seal(key: bytes, header_hash: bytes, frame: Frame, data: bytes) -> bytes:
    """Return the chunk's bytes for the file: AES-256-GCM, the nonce is the chunk's index (the key is used once)."""
    if len(data) > MAX_CHUNK_BYTES:
        raise CHUNK_REFUSED(reason=f"it is larger than {MAX_CHUNK_BYTES} bytes")
    if frame.index >= MAX_CHUNKS:
        raise CHUNK_REFUSED(reason=f"the recording has {MAX_CHUNKS} pieces already")
    body = _FRAME.pack(len(data), frame.flags, frame.first_pts, frame.duration)
    body += AESGCM(key).encrypt(_nonce(frame.index), data, header_hash + frame.aad())
    return body + struct.pack(">I", zlib.crc32(body))


def whole(untrusted: bytes) -> bool:
    """Say whether a chunk reached the disk whole: needs no key, so that a locked hub can trim its tail."""
    return int.from_bytes(untrusted[-CRC_BYTES:]) == zlib.crc32(untrusted[:-CRC_BYTES])


def unseal(key: bytes, header_hash: bytes, frame: Frame, untrusted: bytes, where: str) -> bytes:
    """Return the chunk's plaintext, or raise `vault.segment-damaged` if one bit of it or its place changed."""
    if len(untrusted) != frame.size or not whole(untrusted):
        raise SEGMENT_DAMAGED(where=where, reason=f"piece {frame.index} is not as it was written")
    try:
        return AESGCM(key).decrypt(_nonce(frame.index), untrusted[FRAME_HEAD:-CRC_BYTES], header_hash + frame.aad())
    except InvalidTag as error:
        raise SEGMENT_DAMAGED(where=where, reason=f"piece {frame.index} fails its seal") from error


def _nonce(index: int) -> bytes:
    return index.to_bytes(12, "big")


@dataclass(frozen=True)
class End:
    """What the end chunk seals: digests of all and of each chunk, and what the recorder measured.

    `camera_offset_90k` is the camera's clock minus the hub's, None where it did not say; `motion` a level for each
    second that the media began, empty where nothing is known.
    """

    plain_sha256: bytes
    digests: tuple[bytes, ...]
    camera_offset_90k: int | None = None
    motion: bytes = b""

    def encode(self) -> bytes:
        """Return the plaintext of the end chunk."""
        offset = NO_OFFSET if self.camera_offset_90k is None else self.camera_offset_90k
        return _OFFSET.pack(offset) + self.plain_sha256 + b"".join(self.digests) + self.motion

    @classmethod
    def parse(cls, untrusted: bytes, chunks: int, where: str) -> End:
        """Return what stands in the plaintext of the end of so many chunks, or raise `vault.segment-damaged`."""
        at = end_size(chunks)
        if not at <= len(untrusted) <= at + MAX_MOTION:
            raise SEGMENT_DAMAGED(where=where, reason="its end does not fit its length")
        (offset,), hashes = _OFFSET.unpack_from(untrusted), untrusted[_OFFSET.size : at]
        digests = tuple(hashes[here : here + 32] for here in range(32, len(hashes), 32))
        return cls(hashes[:32], digests, None if offset == NO_OFFSET else offset, untrusted[at:])


def end_size(chunks: int, motion: int = 0) -> int:
    """Return the bytes of an end chunk's plaintext for so many chunks and seconds of motion."""
    return _OFFSET.size + 32 * (1 + chunks) + motion


def link(header_hash: bytes, sealed_sha256: bytes, plain_root: bytes) -> bytes:
    """Return the segment's link in the chain; `plain_root` is 32 zero bytes where the end was lost in a crash."""
    return sha256(b"sunporch/segment-link/v1\0", header_hash, sealed_sha256, plain_root)


def plain_root(digests: list[bytes]) -> bytes:
    """Return the one digest that stands for the plaintext of all chunks."""
    return sha256(b"sunporch/segment-plain/v1\0", *digests)
