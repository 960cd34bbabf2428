# SPDX-License-Identifier: AGPL-3.0-or-later
"""The home hub's API for its residents, below `/api/v1/`; described by `/api/v1/openapi.json`."""

from __future__ import annotations

from http import HTTPStatus

from sunporch.hub import errors
from sunporch.hub.cameras.api import router as cameras
from sunporch.hub.coverings.api import router as coverings
from sunporch.hub.inbox.api import router as inbox
from sunporch.hub.preferences.api import router as preferences
from sunporch.hub.release.api import router as releases
from sunporch.hub.shares.api import router as shares
from sunporch.vault.errors import FOOTAGE_MISSING, FOOTAGE_UNFINISHED
from sunporch.web.answers import make_api, register_statuses

register_statuses(
    {
        errors.ADULT_ABSENT: HTTPStatus.NOT_FOUND,
        errors.CAMERA_ABSENT: HTTPStatus.NOT_FOUND,
        errors.APPEAL_ABSENT: HTTPStatus.NOT_FOUND,
        errors.RELEASE_ABSENT: HTTPStatus.NOT_FOUND,
        errors.SHARE_ABSENT: HTTPStatus.NOT_FOUND,
        errors.PROOF_ABSENT: HTTPStatus.NOT_FOUND,
        errors.COVERING_ABSENT: HTTPStatus.NOT_FOUND,
        errors.TRACK_ABSENT: HTTPStatus.NOT_FOUND,
        errors.COVERING_UNREADY: HTTPStatus.CONFLICT,
        errors.COVERING_FAILED: HTTPStatus.CONFLICT,
        errors.COVERING_RELEASED: HTTPStatus.CONFLICT,
        errors.COVERINGS_FULL: HTTPStatus.CONFLICT,
        errors.APPEAL_ENDED: HTTPStatus.CONFLICT,
        errors.RELEASE_LEFT: HTTPStatus.CONFLICT,
        errors.RELEASE_NOT_WAITING: HTTPStatus.CONFLICT,
        errors.SHARE_ENDED: HTTPStatus.CONFLICT,
        errors.RELEASES_FULL: HTTPStatus.CONFLICT,
        errors.CAMERA_INDOOR: HTTPStatus.FORBIDDEN,
        errors.INBOX_LOCKED: HTTPStatus.FORBIDDEN,
        errors.PIN_WRONG: HTTPStatus.FORBIDDEN,
        errors.PIN_SPENT: HTTPStatus.TOO_MANY_REQUESTS,
        errors.LINK_ABSENT: HTTPStatus.NOT_FOUND,
        errors.LINKS_FULL: HTTPStatus.CONFLICT,
        errors.PICTURE_ABSENT: HTTPStatus.NOT_FOUND,
        errors.LIVE_CROWDED: HTTPStatus.TOO_MANY_REQUESTS,
        FOOTAGE_MISSING: HTTPStatus.NOT_FOUND,
        FOOTAGE_UNFINISHED: HTTPStatus.CONFLICT,
    }
)
api = make_api(
    "Sunporch home hub",
    "For the residents of one home. Every operation needs a session: sign in at /_allauth/app/v1/auth/login, then "
    "/2fa/authenticate, and send X-Session-Token.",
    "hub",
)
for router in (cameras, inbox, coverings, releases, shares, preferences):
    api.add_router("", router)
