# SPDX-License-Identifier: AGPL-3.0-or-later
"""The voice track where the resident chose to keep it: decoded and encoded anew as AAC, nothing copied.

Every sample stands at its own time from the start of the cut: what lies outside the cut is cut off to the sample, a
gap in the recording is silence of the same length, so that sound and picture stay together behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler

from sunporch.redact.plan import TICKS

RATE = 48_000
PIECE = 1_024  # samples encoded at a time
FULL_SCALE = 1 << 15
# Times of cameras waver; a step larger than this is a gap, a smaller one is played on without a click.
MOST_WAVER = RATE // 10


class SoundTrack:
    """The sound of a clip, encoded at once and muxed beside the picture."""

    def __init__(self, container: Any, frames: list[tuple[av.AudioFrame, int]], length_90k: int) -> None:
        self._container = container
        self._stream = container.add_stream("aac", rate=RATE)
        self._stream.codec_context.layout = "mono"
        samples = np.zeros((1, length_90k * RATE // TICKS), np.int16)
        for at, piece in _placed(frames):
            first, last = max(0, at), min(samples.shape[1], at + piece.shape[1])
            if first < last:
                samples[:, first:last] = piece[:, first - at : last - at]
        self._packets = list(self._encoded(samples))

    def _encoded(self, samples: np.ndarray[Any, np.dtype[np.int16]]) -> Iterator[Any]:
        for at in range(0, samples.shape[1], PIECE):
            piece = samples[:, at : at + PIECE].astype(np.float32) / FULL_SCALE
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            yield from self._stream.encode(frame)
        yield from self._stream.encode(None)

    def mux_until(self, end_90k: int) -> None:
        """Mux what begins before this time from the start of the cut."""
        while self._packets and self._packets[0].pts * TICKS // RATE < end_90k:
            self._container.mux(self._packets.pop(0))


def _placed(frames: list[tuple[av.AudioFrame, int]]) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Yield mono pieces at the rate of the clip with the sample at which each stands."""
    resampler, at = AudioResampler(format="s16p", layout="mono", rate=RATE), None
    for frame, at_90k in frames:
        wanted = at_90k * RATE // TICKS
        if at is None or abs(wanted - at) > MOST_WAVER:
            resampler, at = AudioResampler(format="s16p", layout="mono", rate=RATE), wanted
        frame.pts = None
        for piece in resampler.resample(frame):
            yield at, piece.to_ndarray()
            at += piece.samples
