# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's settings of the portal."""

from __future__ import annotations

from pathlib import Path

from sunporch.portal import config
from sunporch.web.settings import site

SUNPORCH = config.of_this_process()

globals().update(
    site(
        name="portal",
        apps=[
            "sunporch.portal.agencies",
            "sunporch.portal.appeals",
            "sunporch.portal.board",
            "sunporch.portal.clerk",
            "sunporch.portal.comments",
            "sunporch.portal.complaints",
            "sunporch.portal.exports",
            "sunporch.portal.reports",
            "sunporch.portal.review",
            "sunporch.portal.viewer",
            "sunporch.web.pings",
        ],
        urlconf="sunporch.portal.urls",
        context="sunporch.portal.around.around",
        database=SUNPORCH.database,
        secret_key=SUNPORCH.secret_key,
        hosts=["localhost", "127.0.0.1", "[::1]", *SUNPORCH.hosts],
    )
)
LOGIN_REDIRECT_URL = "/work/"
LOCALE_PATHS = [Path(__file__).parent / "locale"]
