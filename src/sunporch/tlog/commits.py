# SPDX-License-Identifier: AGPL-3.0-or-later
"""Group commit: many threads append one leaf each and wait; one durable write answers all that came meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from sunporch.base.errors import Error
from sunporch.tlog.errors import QUEUE_FULL, WRITER_STOPPED
from sunporch.tlog.tiles import check_leaf
from sunporch.tlog.writer import MAX_BATCH, Writer

MAX_WAITING = 4 * MAX_BATCH
_UNKNOWN = -1


@dataclass(eq=False)
class _Ticket:
    """A leaf and its answer: an index or an error; neither when its thread is woken to commit for all."""

    leaf: bytes
    index: int = _UNKNOWN
    error: Error | None = None
    # Held while its thread sleeps. Each is woken by itself: in one common queue they would hold each other up.
    asleep: threading.Lock = field(default_factory=threading.Lock)


class GroupCommit:
    """Appends for threads. Whoever finds nobody committing commits for everybody who waits, then wakes the next."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._queue = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._committing = False

    def append(self, leaf: bytes) -> int:
        """Append one leaf and return its index once it is durable.

        Raises `tlog.leaf-refused`, `tlog.queue-full` or `tlog.writer-stopped`.
        """
        check_leaf(leaf)
        ticket = _Ticket(leaf)
        ticket.asleep.acquire()
        with self._queue:
            if len(self._waiting) >= MAX_WAITING:
                raise QUEUE_FULL(most=MAX_WAITING)
            self._waiting.append(ticket)
            wait, self._committing = self._committing, True
        if wait:
            ticket.asleep.acquire()
        if ticket.index == _UNKNOWN and ticket.error is None:
            self._commit()
        if ticket.error is not None:
            raise ticket.error
        return ticket.index

    def _commit(self) -> None:
        """Commit for all who wait, of whom the caller is the first."""
        with self._queue:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        failure: Error | None = WRITER_STOPPED(reason="the program was stopped while it wrote")
        try:
            first = self._writer.append([ticket.leaf for ticket in batch])
            failure = None
            for index, ticket in enumerate(batch, first):
                ticket.index = index
        except Error as error:
            failure = error
        finally:  # whatever happened, nobody sleeps for ever
            self._answer(batch, failure)

    def _answer(self, batch: Sequence[_Ticket], failure: Error | None) -> None:
        """Wake the next to commit and all others of the batch."""
        for ticket in batch:
            ticket.error = failure
        with self._queue:
            following = self._waiting[:1]
            self._committing = bool(following)
        for ticket in (*following, *batch[1:]):
            ticket.asleep.release()
