# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recovery file of a home."""

from __future__ import annotations

from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    """The recovery file of a home."""

    name = "sunporch.hub.recovery"
    label = "hub_recovery"
