# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the site's pages share in one process: the hub's settings, its clock, and the open archive."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from sunporch.base.clock import Clock, system_clock
from sunporch.hub.config import Settings
from sunporch.vault import Vault


def hub() -> Settings:
    """Return the settings of this process's hub."""
    found: Settings = settings.HUB
    return found


@cache
def clock() -> Clock:
    """Return the clock of this process."""
    return system_clock()


@cache
def vault() -> Vault:
    """Return the open archive; several threads and processes may use it."""
    return Vault.open(hub().vault_folder, clock())
