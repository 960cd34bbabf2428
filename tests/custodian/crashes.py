# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kills a program at each step at which it makes something durable: strace delivers SIGKILL at the n-th of a call."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

CALLS = "fsync,fdatasync,rename,pwrite64,ftruncate,unlink"
_CALL = re.compile(r"^\d+ +(\w+)\(")
TIME_LIMIT = 60


def steps(command: list, scratch: Path) -> list[tuple[str, int]]:
    """Run the program whole; return its durable steps in their order, each as a call and which of its kind it was."""
    trace = scratch / "trace"
    strace = ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={CALLS}"]
    subprocess.run([*strace, *command], check=True, capture_output=True, timeout=TIME_LIMIT)
    passed: Counter[str] = Counter()
    found = []
    for match in map(_CALL.match, trace.read_text().splitlines()):
        if match:
            passed[match[1]] += 1
            found.append((match[1], passed[match[1]]))
    return found


def killed(command: list, call: str, number: int) -> list[str]:
    """Run the program, kill it at this step, and return the words that it had said."""
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    strace += ["-e", f"inject={call}:signal=KILL:when={number}"]
    done = subprocess.run([*strace, *command], capture_output=True, text=True, timeout=TIME_LIMIT)
    assert done.returncode != 0, (call, number)
    return done.stdout.split()


def sample(found: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Return at most so many steps, evenly spread over the run, the last one always."""
    stride = -(-len(found) // most)
    return found[::-1][::stride][::-1]
