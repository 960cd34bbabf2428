# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first run."""

from __future__ import annotations

from django.apps import AppConfig


class WelcomeConfig(AppConfig):
    """The first run."""

    name = "sunporch.hub.welcome"
    label = "hub_welcome"
