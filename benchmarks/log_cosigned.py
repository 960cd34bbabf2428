# SPDX-License-Identifier: AGPL-3.0-or-later
"""From an append to its co-signed, published checkpoint: three co-signers, each a process of its own on loopback.

`ours` is the 99th percentile in milliseconds of append (durable) -> sign -> three `POST /add-checkpoint` with their
consistency proofs -> quorum checked -> published. `peer` is that of three plain `GET /healthz` to the same
processes: what the way there and back costs alone.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from sunporch.base.digests import to_base64
from sunporch.base.notekeys import SignerKey
from sunporch.tlog.notes import Note, Signature
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.proofs import consistency
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer

ORIGIN = "demo.benchmark"
LOG = SignerKey(ORIGIN, b"\x01" * 32)
COUNT = 3
APPENDS = 200
READY_SECONDS = 20
LEAF = b"x" * 600


@contextlib.contextmanager
def witnesses(folder: Path) -> Iterator[tuple[list[httpx.Client], TrustPolicy]]:
    """Start the co-signers; yield a client for each and the policy that names them."""
    program = [
        sys.executable,
        "-c",
        "import sys; from sunporch.witness.command import command; command(sys.argv[1:])",
    ]
    running, clients, lines = [], [], []
    try:
        for number in range(COUNT):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            given = ["--origin", ORIGIN, "--log-key", str(LOG.verifier), "--name", f"w{number}", "--port", str(port)]
            init = [*program, "init", *given, "--data", str(folder / f"w{number}")]
            made = json.loads(subprocess.run(init, capture_output=True, check=True).stdout)
            lines.append(f"witness w{number} {made['key']}\n")
            run = [*program, "run", "--config", made["config"], "--parent-pipe"]
            running.append(subprocess.Popen(run, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL))
            clients.append(httpx.Client(base_url=f"http://127.0.0.1:{port}"))
        for client in clients:
            wait(client)
        names = " ".join(f"w{number}" for number in range(COUNT))
        yield clients, TrustPolicy.parse(f"log {LOG.verifier}\n{''.join(lines)}group all all {names}\nquorum all\n")
    finally:
        for client in clients:
            client.close()
        for process in running:
            process.stdin.close()
            process.wait()


def wait(client: httpx.Client) -> None:
    """Wait until the co-signer is ready."""
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            client.get("/readyz").raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def p99(work: Callable[[], None]) -> float:
    """Return the 99th percentile in milliseconds."""
    times = []
    for _ in range(APPENDS):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return sorted(times)[int(0.99 * APPENDS)]


def rounds(n: int) -> dict:
    """Return `n` alternated rounds."""
    found = []
    with tempfile.TemporaryDirectory(prefix="sunporch-bench-") as name, ThreadPoolExecutor(COUNT) as pool:
        folder = Path(name)
        with witnesses(folder) as (clients, policy), Writer(DirectoryStorage(folder / "log")) as log:

            def ask(client: httpx.Client, body: bytes) -> Signature:
                answer = client.post("/add-checkpoint", content=body).raise_for_status()
                return Signature.parse(answer.text.removesuffix("\n"))

            def cosigned() -> None:
                old = log.size
                log.append([LEAF])
                note: Note = log.sign_checkpoint(LOG)
                proof = "".join(f"{to_base64(item)}\n" for item in consistency(log.read, old, log.size))
                body = f"old {old}\n{proof}\n".encode() + note.encode()
                signatures = pool.map(ask, clients, [body] * COUNT)
                log.keep_checkpoint(policy.open(note.with_signatures(*signatures).encode(), ORIGIN))

            def there_and_back() -> None:
                list(pool.map(lambda client: client.get("/healthz").raise_for_status(), clients))

            work = {"ours": cosigned, "peer": there_and_back}
            for number in range(n):
                order = list(work) if number % 2 == 0 else list(reversed(work))
                item = {name: p99(work[name]) for name in order}
                found.append({"ours": item["ours"], "peer": item["peer"]})
    return {
        "peer": "three GET /healthz to the same processes",
        "rounds": found,
        "goals": [
            {"name": "append to co-signed, p99", "goal": 50.0, "unit": "ms", "better": "lower", "of": "ours"},
        ],
    }


if __name__ == "__main__":
    print(rounds(2))
