# SPDX-License-Identifier: AGPL-3.0-or-later
"""My own recording, to whomever I choose."""

from __future__ import annotations

from django.apps import AppConfig


class TakeoutConfig(AppConfig):
    """My own recording, to whomever I choose: as a file, or behind a link that ends."""

    name = "sunporch.hub.takeout"
    label = "hub_takeout"
