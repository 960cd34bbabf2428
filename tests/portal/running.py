# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch portal run` over a street's folder: real processes, a real port."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.portal.street import Street

WAIT_SECONDS = 100


class Portal:
    """`sunporch portal run` over a street's folder."""

    def __init__(self, street: Street, port: int = 0, **more: object) -> None:
        self.port = port or free_port()
        self.street = street
        self.config = street.folder / "run.toml"
        values = {
            "origin": street.settings.origin,
            "data_dir": str(street.data),
            "secret_key": street.settings.secret_key,
            "port": self.port,
            "witnesses": street.settings.witnesses,
        } | more
        self.config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
        self.log = (street.folder / "run.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sunporch.portal.command", "run", "--config", str(self.config), "--parent-pipe"],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=WAIT_SECONDS)

    def wait_ready(self) -> None:
        until(lambda: self.answers("/readyz"), "the portal answers", self)

    def answers(self, path: str) -> bool:
        try:
            return self.client.get(path).status_code == 200
        except httpx.TransportError:
            return False

    def pids(self) -> dict[str, int]:
        with contextlib.suppress(FileNotFoundError):
            return json.loads((self.street.data / "pids.json").read_text())
        return {}

    def family(self) -> set[int]:
        """Return every living process of this portal: those in pids.json and granian's worker."""
        found = set()
        for pid in self.pids().values():
            found |= {pid, *children(pid)}
        return found

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(WAIT_SECONDS)
        finally:
            self.client.close()
            self.log.close()


def free_port() -> int:
    """Return a port of the system's choice that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(pid: int) -> set[int]:
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {int(word) for word in task.read_text().split()}
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition, what: str, portal: Portal | None = None) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            log = Path(portal.log.name).read_text()[-2000:] if portal else ""
            raise AssertionError(f"waited {WAIT_SECONDS} s in vain: {what}\n{log}")
        time.sleep(0.05)
