# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drafts of clips: whom the cameras saw in some seconds, and who of them stays covered."""

from __future__ import annotations

from django.apps import AppConfig


class CoveringsConfig(AppConfig):
    """Drafts of clips: whom the cameras saw in some seconds, and who of them stays covered."""

    name = "sunporch.hub.coverings"
    label = "hub_coverings"
