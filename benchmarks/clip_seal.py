# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealing and opening a clip beside raw AES-256-GCM over the same bytes, one after the other in every round.

Ours: keys, header, two HPKE encapsulations, commitment, chunked encryption, streaming in 256-KiB pieces; opening
checks the commitment first, as the desk does. Peer: one `AESGCM.encrypt` and one `decrypt` of 1-MiB pieces under
one key, which promises neither order nor an end. Both read from and write to memory; times are CPU seconds of the
one thread for a clip of a minute at 8 Mbit/s, the best of three tries in a round.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sunporch.clip import keys
from sunporch.clip.header import Recipient
from sunporch.clip.index import Index
from sunporch.clip.open import open_clip, recipient_half
from sunporch.clip.seal import PIECE, Sealed, seal

SIZE = 60 * 8_000_000 // 8
PEER_PIECE = 1 << 20
TRIES = 3
DAY = 86_400


def index_of(media: bytes) -> Index:
    """Return an index of plain values; its digests are made outside the measured time, as rendering does."""
    return Index(
        camera="porch",
        start_ms=0,
        end_ms=60_000,
        media_type="video/mp4",
        media_sha256=hashlib.sha256(media).hexdigest(),
        media_sha512=hashlib.sha512(media).hexdigest(),
        original="0" * 64,
        redacted=1,
        reencoded=1,
        visible=0,
        sound=0,
        report="{}",
    )


class Kept(list[bytes]):
    """A sink that keeps the pieces as they come, so that no growing buffer is measured."""

    def write(self, piece: bytes) -> int:
        self.append(piece)
        return len(piece)


def timed[T](act: Callable[[], T]) -> tuple[float, T]:
    """Return the least CPU time of some tries and the last result."""
    best, result = float("inf"), None
    for _ in range(TRIES):
        start = time.thread_time()
        result = act()
        best = min(best, time.thread_time() - start)
    return best, result


def ours(media: bytes, index: Index) -> dict[str, float]:
    """Seal and open the clip; return seconds of both and the overhead in per cent of the bytes."""
    private = {name: keys.generate() for name in ("officer", "supervisor")}
    recipients = [Recipient(name, keys.public(key)) for name, key in private.items()]

    def sealing() -> tuple[Sealed, Kept]:
        target = Kept()
        pieces = (media[start : start + PIECE] for start in range(0, len(media), PIECE))
        fields = {"origin": "demo.bench", "request": 1, "expires": DAY, "custodian": "library"}
        return seal(pieces, index, target, recipients=recipients, **fields), target

    seconds, (sealed, pieces) = timed(sealing)
    file = b"".join(pieces)

    def opening() -> int:
        half = recipient_half(sealed.header, "officer", private["officer"])
        _, opened = open_clip(sealed.header, io.BytesIO(file), half, sealed.s_k, sealed.c)
        return sum(len(piece) for piece in opened)

    opened, size = timed(opening)
    if size != len(media):
        raise AssertionError("the clip did not come out whole")
    over = (len(file) + len(sealed.header) - len(media)) / len(media)
    return {"seal": seconds, "open": opened, "overhead": over * 100}


def raw(media: bytes) -> dict[str, float]:
    """Encrypt and decrypt the same bytes with AES-256-GCM alone."""
    cipher = AESGCM(AESGCM.generate_key(256))
    pieces = [media[start : start + PEER_PIECE] for start in range(0, len(media), PEER_PIECE)]

    def sealing() -> Kept:
        target = Kept()
        for number, piece in enumerate(pieces):
            target.write(cipher.encrypt(number.to_bytes(12, "big"), piece, None))
        return target

    seconds, sealed = timed(sealing)
    file = b"".join(sealed)

    def opening() -> int:
        source, size, number = io.BytesIO(file), 0, 0
        while piece := source.read(PEER_PIECE + 16):
            size += len(cipher.decrypt(number.to_bytes(12, "big"), piece, None))
            number += 1
        return size

    return {"seal": seconds, "open": timed(opening)[0]}


def rounds(n: int) -> dict:
    """Measure `n` alternated rounds."""
    media = os.urandom(SIZE)
    index = index_of(media)
    found = []
    for number in range(n):
        sides = {"ours": lambda: ours(media, index), "peer": lambda: raw(media)}
        order = ("ours", "peer") if number % 2 == 0 else ("peer", "ours")
        done = {name: sides[name]() for name in order}
        mine, peer = done["ours"], done["peer"]
        found.append(
            {
                "ours": mine["seal"] + mine["open"],
                "peer": peer["seal"] + peer["open"],
                "seal_s": mine["seal"],
                "open_s": mine["open"],
                "peer_seal_s": peer["seal"],
                "peer_open_s": peer["open"],
                "seal_mb_s": SIZE / 1e6 / mine["seal"],
                "open_mb_s": SIZE / 1e6 / mine["open"],
                "overhead_percent": mine["overhead"],
            }
        )
    return {
        "peer": "cryptography AESGCM (AES-256-GCM), encrypt and decrypt of the same bytes in 1-MiB pieces",
        "rounds": found,
        "goals": [
            {
                "name": "seal and open, times raw AES-256-GCM",
                "goal": 5,
                "unit": "x",
                "better": "lower",
                "of": "ratio",
            },
            {"name": "sealing", "goal": 240, "unit": "MB/s", "better": "higher", "of": "seal_mb_s"},
            {"name": "opening", "goal": 240, "unit": "MB/s", "better": "higher", "of": "open_mb_s"},
            {
                "name": "bytes added by sealing",
                "goal": 0.15,
                "unit": "%",
                "better": "lower",
                "of": "overhead_percent",
            },
        ],
    }
