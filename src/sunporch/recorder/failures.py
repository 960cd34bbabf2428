# SPDX-License-Identifier: AGPL-3.0-or-later
"""What went wrong with a camera, as a cause for the gap and an error for the resident. Pure."""

from __future__ import annotations

import av.error

from sunporch.base.errors import Error
from sunporch.recorder.errors import (
    CAMERA_CLOSED,
    CAMERA_FROZEN,
    CAMERA_PASSWORD_REFUSED,
    CAMERA_STREAM_REFUSED,
    CAMERA_UNREACHABLE,
    STREAM_UNREADABLE,
)
from sunporch.vault import Cause

# Errors of the archive that keep a camera from being recorded while it goes on sending.
STORE_CAUSES = {
    "vault.disk-full": Cause.DISK_FULL,
    "vault.disk-failed": Cause.DISK_FULL,
    "vault.key-locked": Cause.KEY_LOCKED,
}


def explain(error: av.error.FFmpegError, where: str, *, connected: bool) -> tuple[Cause, Error]:
    """Return cause and error of a failed connection; the library's own text may hold the password and is not used."""
    reason = error.strerror or type(error).__name__
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return Cause.AUTH, CAMERA_PASSWORD_REFUSED(where=where)
        case av.error.HTTPClientError() | av.error.HTTPServerError():
            return Cause.REFUSED, CAMERA_STREAM_REFUSED(where=where, reason=reason)
        case av.error.ExitError() | av.error.TimeoutError() if connected:
            return Cause.FROZEN, CAMERA_FROZEN(where=where)
        case av.error.ExitError() | av.error.TimeoutError():
            return Cause.REFUSED, CAMERA_UNREACHABLE(where=where, reason="no answer in time")
        case av.error.EOFError() | av.error.ConnectionResetError() | av.error.BrokenPipeError():
            return Cause.TCP_CLOSED, CAMERA_CLOSED(where=where)
        case av.error.InvalidDataError() if connected:
            return Cause.UNREADABLE, STREAM_UNREADABLE(where=where, reason=reason)
        case _ if connected:
            return Cause.TCP_CLOSED, CAMERA_CLOSED(where=where)
        case _:
            return Cause.REFUSED, CAMERA_UNREACHABLE(where=where, reason=reason)
