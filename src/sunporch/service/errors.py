# SPDX-License-Identifier: AGPL-3.0-or-later
"""What keeps a process from serving."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

PORT_TAKEN = ErrorKind(
    "service.port-taken",
    what="Port {port} of {host} cannot be listened on: {reason}.",
    next="Stop the program that uses it, or set another port in the settings file.",
)
