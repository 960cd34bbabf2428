# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes what a reader of a log MUST refuse into spec/vectors/log: `python -m tests.tlog.vectors`.

One case for each refusal of our own readers (`test_vectors.py` holds that), from fixed keys: the same each time.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.tlog.checkpoints import Checkpoint, cosign
from sunporch.tlog.edge import Edge
from sunporch.tlog.hashing import EMPTY_ROOT, CompactRange, leaf_hash
from sunporch.tlog.notes import MAX_NOTE, MAX_SIGNATURES, Note, Signature, sign
from sunporch.tlog.proofs import consistency, inclusion
from sunporch.tlog.receipts import HEADER
from sunporch.tlog.tiles import Tile

TARGET = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "log"
ORIGIN = "demo.vectors"
LOG = SignerKey(ORIGIN, b"\x01" * 32)
ANOTHER = SignerKey(ORIGIN, b"\x02" * 32)
COSIGNERS = tuple(SignerKey(f"w{n}.example", bytes([0x10 + n]) * 32, COSIGNATURE) for n in range(1, 5))
NOON = 1_800_000_000
LEAVES = [f"entry {number}".encode() for number in range(12)]
LONG = [b"%d" % number for number in range(258)]
NEVER_ENDING = 2**63 - 1

type Files = dict[str, bytes]


def root(leaves: Sequence[bytes]) -> bytes:
    return CompactRange().extended(map(leaf_hash, leaves)).root()


def files(leaves: Sequence[bytes]) -> Files:
    """Return the bundles and tiles of a log of these leaves."""
    edge = Edge()
    return {tile.path: data for tile, data in (*edge.extend(leaves), *edge.partials())}


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


# Checkpoints under a trust policy ---------------------------------------------------------------------------------


def signed(*cosigners: SignerKey, signers: Sequence[SignerKey] = (LOG,), origin: str = ORIGIN) -> Note:
    note = sign(Checkpoint(origin, 8, root(LEAVES[:8])).encode(), signers)
    return note.with_signatures(*(cosign(key, note.text, NOON) for key in cosigners))


def without(note: Note, change: bytes) -> Note:
    """Return the note with its last signature changed: other bytes, the same key."""
    *others, last = note.signatures
    return Note(note.text, (*others, Signature(last.name, last.key_id, change + last.blob[len(change) :])))


def judged() -> dict[str, dict[str, str]]:
    """Return checkpoints in form that a reader with `town.policy` (or the policy given) MUST refuse."""
    log_line = (TARGET / "town.policy").read_text(encoding="utf-8").splitlines()[1]
    cases = {
        "log-key-another": ("tlog.signature-missing", signed(*COSIGNERS, signers=[ANOTHER])),
        "log-signature-absent": ("tlog.signature-missing", signed(*COSIGNERS, signers=[])),
        "log-signature-wrong": ("tlog.signature-wrong", without(signed(), bytes(8))),
        "cosignature-wrong": ("tlog.signature-wrong", without(signed(*COSIGNERS), (NOON + 1).to_bytes(8, "big"))),
        "cosignature-time-beyond-2-63": ("tlog.signature-wrong", without(signed(*COSIGNERS), b"\xff" * 8)),
        "origin-another": ("tlog.origin-other", signed(*COSIGNERS, origin="demo.elsewhere")),
        "quorum-two-of-four": ("tlog.quorum-missing", signed(*COSIGNERS[:2])),
    }
    found = {name: {"error": error, "checkpoint": note.encode().decode()} for name, (error, note) in cases.items()}
    nobody = {"error": "tlog.time-missing", "checkpoint": signed().encode().decode()}
    return found | {"time-of-nobody": nobody | {"policy": f"{log_line}\nquorum none\n"}}


# Trees ----------------------------------------------------------------------------------------------------------


