# SPDX-License-Identifier: AGPL-3.0-or-later
"""The numbers that a town sets, each with its unit, bounds and the value it has when nobody changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sunporch.docket.entries import MOST_RECIPIENTS
from sunporch.docket.fields import MOST_CELLS
from sunporch.policy.errors import LIMIT_OUTSIDE, LIMIT_UNKNOWN

HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True)
class Limit:
    """One number: inclusive bounds, start value, and what it means."""

    least: int
    most: int
    usual: int
    meaning: str


LIMITS: dict[str, Limit] = {
    "cells_min": Limit(1, MOST_CELLS, 4, "least cells (1.5 ha each) of an area"),
    "cells_max": Limit(1, MOST_CELLS, 64, "most cells of an area"),
    "households_min": Limit(0, 1_000_000, 100, "least households in an area"),
    "households_max": Limit(1, 10_000_000, 2_500, "most households in an area"),
    "households_dense": Limit(1, 10_000_000, 1_500, "households from which a reviewer must sign"),
    "window_max_minutes": Limit(1, 7 * 24 * 60, 720, "longest window of time asked for"),
    "look_back_days": Limit(1, 365, 30, "how long ago a window may begin"),
    "case_requests_max": Limit(1, 100, 2, "most requests for one case"),
    "closes_min_hours": Limit(0, 24 * 30, 1, "least time that residents have to answer"),
    "closes_max_hours": Limit(1, 24 * 60, 168, "longest time that a request stays open"),
    "recipients_min": Limit(2, MOST_RECIPIENTS, 2, "least devices that can open a clip"),
    "recipients_max": Limit(2, MOST_RECIPIENTS, 8, "most devices that can open a clip"),
    "open_requests_max": Limit(1, 1_000, 10, "most requests of one agency open at once"),
    "narrative_words_min": Limit(1, 500, 12, "least words of a narrative that say something"),
}
# These two stand beside the limits in a bundle: they hold for what happens after a request, too.
SPANS: dict[str, Limit] = {
    "retention_days": Limit(1, 3_650, 60, "days until a shared clip's key is destroyed"),
    "outcome_days": Limit(1, 365, 30, "days after closing within which the outcome is due"),
}


def checked(table: Mapping[str, Limit], untrusted_values: Mapping[str, Any]) -> dict[str, int]:
    """Return all limits of the table, the usual ones where none is given.

    Raises `policy.limit-unknown` and `policy.limit-outside`.
    """
    for name in untrusted_values:
        if name not in table:
            raise LIMIT_UNKNOWN(where=str(name), name=name, known=", ".join(sorted(table)))
    return {name: _checked(name, limit, untrusted_values.get(name, limit.usual)) for name, limit in table.items()}


def _checked(name: str, limit: Limit, untrusted_value: Any) -> int:
    is_whole = isinstance(untrusted_value, int) and not isinstance(untrusted_value, bool)
    if not is_whole or not limit.least <= untrusted_value <= limit.most:
        raise LIMIT_OUTSIDE(where=name, name=name, least=limit.least, most=limit.most, value=untrusted_value)
    return int(untrusted_value)
