# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door between the worker, which has the live pictures, and the pages, which show them: a socket of this user.

It lies in the hub's folder (0700, itself 0600) and lets in programs of the same user only (SO_PEERCRED). One question
a connection, a line of JSON; one answer, a line of JSON and bytes. Pictures pass through memory; no disk sees them.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.hub.errors import WORKER_SILENT
from sunporch.recorder import LivePart, Recorder
from sunporch.recorder.errors import STREAM_UNREADABLE
from sunporch.recorder.live import MAX_LIVE_BYTES
from sunporch.vault import TICKS

NAME = "live.sock"
BACKLOG = 32
# The caller is a process of ours; one that is slower is given up, so that the others go on.
ANSWER_SECONDS = 2.0
POLL_SECONDS = 0.5
MAX_QUESTION = 512
# All that is kept of a camera, with room for boxes and the line before it.
MAX_ANSWER = MAX_LIVE_BYTES + 1024 * 1024
_PIECE = 256 * 1024
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid (unix(7))


@dataclass(frozen=True)
class Seen:
    """A piece of live film and how old its newest picture is, seconds."""

    part: LivePart
    age_s: float


@contextlib.contextmanager
def _place(folder: Path) -> Iterator[str]:
    """Give the socket's address: the name of a socket holds 107 bytes, a folder's descriptor stands for any path."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)


class LiveDoor:
    """The worker's side."""

    def __init__(self, recorder: Recorder, clock: Clock, folder: Path) -> None:
        """`folder` is the hub's data folder."""
        self._recorder = recorder
        self._clock = clock
        self._folder = folder

    def serve(self, stopping: Callable[[], bool]) -> None:
        """Answer one caller after the other until told to stop."""
        with _place(self._folder) as place, socket.socket(socket.AF_UNIX) as door:
            Path(place).unlink(missing_ok=True)  # of a worker that was killed
            door.bind(place)
            Path(place).chmod(0o600)
            door.listen(BACKLOG)
            door.settimeout(POLL_SECONDS)
            try:
                while not stopping():
                    with contextlib.suppress(TimeoutError):
                        caller, _ = door.accept()
                        self._answer(caller)
            finally:
                Path(place).unlink(missing_ok=True)

    def _answer(self, caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):  # a caller that went away wants nothing
            caller.settimeout(ANSWER_SECONDS)
            credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            if _CREDENTIALS.unpack(credentials)[1] != os.geteuid():
                return
            question = caller.makefile("rb").readline(MAX_QUESTION)
            head, data = self._found(json.loads(question)) if question.endswith(b"\n") else ({}, b"")
            caller.sendall(json.dumps(head).encode() + b"\n" + data)

    def _found(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        live = self._recorder.live(question["camera"])
        if live is None:
            return {}, b""
        try:
            part = live.whole() if question["whole"] else live.part(question["run"], question["after"])
        except Error as error:
            if error.kind is not STREAM_UNREADABLE:
                raise
            return {}, b""  # recording it fails by the same, and the camera's row says why
        if part is None:
            return {}, b""
        head = {name: value for name, value in asdict(part).items() if name != "data"}
        return head | {"age_s": max(0.0, self._clock.monotonic() - part.arrived / TICKS)}, part.data


def is_open(folder: Path) -> bool:
    """Say whether the worker of the hub in this folder is at work."""
    try:
        with _place(folder) as place, socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(ANSWER_SECONDS)
            caller.connect(place)
    except OSError:
        return False
    return True


def ask(folder: Path, camera: str, run: str = "", after: int = 0, *, whole: bool = False) -> Seen | None:
    """Return what came since picture `after` of the run, or with `whole` the newest picture that stands alone.

    None where this camera shows nothing now. Raises `hub.worker-silent`.
    """
    question = {"camera": camera, "run": run, "after": after, "whole": whole}
    try:
        with _place(folder) as place, socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(ANSWER_SECONDS)
            caller.connect(place)
            caller.sendall(json.dumps(question).encode() + b"\n")
            answer = _all(caller)
    except OSError as error:
        raise WORKER_SILENT(where=camera) from error
    line, _, data = answer.partition(b"\n")
    if not line:
        raise WORKER_SILENT(where=camera)
    head = json.loads(line)
    if not head:
        return None
    age = head.pop("age_s")
    return Seen(LivePart(**head, data=data), age)


def _all(caller: socket.socket) -> bytes:
    answer = bytearray()
    while piece := caller.recv(_PIECE):
        answer += piece
        if len(answer) > MAX_ANSWER:
            raise OSError("the answer does not end")
    return bytes(answer)
