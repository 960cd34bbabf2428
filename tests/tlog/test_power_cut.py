# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promise 8: whatever instant the writer is killed or the power goes, no second root for a size, nothing lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import pytest

from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.hashing import CompactRange
from sunporch.tlog.reader import advance, audit, kept_path, parse_sizes
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from tests.tlog.logs import LOG_KEY, ORIGIN, POLICY, leaves, publish, reader
from tests.tlog.powercut import ForgetfulStorage, PowerCutError

SYSTEM_CALLS = ("write", "fsync", "fdatasync", "rename", "mkdir")
STRIDE = 4  # every run of the suite plays each fourth point; `make soak` plays all
NEXT_LEAVES = 5


@pytest.fixture
def memory():
    """A folder in memory where there is one: what is tested here is order, not the speed of the disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def promises_kept(folder: Path, acknowledged: int, signed: dict[int, bytes]) -> None:
    """Open the log again, write on with other leaves, and hold it to everything it said before."""
    with Writer(DirectoryStorage(folder)) as writer:
        assert writer.size >= acknowledged
        for size, root in signed.items():
            assert writer.root(size) == root
            audit(Checkpoint(ORIGIN, size, root), reader(folder))  # whoever holds the signature can read its entries
        before = POLICY.open(kept, ORIGIN) if (kept := writer.read("checkpoint")) else None
        writer.append([f"after {number}".encode() for number in range(NEXT_LEAVES)])
        cosigned = publish(writer)
        fetch = reader(folder)
        audit(cosigned.checkpoint, fetch)
        sizes = parse_sizes(fetch("checkpoints/sizes"))
        assert sizes[-1] == writer.size
        stages = [POLICY.open(fetch(kept_path(size)), ORIGIN).checkpoint for size in sizes]
        if before is not None:
            stages.append(before.checkpoint)
        for stage in stages:
            assert signed.get(stage.size, stage.root) == stage.root
        advance(CompactRange(), cosigned.checkpoint, fetch, stages)


def killed_run(folder: Path, call: str, number: int) -> tuple[bool, int, dict[int, bytes]]:
    """Run the writer, killed at its n-th such system call; return whether it came to its end, and its promises."""
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}"]
    command = [*strace, sys.executable, "-B", "-m", "tests.tlog.writing", str(folder), "a"]  # its own files alone
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    acknowledged, signed, ended = 0, {}, False
    for line in done.stdout.splitlines():
        match line.split():
            case ["appended", size]:
                acknowledged = int(size)
            case ["signed", size, root]:
                signed[int(size)] = bytes.fromhex(root)
            case ["end"]:
                ended = True
    return ended, acknowledged, signed


@pytest.mark.strace
@pytest.mark.promise(8)
@pytest.mark.requirement("R13")
@pytest.mark.parametrize("call", SYSTEM_CALLS)
def test_a_writer_killed_at_any_system_call_never_signs_a_second_root_and_loses_nothing(memory, soak, call):
    if not shutil.which("strace"):
        pytest.skip("needs strace: apt-get install strace")
    points, number, ended = 0, 1, False
    while True:
        folder = memory / str(number)
        ended, acknowledged, signed = killed_run(folder, call, number)
        promises_kept(folder, acknowledged, signed)
        if ended:
            break
        points += 1
        number += 1 if soak else STRIDE
    print(f"killed at {points} calls of {call}, 0 failures")
    assert points


@pytest.mark.promise(8)
def test_a_power_cut_at_any_operation_leaves_a_log_that_keeps_its_word(memory, soak):
    trials = 0
    for seed in range(40 if soak else 2):
        for left in range(60):
            folder = memory / f"{seed}-{left}"
            acknowledged, signed = 0, {}
            storage = ForgetfulStorage(folder, left, Random(f"{seed} {left}"))
            try:
                with Writer(storage) as writer:
                    for count in (3, 253, 4, 300):
                        writer.append(leaves(count, writer.size))
                        acknowledged = writer.size
                        head = POLICY.open_signed(writer.sign_checkpoint(LOG_KEY).encode(), ORIGIN).checkpoint
                        signed[head.size] = head.root
                        publish(writer)
            except PowerCutError:
                pass
            finally:
                storage.close()
            promises_kept(folder, acknowledged, signed)
            trials += 1
    print(f"{trials} power cuts, 0 failures, seeds 0-{seed}")
