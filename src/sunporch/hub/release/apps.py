# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clips on their way out of the house, and the only way there."""

from __future__ import annotations

from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    """Clips on their way out of the house, and the only way there."""

    name = "sunporch.hub.release"
    label = "hub_release"
