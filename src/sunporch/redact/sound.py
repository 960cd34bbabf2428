# SPDX-License-Identifier: AGPL-3.0-or-later
"""The voice track where the resident chose to keep it: decoded and encoded anew as AAC, nothing copied."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.audio.resampler import AudioResampler

from sunporch.redact.plan import TICKS

RATE = 48_000


class SoundTrack:
    """The sound of a clip, encoded at once and muxed beside the picture."""

    def __init__(self, container: Any, frames: list[tuple[av.AudioFrame, int]]) -> None:
        self._container = container
        stream = container.add_stream("aac", rate=RATE)
        stream.codec_context.layout = "mono"
        resampler = AudioResampler(format="fltp", layout="mono", rate=RATE)
        packets: list[Any] = []
        start = frames[0][1] * RATE // TICKS
        at = start
        for frame, _ in frames:
            frame.pts = None
            for piece in resampler.resample(frame):
                piece.pts, piece.time_base = at, Fraction(1, RATE)
                at += piece.samples
                packets += stream.encode(piece)
        self._packets = packets + stream.encode(None)

    def mux_until(self, end_90k: int) -> None:
        """Mux what begins before this time from the start of the cut."""
        while self._packets and self._packets[0].pts * TICKS // RATE < end_90k:
            self._container.mux(self._packets.pop(0))