def tree(
    error: str,
    size: int,
    at_root: bytes,
    held: Files,
    *,
    where: str,
    before: Sequence[bytes] = (),
    through: tuple[int, bytes] | None = None,
) -> dict[str, object]:
    return {
        "error": error,
        "where": where,
        "before": [leaf.decode() for leaf in before],
        "through": None if through is None else {"size": through[0], "root": through[1].hex()},
        "size": size,
        "root": at_root.hex(),
        "files": {path: base64.b64encode(data).decode() for path, data in held.items()},
    }


def trees() -> dict[str, dict[str, object]]:
    """Return logs that a reader MUST refuse which verified `before` (none: an auditor, who reads all files)."""
    bundle, tile = "tile/entries/000.p/12", "tile/0/000.p/12"
    whole, top = files(LEAVES), root(LEAVES)
    seen = LEAVES[:8]
    other = [b"another", *LEAVES[1:]]
    retold = [b"another", *LONG[1:]]
    broken = {
        "bundle-cut": {bundle: whole[bundle][:-1]},
        "bundle-ends-in-a-length": {bundle: whole[bundle] + b"\x00"},
        "bundle-of-eleven": {bundle: files(LEAVES[:11])["tile/entries/000.p/11"]},
        "tile-cut": {tile: whole[tile][:-1]},
        "tile-longer": {tile: whole[tile] + bytes(32)},
    }
    found = {
        name: tree("tlog.tile-malformed", 12, top, whole | held, where=next(iter(held)))
        for name, held in broken.items()
    }
    lacking = {name: {path: data for path, data in whole.items() if path != name} for name in (bundle, tile)}
    flip = flipped(whole[bundle], -1 % len(whole[bundle]))
    found |= {
        "bundle-gone": tree("tlog.file-missing", 12, top, lacking[bundle], where=bundle),
        "tile-gone": tree("tlog.file-missing", 12, top, lacking[tile], where=tile),
        "bundle-flipped": tree("tlog.bundle-differs", 12, top, whole | {bundle: flip}, where=bundle),
        "tile-flipped": tree("tlog.tile-differs", 12, top, whole | {tile: flipped(whole[tile], 70)}, where=tile),
        "root-another": tree("tlog.root-differs", 12, root(other), whole, where="checkpoint"),
        "root-of-nothing": tree("tlog.root-differs", 0, top, {}, where="checkpoint"),
        "rolled-back": tree("tlog.rollback-found", 5, root(LEAVES[:5]), whole, where="checkpoint", before=seen),
        "second-root": tree("tlog.fork-found", 8, root(other[:8]), whole, where="checkpoints/8", before=seen),
        "rewritten": tree("tlog.fork-found", 12, root(other), files(other), where="checkpoints/8", before=seen),
        "rewritten-below-a-full-tile": tree(
            "tlog.fork-found", 258, root(retold), files(retold), where="checkpoint", before=LONG[:256]
        ),
        "kept-of-another-log": tree(
            "tlog.fork-found", 12, top, whole, where="checkpoints/10", before=seen, through=(10, root(other[:10]))
        ),
    }
    return found


# Proofs ---------------------------------------------------------------------------------------------------------


