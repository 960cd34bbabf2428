# SPDX-License-Identifier: AGPL-3.0-or-later
"""What left the house: who opened it, time left, withdrawal, messages."""

from __future__ import annotations

from django.apps import AppConfig


class SharesConfig(AppConfig):
    """What left the house: who opened it, time left, withdrawal, messages."""

    name = "sunporch.hub.shares"
    label = "hub_shares"
