# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a household and its residents prefer."""

from __future__ import annotations

from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    """What a household and its residents prefer."""

    name = "sunporch.hub.preferences"
    label = "hub_preferences"
