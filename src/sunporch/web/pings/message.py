# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a ping says, whichever way it goes: who speaks, one sentence, the site's own address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """`title` says whose word it is, `text` is the one sentence; `path` is the page of the site that it leads to.

    `url` is the same page's whole address. There is nothing else in it, so nothing else can leave.
    """

    title: str
    text: str
    path: str
    url: str
