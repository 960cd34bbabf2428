# SPDX-License-Identifier: AGPL-3.0-or-later
"""Maple Street with real rules: the docket's cast, a bundle, and the judge that all doors use."""

from __future__ import annotations

from functools import cache

import h3

from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.policy import PolicyJudge, decide, grid_text, parse_bundle, presets
from sunporch.policy.bundle import Bundle
from sunporch.policy.sample_town import maple_street
from tests.docket.people import Town

SAMPLE = maple_street()
AREA = tuple(sorted(h3.grid_disk(SAMPLE.centre, 1)))  # seven cells in the middle of the street


@cache
def bundle_of(preset: str = "consent", **limits: int) -> Bundle:
    return parse_bundle(presets.make(preset, SAMPLE.grid, SAMPLE.places, name=SAMPLE.name, **limits))


def cells_of(kind: str) -> tuple[str, ...]:
    """An area that the consent preset permits in size, around the sensitive place of the kind."""
    place = next(place for place in SAMPLE.places if place["kind"] == kind)
    ring = h3.grid_disk(place["cells"][0], 2)
    return tuple(sorted(cell for cell in ring if cell in SAMPLE.grid))


class Street(Town):
    """A town whose judge is the real one."""

    def __init__(self, preset: str = "consent", bundle: Bundle | None = None, **limits: int) -> None:
        self.rules = bundle or bundle_of(preset, **limits)
        self.blobs: dict[str, Blob] = {}
        grid = self.publish(Blob(b"\x02" * 16, grid_text(self.rules.grid)))
        bundle_hash = self.publish(Blob(b"\x01" * 16, self.rules.text))
        super().__init__(judge=PolicyJudge(self.blobs.get), cells=AREA, bundle=bundle_hash, grid=grid)

    def publish(self, blob: Blob) -> str:
        self.blobs[blob.commitment] = blob
        return blob.commitment

    def draft(self, **changes):
        return self.make(e.Request, **self.request_fields(**changes))

    def decide(self, entry, bundle: Bundle | None = None, signers=None):
        return decide(entry, self.fold, bundle or self.rules, self.now, signers)
