# SPDX-License-Identifier: AGPL-3.0-or-later
"""Throws damaged and spliced inputs at every parser of what comes from outside.

A parser may return or raise `base.errors.Error`; anything else is a find, printed with its seed. `python
fuzz/parsers.py [--trials N] [--seed S] [--target NAME]`; the same seed gives the same inputs. Prints trials, failures
and the 95 % upper bound (3/n). The vectors of `spec/` are the corpus.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey, VerifierKey
from sunporch.clip import header, index
from sunporch.docket import blobs, wire
from sunporch.policy import bundle
from sunporch.redact import plan
from sunporch.tlog import tiles
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.notes import Note
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.reader import parse_sizes
from sunporch.tlog.receipts import Receipt
from sunporch.vault import segment
from sunporch.verify import receipt
from sunporch.verify.pin import Pin

ROOT = Path(__file__).resolve().parent.parent
MOST_INPUT = 1 << 16


def text_of(data: bytes) -> str:
    """Return the bytes as text, damaged where they are no UTF-8."""
    return data.decode("utf-8", errors="replace")


TARGETS: dict[str, Callable[[bytes], object]] = {
    "strict JSON": strictjson.loads,
    "verifier key": lambda data: VerifierKey.parse(text_of(data)),
    "signer key": lambda data: SignerKey.parse(text_of(data)),
    "note": Note.parse,
    "checkpoint": lambda data: Checkpoint.parse(text_of(data)),
    "trust policy": lambda data: TrustPolicy.parse(text_of(data)),
    "tlog-proof": Receipt.parse,
    "checkpoint sizes": parse_sizes,
    "tile path": lambda data: tiles.Tile.parse(text_of(data)),
    "entry bundle": lambda data: tiles.decode_bundle(data, tiles.Tile.parse("tile/entries/000.p/2")),
    "entry": lambda data: wire.decode(text_of(data)),
    "leaf": wire.split_leaf,
    "blob": blobs.Blob.parse,
    "policy bundle": lambda data: bundle.parse_bundle(text_of(data)),
    "clip header": header.parse,
    "clip index": index.parse,
    "track file": plan.load,
    "segment header": lambda data: segment.Header.parse(data, "fuzz"),
    "segment frame": lambda data: segment.parse_frame(data, 1, 0),
    "pin": Pin.parse,
    "resident's receipt": receipt.check,
}


def corpus() -> list[bytes]:
    """Return every vector, and every text inside the JSON ones."""
    found: list[bytes] = [b"", b"{}", b"0", b"\n"]
    for path in sorted((ROOT / "spec" / "vectors").rglob("*")):
        if path.is_file() and path.suffix != ".md":
            data = path.read_bytes()
            found.append(data[:MOST_INPUT])
            if path.suffix == ".json":
                found += [text.encode() for text in _texts(data)][:50]
    return found


def _texts(data: bytes) -> Iterator[str]:
    waiting = [json.loads(data)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and 8 < len(value) <= MOST_INPUT:
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def damaged(seeds: list[bytes], chance: random.Random) -> bytes:
    """Return one seed with a few small wounds, sometimes joined with a piece of another."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(0, 4)):
        at = chance.randint(0, len(data))
        match chance.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.randint(1, 64)]
            case 2:
                data[at:at] = chance.choice(
                    [b"\x00", b"\xff" * 9, b'"', b"{", b"[" * 500, b"9" * 400, b"-1", b"\n", b" "]
                )
            case 3:
                other = chance.choice(seeds)
                start = chance.randint(0, len(other))
                data[at:at] = other[start : start + chance.randint(1, 200)]
            case 4:
                data[at : at + 1] = str(chance.choice([0, 1, 2**31, 2**53, 2**64, -1])).encode()
            case _:
                data += data[at : at + 50]
    return bytes(data[:MOST_INPUT])


def main() -> int:
    """Run the trials; return 1 if any parser fell over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5_000, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=sorted(TARGETS))
    arguments = parser.parse_args()
    seeds, failures = corpus(), 0
    for name, target in TARGETS.items():
        if arguments.target not in (None, name):
            continue
        chance = random.Random(f"{arguments.seed} {name}")
        found = 0
        for trial in range(arguments.trials):
            data = damaged(seeds, chance)
            try:
                target(data)
            except Error:
                continue
            except Exception:  # noqa: BLE001 - whatever else falls out is the find
                found += 1
                print(f"{name}: seed {arguments.seed}, trial {trial}: {data[:200]!r}")
                traceback.print_exc(limit=-2)
                if found == 3:
                    break
        failures += found
        print(f"{name}: {trial + 1} trials, {found} failures, 95 % upper bound {3 / (trial + 1):.5f}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
