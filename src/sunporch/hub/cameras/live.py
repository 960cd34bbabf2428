# SPDX-License-Identifier: AGPL-3.0-or-later
"""What residents see of a camera now: live film in short pieces, and the newest picture as a still."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from pathlib import Path

from sunporch.base.clock import Clock, SystemClock
from sunporch.base.errors import Error
from sunporch.hub.cameras import door, pictures
from sunporch.hub.cameras.models import Camera
from sunporch.hub.errors import LIVE_AWAY, LIVE_CROWDED, LIVE_PAUSED, PICTURE_ABSENT, WORKER_SILENT
from sunporch.vault import Vault

# So many pages show live pictures at once; one that did not ask for so long shows them no more.
MOST_VIEWERS = 8
VIEWER_SECONDS = 6.0
FOR_EVER_90K = 2**62
# Waiting is real waiting: the town clock of a demo does not concern it.
WALL = SystemClock()
# Why there is nothing to see now: states of a camera, no failures of whoever asks.
AWAY = (LIVE_AWAY, LIVE_PAUSED, WORKER_SILENT)


class Viewers:
    """The pages that show live pictures now, in memory of the one process that serves the site."""

    def __init__(self, clock: Clock) -> None:
        """Nobody looks yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def note(self, viewer: str) -> None:
        """Count a page that asks; raises `hub.live-crowded` for one too many."""
        with self._lock:
            now = self._clock.monotonic()
            self._seen = {one: at for one, at in self._seen.items() if now - at < VIEWER_SECONDS}
            if viewer not in self._seen and len(self._seen) >= MOST_VIEWERS:
                raise LIVE_CROWDED(most=MOST_VIEWERS)
            self._seen[viewer] = now


VIEWERS = Viewers(WALL)


@dataclass(frozen=True)
class Still:
    """A picture (JPEG) and when it was taken, Unix seconds."""

    picture: bytes
    at: float


@dataclass(frozen=True)
class _Film:
    """Live film as something that can be decoded; its own time stands for wall time."""

    data: bytes
    sha256: str = ""

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)

    def wall_90k(self, media_90k: int) -> int:
        return media_90k


def part(folder: Path, camera: Camera, viewer: str, run: str, after: int) -> door.Seen:
    """Return what this camera showed since picture `after` of the run; `folder` is the hub's.

    Raises `hub.live-paused`, `hub.live-away`, `hub.live-crowded`, `hub.worker-silent`.
    """
    VIEWERS.note(viewer)
    if camera.paused:
        raise LIVE_PAUSED(where=camera.name)
    seen = door.ask(folder, camera.id, run, after)
    if seen is None:
        because = camera.error_what  # nothing yet of a camera that was added a moment ago
        raise LIVE_AWAY(where=camera.name, because=f" {because}" if because else "")
    return seen


def newest(folder: Path, vault: Vault, camera: Camera, clock: Clock) -> Still:
    """Return the camera's newest picture: of now where there is one, else of the archive.

    Raises `hub.picture-absent`.
    """
    seen = None
    if not camera.paused:
        try:
            seen = door.ask(folder, camera.id, whole=True)
        except Error as error:
            if error.kind is not WORKER_SILENT:
                raise
            # The archive has pictures all the same; that the worker is silent, the live picture says.
    if seen is None:
        return Still(*pictures.newest_still(vault, camera))
    found = pictures.first(_Film(seen.part.data), 0, FOR_EVER_90K)
    if found is None:
        raise PICTURE_ABSENT(where=camera.name)
    return Still(found, clock.now_ns() / 1e9 - seen.age_s)
