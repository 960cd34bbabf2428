# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records cameras into the vault, one thread each; decides nothing about what is recorded."""

from __future__ import annotations

from random import Random

from sunporch.base.clock import Clock
from sunporch.recorder.camera import MAX_SILENCE_SECONDS, CameraStatus, CameraThread
from sunporch.recorder.connecting import CONNECT_SECONDS
from sunporch.recorder.errors import CAMERA_BUSY, SOURCE_REFUSED
from sunporch.recorder.live import Live
from sunporch.recorder.source import CameraSource
from sunporch.vault import Cause, Vault

MAX_CAMERAS = 32


class Recorder:
    """All cameras of one vault. A camera that stops or fails never disturbs another."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        """The clock gives wall time and waiting; a step of it ends every run with `clock_step`."""
        self._vault = vault
        self._clock = clock
        self._threads: dict[str, CameraThread] = {}

    def start(self, source: CameraSource) -> None:
        """Begin to record a camera; raises `recorder.source-refused`, `recorder.camera-busy`."""
        source.checked()
        running = self._threads.get(source.camera)
        if running is not None and running.is_alive():
            raise CAMERA_BUSY(where=source.shown())
        if sum(thread.is_alive() for thread in self._threads.values()) >= MAX_CAMERAS:
            raise SOURCE_REFUSED(where=source.shown(), reason=f"{MAX_CAMERAS} cameras are the most")
        # Jitter only: cameras behind one switch must not all come back in the same instant.
        thread = CameraThread(self._vault, self._clock, source, Random())  # noqa: S311 - not a secret
        self._threads[source.camera] = thread
        thread.start()

    def status(self) -> dict[str, CameraStatus]:
        """Return the status of each camera by its id."""
        return {camera: thread.status for camera, thread in self._threads.items()}

    def live(self, camera: str) -> Live | None:
        """Return the newest pictures of a camera, None for one that was never started."""
        thread = self._threads.get(camera)
        return None if thread is None else thread.live

    def stop(self, camera: str | None = None, cause: Cause = Cause.HUB_OFF) -> None:
        """End one camera or all, finishing their segments; a pause is a stop with `paused_by_resident`."""
        ending = [thread for name, thread in self._threads.items() if camera in (None, name)]
        for thread in ending:
            thread.end(cause)
        for thread in ending:
            thread.join(2 * (CONNECT_SECONDS + MAX_SILENCE_SECONDS))
