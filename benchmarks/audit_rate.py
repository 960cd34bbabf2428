# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifying a whole log beside checking its signatures alone.

Ours: `procedure.run` over all files of a log on disk: structure, co-signatures, tree and tiles, every entry's form,
signatures and time, texts, the fold, the rules applied again, leases. Peer: splitting the same leaves and checking
the same Ed25519 signatures, which promises nothing else. The log is a mix of what a town records: appeals, shares,
openings, complaints and outcomes, a kept checkpoint every 50 entries. Figures are entries per minute of one thread.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.verify.town import COMPLAINT, LogTown, person  # noqa: E402  # the repository is no package of its own

from sunporch.base.notekeys import VerifierKey  # noqa: E402
from sunporch.docket import entries as e  # noqa: E402
from sunporch.docket import wire  # noqa: E402
from sunporch.tlog.notes import Note  # noqa: E402
from sunporch.tlog.tiles import bundles_of, fetch_leaves  # noqa: E402
from sunporch.verify import procedure  # noqa: E402
from sunporch.verify.tail import Tail  # noqa: E402

SIZE = 6_000
CHECKPOINT_EVERY = 50
SECONDS_BETWEEN = 30
APPEAL_EVERY = SIZE // 8


def make(folder: Path) -> LogTown:
    """Write a log of `SIZE` entries: an appeal now and then, shares and openings, the rest small entries."""
    town = LogTown(folder).found()
    number = 0
    share = -1
    while town.size < SIZE:
        if town.size % APPEAL_EVERY == 0:
            town.ask()
        match town.size % 100:
            case 10 | 30 | 50 | 70:
                number += 1
                share = town.share(number)
            case 20 | 40 | 60 | 80 if share >= 0:
                town.open(share)
            case _:
                town.put(e.Complaint, person("portal"), **COMPLAINT)
        if town.size % CHECKPOINT_EVERY == 0:
            town.cosign()
            town.wait(seconds=SECONDS_BETWEEN)
    town.cosign()
    return town


def signatures(leaves: list[bytes], keys: dict[tuple[str, bytes], VerifierKey]) -> None:
    """Check every signature of every note against the keys by name and id."""
    for leaf in leaves:
        note = Note.parse(wire.split_leaf(leaf)[1])
        for line in note.signatures:
            key = keys[line.name, line.key_id]
            if not key.verify(line.blob, note.text.encode()):
                raise AssertionError("a signature of the benchmark's own log is wrong")


def known_keys(town: LogTown) -> dict[tuple[str, bytes], VerifierKey]:
    """Return every key that signed something in the log."""
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    found: dict[tuple[str, bytes], VerifierKey] = {}
    for index in range(tail.size):
        text = Note.parse(wire.split_leaf(tail.leaf(index))[1]).text
        for key in tail.fold.candidate_keys(text):
            found[key.name, key.key_id] = key
    return found


def per_minute(act: Callable[[], object]) -> float:
    """Return the entries per minute of one run."""
    begin = time.process_time()
    act()
    return round(SIZE * 60 / (time.process_time() - begin))


def rounds(count: int) -> dict:
    with tempfile.TemporaryDirectory() as scratch:
        town = make(Path(scratch) / "log")
        keys = known_keys(town)
        leaves = [leaf for bundle in bundles_of(town.size) for leaf in fetch_leaves(town.fetch, bundle)]
        if not procedure.run(town.fetch, town.pin).ok:
            raise AssertionError("the benchmark's own log must be sound")
        measured = []
        for _ in range(count):
            ours = per_minute(lambda: procedure.run(town.fetch, town.pin))
            peer = per_minute(lambda: signatures(leaves, keys))
            measured.append({"ours": ours, "peer": peer})
        town.close()
    return {
        "peer": "the Ed25519 signatures of the same entries alone",
        "rounds": measured,
        "goals": [
            {"name": "whole-log audit", "goal": 300_000, "unit": "entries/min", "better": "higher", "of": "ours"},
            {
                "name": "audit beside signatures alone",
                "goal": 0.25,
                "unit": "ratio",
                "better": "higher",
                "of": "ratio",
            },
        ],
    }
