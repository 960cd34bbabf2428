# SPDX-License-Identifier: AGPL-3.0-or-later
"""The chain of segments, and proofs from it.

Each segment's header names the link of the one before, and every five minutes a signed checkpoint lists the new
links. A *chain proof* lets a stranger see that a stretch of footage existed unaltered when the
household's key signed it. It does not show that what is filmed happened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sunporch.base.digests import from_base64, from_hex, sha256, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.vault import segment as form
from sunporch.vault.errors import PROOF_REFUSED
from sunporch.vault.store import Store
from sunporch.vault.timeline import TICKS, UNKNOWN_BEFORE_90K

CHECKPOINT_SECONDS = 300
MAX_PROOF_SEGMENTS = 10_000
CHECKPOINT_TITLE = "sunporch/vault-checkpoint/v1"
_CHECKPOINT = re.compile(rf"{CHECKPOINT_TITLE}\n(\d{{1,12}})\n([0-9a-f]{{64}})\n((?:[0-9a-f]{{64}}\n)+)", re.ASCII)
VERSION = "sunporch/vault-proof/v1"


def checkpoint_text(time: int, previous_sha256: str, links: list[str]) -> str:
    """Return what is signed: title, Unix seconds, SHA-256 of the camera's last checkpoint, one link a line."""
    return f"{CHECKPOINT_TITLE}\n{time}\n{previous_sha256}\n" + "".join(f"{link}\n" for link in links)


def sign_if_due(store: Store, camera: str, *, now: bool = False) -> None:
    """Sign the camera's new links if the last checkpoint is five minutes old (or at once)."""
    with store.journal.locked():
        store.catch_up()
        last = store.index.query(
            "SELECT number, time, text FROM checkpoint WHERE camera = ? ORDER BY number DESC LIMIT 1", camera
        )
        time = store.clock.now()
        if time * TICKS < UNKNOWN_BEFORE_90K and not now:
            return  # no promise with a date that is wrong; the links wait
        # A clock that was set back must not silence the chain.
        if last and not now and 0 <= time - last[0][1] < CHECKPOINT_SECONDS:
            return
        unsigned = store.index.query(
            "SELECT link FROM segment WHERE camera = ? AND checkpoint IS NULL AND link != '' ORDER BY number", camera
        )
        if not unsigned:
            return
        previous = sha256(last[0][2].encode()).hex() if last else "0" * 64
        text = checkpoint_text(time, previous, [link for (link,) in unsigned])
        ((count,),) = store.index.query("SELECT coalesce(max(number), 0) FROM checkpoint")
        signature = to_base64(store.keys.signer.sign(text.encode()))
        store.record("checkpoint", number=count + 1, camera=camera, text=text, signature=signature)


@dataclass(frozen=True)
class Covered:
    """One segment's part in a stretch of footage: its digests, and the chunks [first, last] that are given out."""

    header_sha256: str
    sealed_sha256: str
    checkpoint: int
    digests: tuple[bytes, ...]
    first: int
    last: int


def make_proof(store: Store, covered: list[Covered]) -> dict[str, Any]:
    """Return the proof as strict JSON: texts, whole numbers, lists and objects."""
    numbers = sorted({piece.checkpoint for piece in covered})
    checkpoints = []
    for number in numbers:
        ((text, signature),) = store.index.query("SELECT text, signature FROM checkpoint WHERE number = ?", number)
        checkpoints.append({"text": text, "signature": signature})
    return {
        "version": VERSION,
        "public_key": str(store.keys.signer.verifier),
        "checkpoints": checkpoints,
        "segments": [
            {
                "header_sha256": piece.header_sha256,
                "sealed_sha256": piece.sealed_sha256,
                "chunks": [digest.hex() for digest in piece.digests],
                "first": piece.first,
                "last": piece.last,
            }
            for piece in covered
        ],
    }


def check_proof(untrusted_proof: dict[str, Any], public_key: str, chunks: list[list[bytes]]) -> int:
    """Return the Unix second by which all of it existed unaltered, or raise `vault.proof-refused`.

    `chunks` are, for each segment, the original bytes of chunk 0 and of its covered chunks, in order
    (spec/sealed-segment.md, section 5); `public_key` is the household's, learnt elsewhere. A segment whose end was
    lost while the archive was locked is bound by its sealed bytes only, and is refused here.
    """
    try:
        links, time = _signed_links(untrusted_proof, public_key)
        segments = untrusted_proof["segments"]
        if len(segments) != len(chunks) or len(segments) > MAX_PROOF_SEGMENTS:
            raise PROOF_REFUSED(reason="it does not cover the same recordings")
        for entry, data in zip(segments, chunks, strict=True):
            _check_segment(entry, data, links)
    except Error as error:
        if error.kind is PROOF_REFUSED:
            raise
        raise PROOF_REFUSED(reason="it holds something unreadable") from error
    except (KeyError, TypeError, ValueError) as error:
        raise PROOF_REFUSED(reason="it is not in the form of a proof") from error
    return time


def _signed_links(proof: dict[str, Any], public_key: str) -> tuple[set[str], int]:
    if proof["version"] != VERSION or proof["public_key"] != public_key:
        raise PROOF_REFUSED(reason="it is signed by another key")
    key = VerifierKey.parse(public_key)
    links: set[str] = set()
    time = 0
    for checkpoint in proof["checkpoints"]:
        text = checkpoint["text"]
        found = _CHECKPOINT.fullmatch(text)
        signature = from_base64(checkpoint["signature"], "the signature")
        if not found or not key.verify(signature, text.encode()):
            raise PROOF_REFUSED(reason="a checkpoint's signature is wrong")
        links.update(found[3].split())
        time = max(time, int(found[1]))
    return links, time


def _check_segment(entry: dict[str, Any], data: list[bytes], links: set[str]) -> None:
    digests = [from_hex(text, 32, "a digest") for text in entry["chunks"]]
    first, last = entry["first"], entry["last"]
    if [sha256(chunk) for chunk in data] != [digests[0], *digests[first : last + 1]] or not 1 <= first <= last:
        raise PROOF_REFUSED(reason="the footage is not what was recorded")
    link = form.link(
        from_hex(entry["header_sha256"], 32, "a digest"),
        from_hex(entry["sealed_sha256"], 32, "a digest"),
        form.plain_root(digests),
    )
    if link.hex() not in links:
        raise PROOF_REFUSED(reason="a recording is in no signed checkpoint")
