# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installed app of both sites."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, static files and the user's sign-in parts."""

    name = "sunporch.web"
    label = "web"
