# SPDX-License-Identifier: AGPL-3.0-or-later
"""The home archive: sealed segments, keys, retention, timeline with gaps. It knows nothing of requests."""

from sunporch.vault.chain import check_proof
from sunporch.vault.dateless import Dateless
from sunporch.vault.footage import Footage, Part
from sunporch.vault.imports import Imported
from sunporch.vault.keys import Mode
from sunporch.vault.retention import Kept, Left, Storage
from sunporch.vault.timeline import TICKS, UNKNOWN_BEFORE_90K, Cause, Gap, Span, Timeline, tiles_exactly
from sunporch.vault.vault import Camera, Hold, Vault
from sunporch.vault.writer import SegmentWriter

__all__ = [
    "TICKS", "UNKNOWN_BEFORE_90K", "Camera", "Cause", "Dateless", "Footage", "Gap", "Hold", "Imported", "Kept",
    "Left", "Mode", "Part", "SegmentWriter", "Span", "Storage", "Timeline", "Vault", "check_proof", "tiles_exactly",
]  # fmt: skip
