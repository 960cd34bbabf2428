# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/`: the portal's API, put together from its apps; described at `/api/v1/openapi.json`."""

from __future__ import annotations

from sunporch.portal.agencies.api import router as agencies
from sunporch.portal.appeals.api import router as appeals
from sunporch.portal.board.api import router as board
from sunporch.portal.errors import STATUSES
from sunporch.portal.exports.api import router as exports
from sunporch.portal.viewer.api import router as viewer
from sunporch.web.answers import make_api, register_statuses

register_statuses(STATUSES)
api = make_api(
    "Sunporch portal",
    "Police ask for home-camera video in public; residents answer in private, or not at all; anyone can check.",
    "portal-api",
)
for _router in (agencies, appeals, board, exports, viewer):
    api.add_router("", _router)
