# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a port is ours to take."""

from __future__ import annotations

import socket

from sunporch.service.errors import PORT_TAKEN


def check_port(host: str, port: int) -> None:
    """Raise `service.port-taken` if another program listens there: granian would share the port silently."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PORT_TAKEN(where=f"{host}:{port}", host=host, port=port, reason=str(error)) from error
