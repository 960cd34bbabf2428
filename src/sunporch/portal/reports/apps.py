# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installed app."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """`reports` of the portal."""

    name = "sunporch.portal.reports"
    label = "reports"
