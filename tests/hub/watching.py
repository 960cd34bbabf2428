# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that goes on for ever, and the parts of the hub's worker that record and show it."""

from __future__ import annotations

import itertools
import threading

from sunporch.base.clock import SystemClock
from sunporch.hub.cameras import door
from sunporch.hub.cameras.recording import Recording
from sunporch.recorder import Recorder
from tests.recorder.faultcam import STEP

LENGTH, A_SECOND = 300, 30


async def for_ever(session):
    """Every picture in its turn, thirty a second, round and round."""
    for turn in itertools.count():
        await session.units(0, LENGTH, rtp=turn * LENGTH * STEP)


class Worker:
    """Its threads, on the real clock; `step` is what it does twice a second."""

    def __init__(self, home):
        self.recorder = Recorder(home.vault, SystemClock())
        self.recording = Recording(self.recorder)
        self.ending = threading.Event()
        self.door = door.LiveDoor(self.recorder, SystemClock(), home.hub.data_dir)
        self.thread = threading.Thread(target=self.door.serve, args=(self.ending.is_set,))
        self.thread.start()

    def step(self):
        self.recording.step()
        self.recording.step()

    def end(self):
        self.ending.set()
        self.thread.join()
        self.recording.stop()
