# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django settings of the home hub, on the settings base of both sites.

Without a settings file in the environment (tests, `makemigrations`) the site has a database in memory and a secret
of this process alone: nothing it does can last or be mistaken for a household's hub.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from sunporch.hub.config import Settings, current
from sunporch.web.settings import site

HUB: Settings | None = current()

globals().update(
    site(
        name="hub",
        apps=[
            "sunporch.hub.cameras",
            "sunporch.hub.inbox",
            "sunporch.hub.coverings",
            "sunporch.hub.release",
            "sunporch.hub.shares",
            "sunporch.hub.takeout",
            "sunporch.hub.preferences",
            "sunporch.web.pings",
            "sunporch.hub.welcome",
            "sunporch.hub.recovery",
        ],
        urlconf="sunporch.hub.urls",
        context="sunporch.hub.pages.around",
        database=HUB.database if HUB else Path(":memory:"),
        secret_key=HUB.secret_key if HUB else secrets.token_urlsafe(32),
        # Other names are refused: a stranger's page must not reach the hub under a name of its own (DNS rebinding).
        hosts=["localhost", "127.0.0.1", "[::1]", *(HUB.hosts if HUB else [])],
    )
)
WSGI_APPLICATION = "sunporch.hub.wsgi.application"
LOCALE_PATHS = [Path(__file__).parent / "locale"]