def proofs() -> dict[str, dict[str, object]]:
    """Return proofs over the tree of twelve entries that prove nothing."""
    whole, top, old_root = files(LEAVES), root(LEAVES), root(LEAVES[:7])
    path = inclusion(whole.get, 5, 12)
    joined = consistency(whole.get, 7, 12)
    power = consistency(whole.get, 8, 12)

    def one(index: int, hashes: Sequence[bytes], leaf: bytes = LEAVES[5]) -> dict[str, object]:
        said = {"error": "tlog.inclusion-wrong", "leaf": leaf.decode(), "index": index, "size": 12, "root": top.hex()}
        return said | {"path": [item.hex() for item in hashes]}

    def two(old: int, old_root: bytes, new: int, hashes: Sequence[bytes], new_root: bytes = top) -> dict[str, object]:
        said = {"error": "tlog.consistency-wrong", "old": old, "old_root": old_root.hex(), "new": new}
        return said | {"new_root": new_root.hex(), "path": [item.hex() for item in hashes]}

    return {
        "inclusion-of-another-entry": one(5, path, LEAVES[4]),
        "inclusion-at-another-index": one(4, path),
        "inclusion-beyond-the-size": one(12, path),
        "inclusion-too-long": one(5, [*path, bytes(32)]),
        "inclusion-too-short": one(5, path[:-1]),
        "inclusion-short-hash": one(5, [*path[:-1], path[-1][:-1]]),
        "consistency-backwards": two(12, top, 7, joined, old_root),
        "consistency-short-hash": two(7, old_root, 12, [*joined[:-1], joined[-1][:-1]]),
        "consistency-of-one-size-with-two-roots": two(12, old_root, 12, []),
        "consistency-of-one-size-with-a-path": two(12, top, 12, joined),
        "consistency-from-nothing-with-a-root": two(0, top, 12, []),
        "consistency-to-nothing-with-a-root": two(0, EMPTY_ROOT, 0, []),
        "consistency-without-a-path": two(7, old_root, 12, []),
        "consistency-too-long": two(7, old_root, 12, [*joined, bytes(32)]),
        "consistency-too-short": two(7, old_root, 12, joined[:-1]),
        "consistency-of-another-old-root": two(7, root(LEAVES[1:8]), 12, joined),
        "consistency-of-a-power-of-two-and-another-old-root": two(8, root(LEAVES[1:9]), 12, power),
        "consistency-of-another-new-root": two(7, old_root, 12, joined, root(LEAVES[:11])),
    }


# Texts ----------------------------------------------------------------------------------------------------------


def notes() -> dict[str, str]:
    """Return what the older file lacked: bounds and encodings. Base64, because one is no text."""
    line = str(signed().signatures[0])
    cases = {
        "not-utf-8": b"text\xff\n\n" + line.encode(),
        "longer-than-64-kib": b"x" * MAX_NOTE + b"\n\n" + line.encode(),
        "too-many-signatures": b"text\n\n" + line.encode() * (MAX_SIGNATURES + 1),
    }
    return {name: base64.b64encode(data).decode() for name, data in cases.items()}


def sizes() -> dict[str, str]:
    """Return lists of kept sizes that are none."""
    return {
        "going-back": "3\n2\n",
        "standing-still": "3\n3\n",
        "padded": "03\n",
        "negative": "-1\n",
        "word": "three\n",
        "beyond-2-63": f"{NEVER_ENDING + 1}\n",
        "empty-line": "3\n\n4\n",
    }


def receipts() -> dict[str, str]:
    """Return what the older file lacked."""
    end = f"\n{signed(*COSIGNERS[:3]).encode().decode()}"
    return {
        "index-beyond-2-63": f"{HEADER}\nindex {NEVER_ENDING + 1}\n{end}",
        "sixty-four-hashes": f"{HEADER}\nindex 5\n" + f"{base64.b64encode(bytes(32)).decode()}\n" * 64 + end,
    }


def paths() -> list[str]:
    """Return names that are no tile's or bundle's."""
    return [
        "tile/64/000",
        "tile/0/000.p/0",
        "tile/0/000.p/257",
        "tile/0/x000/000",
        Tile(0, 5).path + "/",
        "tile/00/000",
    ]


def written() -> dict[str, object]:
    """Return every file that this program writes, by name."""
    return {
        "checkpoints-judged.json": judged(),
        "trees-refused.json": trees(),
        "proofs-refused.json": proofs(),
        "notes-refused-bytes.json": notes(),
        "sizes-refused.json": sizes(),
        "receipts-refused-bounds.json": receipts(),
        "paths-refused.json": paths(),
    }


def spelled(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    for name, value in written().items():
        (TARGET / name).write_text(spelled(value), encoding="utf-8")
