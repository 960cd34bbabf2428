# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installed app."""

from __future__ import annotations

from django.apps import AppConfig


class CommentsConfig(AppConfig):
    """`comments` of the portal."""

    name = "sunporch.portal.comments"
    label = "comments"
