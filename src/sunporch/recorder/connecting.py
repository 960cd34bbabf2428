# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a camera for its stream: RTSP over TCP by FFmpeg, and what of it can be recorded."""

from __future__ import annotations

from dataclasses import dataclass

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from sunporch.recorder.errors import STREAM_UNREADABLE
from sunporch.recorder.failures import explain
from sunporch.recorder.source import CameraSource
from sunporch.recorder.units import Codec

CONNECT_SECONDS = 5.0
ANALYSE_SECONDS = 1.0
# Who only looks waits longer: the first whole picture may come this late, and says how large it is.
LOOK_SECONDS = 10.0


@dataclass(frozen=True)
class Look:
    """What a camera shows: pixels, and the pictures' codec by PyAV's name."""

    width: int
    height: int
    codec: Codec


def connect(source: CameraSource, silence: float, analyse: float = ANALYSE_SECONDS) -> InputContainer:
    """Open the camera's stream; after `silence` seconds without a packet reading fails. Raises FFmpeg's errors."""
    options = {
        "rtsp_transport": "tcp",
        "timeout": str(int(CONNECT_SECONDS * 1_000_000)),
        "analyzeduration": str(int(analyse * 1_000_000)),
        # Where sound is off the microphone is not even set up with the camera.
        "allowed_media_types": "video+audio" if source.sound else "video",
    }
    return av.open(source.connectable(), options=options, timeout=(CONNECT_SECONDS + analyse, silence))


def pictures_of(container: InputContainer, where: str) -> tuple[VideoStream, Codec]:
    """Return the stream of pictures, or raise `recorder.stream-unreadable`."""
    if not container.streams.video:
        raise STREAM_UNREADABLE(where=where, reason="it sends no pictures")
    stream: VideoStream = container.streams.video[0]
    name = stream.codec_context.name
    if name not in set(Codec):
        raise STREAM_UNREADABLE(where=where, reason=f"it sends {name}")
    return stream, Codec(name)


def look(source: CameraSource) -> Look:
    """Ask an rtsp:// camera once what it shows; raises `recorder.` errors that name what is wrong."""
    where = source.checked().shown()
    try:
        with connect(source, LOOK_SECONDS, LOOK_SECONDS) as container:
            stream, codec = pictures_of(container, where)
            if not stream.width:
                raise STREAM_UNREADABLE(where=where, reason="no whole picture came")
            return Look(stream.width, stream.height, codec)
    except av.error.FFmpegError as error:
        _, told = explain(error, where, connected=False)
        raise told from error
