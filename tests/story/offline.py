# SPDX-License-Identifier: AGPL-3.0-or-later
"""Run a command in a network of its own that has nothing but loopback: `python offline.py COMMAND [ARGUMENT ...]`.

What `unshare -n sh -c 'ip link set lo up; ...'` does, without a package that a bare machine lacks.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914  # linux/sockios.h: set the flags of an interface
IFF_UP = 1

os.unshare(os.CLONE_NEWNET if os.geteuid() == 0 else os.CLONE_NEWUSER | os.CLONE_NEWNET)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
