# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps every configured camera recording and writes down how each does. Recording waits for nobody else's fault."""

from __future__ import annotations

from sunporch.base.errors import Error
from sunporch.hub.cameras import actions
from sunporch.hub.cameras.models import Camera
from sunporch.recorder import CameraSource, CameraStatus, Recorder, State
from sunporch.vault import Cause


class Recording:
    """All cameras of this home."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._noted: dict[str, tuple[object, ...]] = {}
        # What each camera that is recorded was started with.
        self._started: dict[str, CameraSource] = {}

    def step(self) -> None:
        """Start cameras that were added or go on, stop those that a resident paused, write down what changed.

        One with another address or login is stopped and started: the second between counts as a pause.
        """
        statuses = self._recorder.status()
        for camera in Camera.objects.filter(taken_in=False):
            source = None if camera.paused else actions.source_of(camera)
            if source == self._started.get(camera.id):
                continue
            if self._started.pop(camera.id, None) is not None:
                self._recorder.stop(camera.id, Cause.PAUSED_BY_RESIDENT)
            if source is not None:
                self._start(source)
        for status in statuses.values():
            self._note(status)

    def _start(self, source: CameraSource) -> None:
        try:
            self._recorder.start(source)
        except Error as error:
            actions.note_refusal(source.camera, error)
        else:
            self._started[source.camera] = source

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
