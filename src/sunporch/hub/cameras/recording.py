# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps every configured camera recording and writes down how each does. Recording waits for nobody else's fault."""

from __future__ import annotations

from sunporch.base.errors import Error
from sunporch.hub.cameras import actions
from sunporch.hub.cameras.models import Camera
from sunporch.recorder import CameraStatus, Recorder, State
from sunporch.vault import Cause


class Recording:
    """All cameras of this home."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._noted: dict[str, tuple[object, ...]] = {}
        self._paused: set[str] = set()

    def step(self) -> None:
        """Start cameras that were added or go on, stop those that a resident paused, write down what changed."""
        statuses = self._recorder.status()
        for camera in Camera.objects.filter(taken_in=False):
            if camera.paused:
                if camera.id in statuses and camera.id not in self._paused:
                    self._recorder.stop(camera.id, Cause.PAUSED_BY_RESIDENT)
                self._paused.add(camera.id)
            elif camera.id in self._paused or camera.id not in statuses:
                self._paused.discard(camera.id)
                self._start(camera)
        for status in statuses.values():
            self._note(status)

    def _start(self, camera: Camera) -> None:
        try:
            self._recorder.start(actions.source_of(camera))
        except Error as error:
            actions.note_refusal(camera.id, error)

    def _note(self, status: CameraStatus) -> None:
        """Write down a status that changed; how far recording came is written about every second."""
        shown = actions.shown(status)
        if self._noted.get(status.camera) == shown:
            return
        actions.note_status(status, taken_in=status.state is State.FINISHED)
        self._noted[status.camera] = shown

    def stop(self) -> None:
        """End all cameras, finishing their segments."""
        self._recorder.stop()
        for status in self._recorder.status().values():
            self._note(status)
