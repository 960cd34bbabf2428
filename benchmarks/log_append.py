# SPDX-License-Identifier: AGPL-3.0-or-later
"""Durable appends per second, batched and with 32 writers that each wait, beside `aics-tlog` on the same disk.

`ours` and `peer`: batches of 1,024 leaves of 600 bytes, each batch on disk before the next begins. `waiting_ours`
and `waiting_peer`: 32 threads append one leaf each and wait until theirs is on disk; the peer has no group commit,
so its threads take turns. Both write full and partial tiles; ours also signs after every eighth batch.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import aics_tlog

from sunporch.base.notekeys import SignerKey
from sunporch.tlog.commits import GroupCommit
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer

BATCH = 1024
BATCHES = 32
SIGN_EVERY = 8
LEAF_BYTES = 600
WRITERS = 32
WAITING_OURS = 6400
WAITING_PEER = 320
KEY = SignerKey("demo.benchmark", b"\x01" * 32)


def leaves(count: int) -> list[bytes]:
    """Return different leaves of one size."""
    return [f"{number}\n".encode().ljust(LEAF_BYTES, b".") for number in range(count)]


def rate(count: int, work: Callable[[], None]) -> float:
    """Return how many per second."""
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def threads(count: int, append: Callable[[bytes], object]) -> Callable[[], None]:
    """Return the work of all waiting writers together."""
    shares = [leaves(count)[number::WRITERS] for number in range(WRITERS)]

    def one(share: list[bytes]) -> None:
        for leaf in share:
            append(leaf)

    def work() -> None:
        running = [threading.Thread(target=one, args=(share,)) for share in shares]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    return work


def ours(folder: Path) -> tuple[float, float]:
    """Return our two rates."""
    items = leaves(BATCH * BATCHES)
    with Writer(DirectoryStorage(folder / "batched")) as log:

        def batched() -> None:
            for number in range(BATCHES):
                log.append(items[number * BATCH : (number + 1) * BATCH])
                if number % SIGN_EVERY == SIGN_EVERY - 1:
                    log.sign_checkpoint(KEY)

        first = rate(len(items), batched)
    with Writer(DirectoryStorage(folder / "waiting")) as log:
        return first, rate(WAITING_OURS, threads(WAITING_OURS, GroupCommit(log).append))


def peer(folder: Path) -> tuple[float, float]:
    """Return the peer's two rates."""
    items = leaves(BATCH * BATCHES)
    log = aics_tlog.IncrementalTileWriter(aics_tlog.DirectoryTileStore(folder / "batched"))

    def batched() -> None:
        for number in range(BATCHES):
            log.append(items[number * BATCH : (number + 1) * BATCH])

    first = rate(len(items), batched)
    single = aics_tlog.IncrementalTileWriter(aics_tlog.DirectoryTileStore(folder / "waiting"))
    turn = threading.Lock()

    def append(leaf: bytes) -> None:
        with turn:
            single.append([leaf])

    return first, rate(WAITING_PEER, threads(WAITING_PEER, append))


def rounds(n: int) -> dict:
    """Return `n` alternated rounds, in appends per second."""
    found = []
    for number in range(n):
        with tempfile.TemporaryDirectory(prefix="sunporch-bench-") as name:
            order = (ours, peer) if number % 2 == 0 else (peer, ours)
            measured = {one.__name__: one(Path(name) / one.__name__) for one in order}
        found.append(
            {
                "ours": measured["ours"][0],
                "peer": measured["peer"][0],
                "waiting_ours": measured["ours"][1],
                "waiting_peer": measured["peer"][1],
            }
        )
    return {
        "peer": "aics-tlog IncrementalTileWriter, fsync on",
        "rounds": found,
        "goals": [
            goal("durable appends, batched", 30_000, "1/s", "ours"),
            goal("durable appends, 32 writers that wait", 2_000, "1/s", "waiting_ours"),
            goal("batched beside the peer", 1.0, "times", "ratio"),
        ],
    }


def goal(name: str, least: float, unit: str, of: str) -> dict:
    """Return a goal of which more is better."""
    return {"name": name, "goal": least, "unit": unit, "better": "higher", "of": of}


if __name__ == "__main__":
    print(rounds(2))
