# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appeals that no town may make, one for each thing that is enforced: every door is attacked with the same list.

The portal must refuse each as a draft. Published all the same, with the real keys of log, officer and supervisor,
each must be void for verifier and custodian and an alarm in every home.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h3

HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True)
class Ground:
    """What an attack needs to know of a town: its time, the middle of it, and an officer's device (key index)."""

    now: int
    centre: str
    officer: int

    def around(self, rings: int) -> tuple[str, ...]:
        """Return the cells within so many rings of the middle."""
        return tuple(sorted(h3.grid_disk(self.centre, rings)))

    def hours(self, first: float, last: float) -> dict[str, int]:
        """Return a window of time, in hours before now."""
        return {"from_": self.now - round(first * HOUR), "to": self.now - round(last * HOUR)}


@dataclass(frozen=True)
class Attack:
    """One forbidden appeal: the requirement it breaks, the clause that says so, what differs from a good one."""

    requirement: str
    clause: str
    changes: Callable[[Ground], dict[str, Any]]
    signers: tuple[str, ...] = ("diaz", "kim")


def event(ground: Ground) -> dict[str, Any]:
    """Return the fields of an assembly in the middle of town, thirty hours ago, that is on record before."""
    return {
        "cells": ground.around(0),
        "from_": ground.now - 30 * HOUR,
        "to": ground.now - 29 * HOUR,
        "kind": "assembly",
    }


def _scattered(ground: Ground) -> dict[str, Any]:
    far = h3.grid_ring(ground.centre, 4)[0]
    return {"cells": tuple(sorted({*ground.around(1), far}))}


def _elsewhere(ground: Ground) -> dict[str, Any]:
    far = h3.grid_ring(ground.centre, 40)[0]
    return {"cells": tuple(sorted(h3.grid_disk(far, 1)))}


ATTACKS = {
    "an agency without a partnership": Attack("R1", "R1.partnership", lambda _: {"agency": "ZZ0000000"}),
    "rules that are not in force": Attack("R4", "R2.policy-cited", lambda _: {"policy": 0}),
    "a purpose that the town never allowed": Attack("R2", "R2.purpose", lambda _: {"purpose": "map-the-street"}),
    "an immigration offence": Attack("R5", "R7.offence", lambda _: {"offence": "30A"}),
    "an offence outside the closed list": Attack("R7", "R7.offence", lambda _: {"offence": "90Z"}),
    "no case": Attack("R7", "R7.case-tag", lambda _: {"case_tag": "0" * 32}),
    "one house": Attack("R8", "R8.area-min", lambda ground: {"cells": ground.around(0)}),
    "too few homes": Attack("R8", "R8.households-min", lambda ground: {"cells": ground.around(1)[:2]}),
    "half a town": Attack("R8", "R8.area-max", lambda ground: {"cells": ground.around(6)}),
    "thousands of homes": Attack("R8", "R8.households-max", lambda ground: {"cells": ground.around(6)}),
    "an area with a tentacle": Attack("R8", "R8.area-connected", _scattered),
    "another town": Attack("R8", "R8.area-in-town", _elsewhere),
    "a day and a night": Attack("R9", "R9.window-max", lambda ground: ground.hours(25, 1)),
    "hours to come": Attack("R9", "R9.window-past", lambda ground: ground.hours(1, -1)),
    "two months ago": Attack("R9", "R9.look-back", lambda ground: ground.hours(60 * 24, 60 * 24 - 1)),
    "open for weeks": Attack("R9", "R9.closes-max", lambda ground: {"closes": ground.now + 20 * DAY}),
    "open for a moment": Attack("R9", "R9.closes-min", lambda ground: {"closes": ground.now + 60}),
    "a demonstration": Attack("R10", "R10.assembly", lambda ground: ground.hours(30, 29)),
    "a victim's file without its flag": Attack("R10", "R10.flags-demanded", lambda _: {"offence": "11A"}),
    "a flagged appeal that no reviewer signed": Attack(
        "R10", "R10.review-sexual", lambda _: {"offence": "11A", "flags": ("sexual",)}
    ),
    "one device": Attack("R12", "R19.recipient-supervisor", lambda ground: {"recipients": (ground.officer,)}),
    "one person alone": Attack("R12", "R12.two-people", lambda _: {}, signers=("diaz",)),
    "one person who is also nobody's supervisor": Attack("R12", "R12.two-people", lambda _: {}, signers=("kim",)),
}
