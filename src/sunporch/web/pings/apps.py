# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installed app of both sites."""

from __future__ import annotations

from django.apps import AppConfig


class PingsConfig(AppConfig):
    """Who wants to hear of what, by which way, and the queue of what is on its way."""

    name = "sunporch.web.pings"
    label = "pings"
