# SPDX-License-Identifier: AGPL-3.0-or-later
"""A screen reader jumps by headings: a page has one of the first level, it comes first, and no level is left out."""

from __future__ import annotations

import itertools
import re


def well_ordered(page: str) -> bool:
    """Say whether a page's headings are in order."""
    levels = [int(level) for level in re.findall(r"<h([1-6])[\s>]", page)]
    return levels.count(1) == 1 and all(lower <= upper + 1 for upper, lower in itertools.pairwise([0, *levels]))
