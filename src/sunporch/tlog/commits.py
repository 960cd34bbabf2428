# SPDX-License-Identifier: AGPL-3.0-or-later
"""Group commit: many threads append one leaf each and wait; one durable write answers all that came meanwhile."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sunporch.base.errors import Error
from sunporch.tlog.errors import QUEUE_FULL
from sunporch.tlog.tiles import check_leaf
from sunporch.tlog.writer import MAX_BATCH, Writer

MAX_WAITING = 4 * MAX_BATCH


@dataclass(eq=False)
class _Ticket:
    leaf: bytes
    index: int | None = None
    error: Error | None = None


class GroupCommit:
    """Appends for threads. Whoever finds nobody committing commits for everybody who waits."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._queue = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Ticket] = []

    def append(self, leaf: bytes) -> int:
        """Append one leaf and return its index once it is durable.

        Raises `tlog.leaf-refused`, `tlog.queue-full` or `tlog.writer-stopped`.
        """
        check_leaf(leaf)
        ticket = _Ticket(leaf)
        with self._queue:
            if len(self._waiting) >= MAX_WAITING:
                raise QUEUE_FULL(most=MAX_WAITING)
            self._waiting.append(ticket)
        while ticket.index is None:
            with self._turn:
                if ticket.index is None and ticket.error is None:
                    self._commit()
            if ticket.error is not None:
                raise ticket.error
        return ticket.index

    def _commit(self) -> None:
        with self._queue:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        try:
            first = self._writer.append([ticket.leaf for ticket in batch])
        except Error as error:
            for ticket in batch:
                ticket.error = error
            return
        for index, ticket in enumerate(batch, first):
            ticket.index = index
