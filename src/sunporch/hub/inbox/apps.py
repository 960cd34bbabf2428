# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the public record says, what of it concerns this home, and what is wrong with it."""

from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """What the public record says, what of it concerns this home, and what is wrong with it."""

    name = "sunporch.hub.inbox"
    label = "hub_inbox"
