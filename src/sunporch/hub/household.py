# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the site's pages share in one process: the hub's settings, its clock, and the open archive."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from django.conf import settings

from sunporch.base.clock import Clock, system_clock
from sunporch.hub.config import FILE_VARIABLE, Settings, current
from sunporch.vault import Vault


def hub() -> Settings:
    """Return the settings of this process's hub as its file has them now: residents change what is kept."""
    found: Settings = current() or settings.HUB
    return found


def settings_file() -> Path:
    """Return the hub's settings file."""
    return Path(os.environ[FILE_VARIABLE])


@cache
def clock() -> Clock:
    """Return the clock of this process."""
    return system_clock()


@cache
def vault() -> Vault:
    """Return the open archive; several threads and processes may use it."""
    return Vault.open(hub().vault_folder, clock())
