# SPDX-License-Identifier: AGPL-3.0-or-later
"""An archive with a clock that stands still, and footage of random bytes: the vault does not look into pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sunporch.base.clock import ManualClock
from sunporch.vault import TICKS, Mode, Vault

NOW = 1_700_000_000
PASSPHRASE = "a porch in the sun"
RUN = "0123456789abcdef"


def gop(number: int, size: int = 3000) -> bytes:
    """Return the bytes of a GOP, the same for the same number."""
    return hashlib.shake_256(b"gop %d" % number).digest(size)


def record(vault: Vault, camera: str, start_s: int, gops: int, *, each: int = 5, run: str = RUN) -> None:
    """Record `gops` seconds from `start_s` in segments of `each` GOPs of one second."""
    for first in range(0, gops, each):
        writer = vault.begin_segment(camera, "main", run, (start_s + first) * TICKS, b"init " + run.encode())
        for number in range(first, min(first + each, gops)):
            writer.append_gop(gop(number), number * TICKS, TICKS)
        writer.close()


def read(vault: Vault, camera: str, from_s: int, to_s: int) -> bytes:
    """Return the plaintext of all parts."""
    found = b""
    for part in vault.footage(camera, from_s, to_s).parts:
        with part.open() as file:
            found += file.read()
    return found


def sealed_files(vault: Vault) -> list[Path]:
    """Return the segment files, oldest first."""
    return sorted(vault.folder.rglob("*.sealed"), key=lambda path: path.stat().st_mtime_ns)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def vault(tmp_path: Path, clock: ManualClock) -> Iterator[Vault]:
    with Vault.create(tmp_path / "vault", clock) as vault:
        yield vault


@pytest.fixture(params=[Mode.SIMPLE, Mode.SEALED])
def either(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Vault]:
    """An archive of each mode, with a passphrase, unlocked."""
    with Vault.create(tmp_path / "vault", clock, request.param, PASSPHRASE) as vault:
        yield vault
