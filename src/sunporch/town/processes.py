# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Linux tells about processes and ports: who belongs together, who holds a port (proc(5))."""

from __future__ import annotations

import re
import socket
from pathlib import Path

PROC = Path("/proc")
LOOPBACK = "127.0.0.1"


def family(mark: str, leader: int) -> list[int]:
    """Return the ids of all living processes whose environment holds `mark`, the leader first.

    Parts start workers in sessions of their own, and a killed parent leaves them to process 1: what they inherited
    in their environment is the only tie that none of this cuts.
    """
    wanted = mark.encode()
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it ended while we looked, or belongs to another user
    return sorted(found, key=lambda pid: (pid != leader, pid))


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def port_owner(port: int) -> str:
    """Return `name (process id)` of who listens on the port, as far as this user may see it."""
    inodes = {
        fields[9]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, lines_of(PROC / "net" / table)[1:])
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    for folder in PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            held = {_target(link) for link in (folder / "fd").iterdir()}
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it ended, or belongs to another user
        if held & {f"socket:[{inode}]" for inode in inodes}:
            return f"{name} (process {folder.name})"
    return "another user's program"


def tail(path: Path, lines: int) -> str:
    """Return the last lines of a log, or a sentence saying that there is none."""
    found = lines_of(path)[-lines:]
    return (
        "\n".join(f"    {re.sub(r'[^\x20-\x7e\x80-\uffff]', ' ', line)}" for line in found)
        or "    (it wrote nothing)"
    )


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""  # closed while we looked


def lines_of(path: Path) -> list[str]:
    """Return the lines of a log that may not exist yet."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
