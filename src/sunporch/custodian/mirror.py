# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's copy of the log, written behind the answers: it only saves reading the log again after a restart.

Whoever asks for a half does not wait for these files. They are held back and written in their order by the next
`flush`, so that a crash leaves a mirror that is only older, or one that must be read again. What may not be
forgotten (what was trusted, what was answered) is in the table before an answer leaves: see
docs/design/002-before-the-answer.md. So a full disk is a trouble to be told, not an end: the files wait for room. If
more of them wait than may be held, the mirror stays as old as it is until the custodian is started again.
"""

from __future__ import annotations

import threading

from sunporch.base.errors import Error
from sunporch.client import LogFolder
from sunporch.custodian.errors import MIRROR_UNWRITABLE

# Held back in memory at most, bytes; beyond it they are written at once.
MOST_HELD = 8 * 2**20


class LateMirror:
    """A folder of the log whose files are written later. Threads may call it."""

    def __init__(self, folder: LogFolder) -> None:
        self.trouble: Error | None = None
        """`custodian.mirror-unwritable` while the files cannot be written."""
        self._folder = folder
        self._held: dict[str, tuple[str, bytes | None]] = {}
        self._size = 0
        self._given_up = False
        self._holding = threading.Lock()
        self._writing = threading.Lock()

    def keep(self, path: str, data: bytes | None) -> None:
        """Hold a file for the next `flush`, as the last one of the row; None means to forget it."""
        with self._holding:
            self._hold(path, data)
            full = self._size > MOST_HELD
        if full:
            self.flush()

    def _hold(self, path: str, data: bytes | None) -> None:
        if self._given_up and data is not None:
            return
        name = path.partition(".p/")[0]  # an unfinished bundle gives way to a wider one (tlog-tiles)
        _, old = self._held.get(name, ("", None))
        if not path.startswith("tile/"):  # a bundle keeps its place: it must come before the list that names it
            self._held.pop(name, None)
        self._held[name] = (path, data)
        self._size += len(data or b"") - len(old or b"")

    def flush(self) -> None:
        """Write what is held, durably and in order; what cannot be written is held on and told as `trouble`."""
        with self._writing:
            with self._holding:
                held, self._held, self._size = self._held, {}, 0
            failure: OSError | None = None
            for name, (path, data) in list(held.items()):
                if failure is not None and data is not None:
                    continue  # a text that was taken down goes all the same
                try:
                    self._folder.keep(path, data)
                    del held[name]
                except OSError as error:
                    failure = error
            if failure is not None:
                self._hold_on(held, failure)
            elif not self._given_up:
                self.trouble = None

    def _hold_on(self, left: dict[str, tuple[str, bytes | None]], failure: OSError) -> None:
        with self._holding:
            self.trouble = MIRROR_UNWRITABLE(reason=failure.strerror or str(failure))
            newer, self._held, self._size = self._held, {}, 0
            for path, data in (*left.values(), *newer.values()):
                self._hold(path, data)
            if self._size > MOST_HELD:
                self._given_up = True
                self._held = {name: file for name, file in self._held.items() if file[1] is None}
                self._size = 0
