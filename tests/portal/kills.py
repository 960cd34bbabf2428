# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kills a deed of the portal at every point where it makes something durable: strace does it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from tests.portal.street import ORIGIN, Street

CALLS = ("fsync", "fdatasync", "rename", "pwrite64")


class Zygote:
    """The process that forks the deeds."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.portal.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def do(self, street: Street, killed_at: tuple[str, int] | None, **wanted) -> tuple[int, str]:
        """Let a child do the deed under strace, killed at the n-th call; return its status and what it called."""
        line = {
            "folder": str(street.folder),
            "origin": ORIGIN,
            "witnesses": [witness.url for witness in street.witnesses],
        } | wanted
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        command = ["strace", "-f", "-p", str(pid), "-e", f"trace={','.join(CALLS)}"]
        if killed_at is not None:
            command += ["-e", f"inject={killed_at[0]}:signal=KILL:when={killed_at[1]}"]
        strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert "attached" in strace.stderr.readline()
        os.kill(pid, signal.SIGCONT)
        output = strace.stderr.read()
        strace.wait()
        strace.stderr.close()
        return int(self._process.stdout.readline()), output


def passed(output: str) -> list[tuple[str, int]]:
    """Return the points of a run: call by call, how often it was passed."""
    return [
        (call, number)
        for call in CALLS
        for number in range(1, 1 + sum(f"{call}(" in line for line in output.splitlines()))
    ]
