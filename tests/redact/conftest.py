# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import pytest

from sunporch.base.digests import sha256
from sunporch.town.clips import cached_clip

EPOCH = 1_700_000_000 * 90_000  # where the clips below stand in wall time


@dataclass(frozen=True)
class Clip:
    """A recording in memory, its media time zero at `start_90k`."""

    data: bytes
    start_90k: int = EPOCH

    @property
    def sha256(self) -> str:
        return sha256(self.data).hex()

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)

    def wall_90k(self, media_90k: int) -> int:
        return self.start_90k + media_90k


@pytest.fixture(scope="session")
def street(tmp_path_factory) -> Clip:
    return Clip(cached_clip(tmp_path_factory.mktemp("clips"), 4).read_bytes())


def decoded(media: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(media)) as container:
        return list(container.decode(video=0))


def make(frames: int = 30, *, codec="libx264", pixels="yuv420p", size=(320, 240), container="mp4", **more) -> bytes:
    """Encode a plain moving picture in some odd form."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=more.get("muxer", {})) as output:
        stream = output.add_stream(codec, rate=15, options=more.get("options", {}))
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.sample_aspect_ratio = Fraction(more.get("aspect", 1))
        if more.get("sound"):
            voice = output.add_stream("aac", rate=48_000)
            voice.codec_context.layout = "mono"
            tone = (np.sin(np.arange(48_000 * frames // 15) * 0.05) * 0.3).astype(np.float32)[None]
            first, last = more.get("whistle", (0, frames))
            tone[:, : first * 48_000] = tone[:, last * 48_000 :] = 0
            for start in range(0, tone.shape[1] - 1024, 1024):
                piece = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(tone[:, start : start + 1024]), "fltp", "mono"
                )
                piece.rate, piece.pts = 48_000, start
                output.mux(voice.encode(piece))
            output.mux(voice.encode(None))
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), 30 + 5 * number % 200, np.uint8)
            picture[:, : size[0] // 2] = (250, 240, 10)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def turned_clockwise(media: bytes) -> bytes:
    """Return the MP4 with the matrix (ISO/IEC 14496-12, 8.3.2) that a phone held upright writes."""
    at = media.index(b"tkhd") + 4 + 40
    plain = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    assert media[at : at + 36] == plain
    return media[:at] + struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30) + media[at + 36 :]
