# SPDX-License-Identifier: AGPL-3.0-or-later
"""A random sample that nobody can choose and anybody can draw again (R36): the record's own root decides."""

from __future__ import annotations

from collections.abc import Iterable

from sunporch.base.digests import sha256


def sample(root: str, appeals: Iterable[int], most: int) -> list[int]:
    """Return the `most` appeals with the smallest SHA-256 of `ROOT INDEX` (hex, a space, decimal), in that order.

    `root` is the root of a co-signed checkpoint that covers all of them: whoever files an appeal cannot know it.
    """
    return sorted(appeals, key=lambda index: sha256(f"{root} {index}".encode()))[:most]
