# SPDX-License-Identifier: AGPL-3.0-or-later
"""System checks: a hub that would keep footage without end, or cannot say which town it follows, does not start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from sunporch.hub.config import Settings
from sunporch.hub.errors import RETENTION_MISSING


@register("hub")
def retention_is_limited(**_: Any) -> list[CheckMessage]:
    """`hub.retention-missing`: days and bytes must both be limited."""
    hub: Settings | None = settings.HUB
    if hub is None:
        return []
    reason = missing_limits(hub)
    if not reason:
        return []
    error = RETENTION_MISSING(reason=reason)
    return [Error(error.what, hint=error.next, id=error.id)]


def missing_limits(hub: Settings) -> str:
    """Return which limits are not set, in words; empty where all are."""
    missing = [name for name in ("retention_days", "retention_bytes") if getattr(hub, name) < 1]
    return " and ".join(missing) + " not set" if missing else ""
