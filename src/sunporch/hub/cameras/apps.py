# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras of this home: where they hang and how recording goes."""

from __future__ import annotations

from django.apps import AppConfig


class CamerasConfig(AppConfig):
    """Cameras of this home: where they hang and how recording goes."""

    name = "sunporch.hub.cameras"
    label = "hub_cameras"
