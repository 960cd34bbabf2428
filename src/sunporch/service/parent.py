# SPDX-License-Identifier: AGPL-3.0-or-later
"""A process that ends with the one that started it.

Its standard input is a pipe whose other end only the parent holds. When the parent dies, however it dies, the pipe
closes.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

STANDARD_INPUT = 0
_PIECE = 4_096


def end_with_pipe(then: Callable[[], None]) -> None:
    """Call `then` from a thread of its own once standard input closes."""

    def watch() -> None:
        # Not through sys.stdin: a thread that waits inside its buffer is fatal to the interpreter's own end.
        while os.read(STANDARD_INPUT, _PIECE):
            pass  # nobody says anything; only the end matters
        then()

    threading.Thread(target=watch, name="parent-pipe", daemon=True).start()


def pipe_closes(seconds: float) -> bool:
    """Wait that long for standard input to close, and return whether it did; for whoever must not have a thread."""
    readable, _, _ = select.select([STANDARD_INPUT], [], [], seconds)
    return bool(readable) and not os.read(STANDARD_INPUT, _PIECE)
