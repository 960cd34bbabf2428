# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clips and an archive for the recorder's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from sunporch.base.clock import ManualClock, SystemClock
from sunporch.town.clips import cached_clip, read_frame_number
from sunporch.vault import TICKS, Vault
from tests.recorder.faultcam import annexb_units


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def pictures(clips: Path) -> list[bytes]:
    """300 pictures in GOPs of 15."""
    return annexb_units(cached_clip(clips, 20, size="320x180", bitrate=150_000))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault.create(tmp_path / "vault", SystemClock()) as vault:
        yield vault


class SteppingClock:
    """Wall time that can be set, over a monotonic clock that cannot."""

    step_ns = 0
    boots = 0

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> int:
        return self.now_ns() // 10**9

    def now_ns(self) -> int:
        return self._clock.now_ns() + self.step_ns

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def boot(self) -> str:
        return f"boot {self.boots}"

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


def numbers(vault: Vault, camera: str, from_s: int, to_s: int) -> list[int]:
    """Decode all footage and return the frame numbers in order of time."""
    found = []
    for part in vault.footage(camera, from_s, to_s).parts:
        with part.open() as file, av.open(file) as container:
            for frame in container.decode(video=0):
                wall = part.wall_90k(frame.pts)
                if from_s * TICKS <= wall < to_s * TICKS:
                    found.append(read_frame_number(frame))
    return found
