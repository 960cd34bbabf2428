# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras into the vault: RTSP over TCP by stream copy, every gap with its cause."""

from sunporch.recorder.camera import CameraStatus, State
from sunporch.recorder.connecting import Look, look
from sunporch.recorder.live import LivePart
from sunporch.recorder.recorder import Recorder
from sunporch.recorder.source import CameraSource

__all__ = ["CameraSource", "CameraStatus", "LivePart", "Look", "Recorder", "State", "look"]
