# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's copy of the log, written behind the answers: it only saves reading the log again after a restart.

Whoever asks for a half does not wait for these files. They are held back and written in their order by the next
`flush`, so that a crash leaves a mirror that is only older, or one that must be read again. What may not be
forgotten (what was trusted, what was answered) is in the table before an answer leaves: see
docs/design/002-before-the-answer.md.
"""

from __future__ import annotations

import threading

from sunporch.client import LogFolder

# Held back in memory at most, bytes; beyond it they are written at once.
MOST_HELD = 8 * 2**20


class LateMirror:
    """A folder of the log whose files are written later. Threads may call it."""

    def __init__(self, folder: LogFolder) -> None:
        self._folder = folder
        self._held: dict[str, bytes | None] = {}
        self._size = 0
        self._holding = threading.Lock()
        self._writing = threading.Lock()

    def keep(self, path: str, data: bytes | None) -> None:
        """Hold a file for the next `flush`, as the last one of the row; None means to forget it."""
        with self._holding:
            self._size += len(data or b"") - len(self._held.pop(path, None) or b"")
            self._held[path] = data
            full = self._size > MOST_HELD
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what is held, durably and in order."""
        with self._writing:
            with self._holding:
                held, self._held, self._size = self._held, {}, 0
            for path, data in held.items():
                self._folder.keep(path, data)
