# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a recorded opening to the custodian's half key: a custodian of its own process, log and all on loopback.

`ours` is the 99th percentile in milliseconds of `POST /access` with a fresh opening each time: the custodian reads
the log on (checkpoint, list, kept checkpoint, bundle), checks quorum, proof, lease and signer, makes the answer
durable and seals it. `peer` is that of `GET /healthz` at the same process: what the way there and back costs alone.
"""

from __future__ import annotations

import base64
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.custodian.test_process import Running  # noqa: E402  # the repository is no package of its own

OPENINGS = 100
WARM_UP = 10


def percentile(values: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def milliseconds(act: Callable[[], httpx.Response]) -> float:
    begin = time.perf_counter()
    answer = act()
    spent = (time.perf_counter() - begin) * 1_000
    answer.raise_for_status()
    return spent


def one_round(running: Running, client: httpx.Client, clip: object) -> dict[str, float]:
    ours, peer = [], []
    for number in range(OPENINGS + WARM_UP):
        running.set_clock()  # the small town of the tests stands still in time
        opening = running.office.sign_opening(clip)
        call = {"leaf": base64.b64encode(opening.leaf).decode(), "proof": opening.proof}
        took = milliseconds(lambda call=call: client.post("/access", json=call))
        there_and_back = milliseconds(lambda: client.get("/healthz"))
        if number >= WARM_UP:
            ours.append(took)
            peer.append(there_and_back)
    return {"ours": round(percentile(ours), 3), "peer": round(percentile(peer), 3)}


def rounds(count: int) -> dict:
    with tempfile.TemporaryDirectory() as scratch:
        running = Running(Path(scratch))
        try:
            custodian = running.start()
            clip = running.share(custodian, 1)
            custodian.close()
            with httpx.Client(base_url=f"http://127.0.0.1:{running.port}", trust_env=False) as client:
                measured = [one_round(running, client, clip) for _ in range(count)]
        finally:
            running.close()
    return {
        "peer": "GET /healthz at the same process",
        "rounds": measured,
        "goals": [{"name": "access -> half key, p99", "goal": 100, "unit": "ms", "better": "lower", "of": "ours"}],
    }
