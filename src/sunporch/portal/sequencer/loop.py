# SPDX-License-Identifier: AGPL-3.0-or-later
"""From the outbox to the co-signed record, one turn at a time.

The order of a turn, so that a kill between any two steps is repaired by the next start: texts durable, leaves
durable, size and root durable, signature, co-signatures, checkpoint published, public tables. What was appended and
not shown is known by its id, so nothing is appended twice; nothing leaves the outbox before it is shown.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from sunporch.base import durable
from sunporch.base.clock import Clock, SystemClock
from sunporch.base.errors import Error
from sunporch.docket import wire
from sunporch.docket.blobs import Blob
from sunporch.docket.entries import Community, Trust
from sunporch.portal.board import actions, store
from sunporch.portal.board.models import Outgoing
from sunporch.portal.config import Settings
from sunporch.portal.errors import LOG_BEHIND, SEQUENCER_RUNNING
from sunporch.portal.record import PublicRecord
from sunporch.portal.sequencer.logkeys import LogKeys
from sunporch.portal.sequencer.quorum import Answered, Cosigners
from sunporch.tlog import errors as tlog_errors
from sunporch.tlog.notes import Note
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.proofs import consistency
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.tiles import TILE_WIDTH, bundles_of, fetch_leaves
from sunporch.tlog.writer import Writer

MAX_BATCH = 256
# With no quorum checkpoint younger than this (seconds of the town), the outbox is held: a leaf must not lie so long
# between its own time and the co-signers' that it becomes void (300 s, 3-protocol).
FRESH_SECONDS = 120
IDLE_SECONDS = 3_600
POLL_SECONDS = 0.02
# Without any change it is looked again so often (seconds of real time): are co-signers back, is an hour over?
RETRY_SECONDS = 1.0
_WALL = SystemClock()
_LOGGER = logging.getLogger("sunporch.portal.sequencer")


class Sequencer:
    """The one process that appends to this portal's log."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._keys = LogKeys(settings)
        self._writer = open_log(settings)
        self._record = PublicRecord(settings, clock)
        self._cosigners = Cosigners(settings.witnesses)
        self._pending: list[str] = []
        # Co-signers have signed this log as it lies here since this process began: it is no older copy of itself.
        self._agreed = False
        self._recover()

    def close(self) -> None:
        """Let go of the log and of the witnesses."""
        self._cosigners.close()
        self._writer.close()

    def run(self, stop: threading.Event) -> None:
        """Take turns until told to stop."""
        while not stop.is_set():
            seen = store.version()
            if self.turn():
                continue
            end = _WALL.monotonic() + RETRY_SECONDS
            while not stop.wait(POLL_SECONDS) and _WALL.monotonic() < end:
                if store.version() != seen and store.held() is None:
                    break

    def turn(self) -> bool:
        """Do what is due; return whether anything was recorded, so that more may be."""
        if self._pending:
            return self._publish()
        rows = store.queued(MAX_BATCH)
        limit = FRESH_SECONDS if rows else IDLE_SECONDS
        due = self._clock.now() - self._record.cosigned_at > limit or (rows and not self._agreed)
        if self._record.size and due and not self._publish():
            return False
        batch = self._accepted(rows)
        if not batch:
            return False
        for row, _ in batch:
            self._keep_texts(row)
        self._writer.append([leaf for _, leaf in batch])
        self._pending = [Note.parse(row.note.encode()).text for row, _ in batch]
        return self._publish()

    def _recover(self) -> None:
        """Catch up after whatever happened: show what is published, find what was appended and is not.

        Published is what `checkpoint` promises: a kill may have left a kept checkpoint that nobody was shown yet.
        """
        self._show()
        published = self._record.size
        if self._writer.size > published:
            self._writer.settle()
            self._pending = self._texts_from(published)

    def _texts_from(self, first: int) -> list[str]:
        """Return the signed texts of the leaves from an index on."""
        leaves = [
            leaf for tile in bundles_of(self._writer.size, first) for leaf in fetch_leaves(self._writer.read, tile)
        ]
        return [Note.parse(wire.split_leaf(leaf)[1]).text for leaf in leaves[first % TILE_WIDTH :]]

    def _accepted(self, rows: Sequence[Outgoing]) -> list[tuple[Outgoing, bytes]]:
        """Return rows with their leaves; entries that would count for nothing now are told so and left out.

        A `trust` entry comes alone: who signs and co-signs its checkpoint must not hang on what else is in it.
        """
        batch: list[tuple[Outgoing, bytes]] = []
        with self._record.reading() as state:
            now = max(self._clock.now(), state.time)
            for row in rows:
                note = Note.parse(row.note.encode())
                judged = self._record.judged(note, now)
                trust = judged.entry if isinstance(judged.entry, Trust) else None
                if not judged.in_force:
                    actions.refuse(row.id, actions.sentence_of(judged))
                elif trust is not None and (objection := self._keys.objection(trust)):
                    actions.refuse(row.id, objection)
                elif trust is None or not batch:
                    batch.append((row, wire.leaf(now, note.encode())))
                if trust is not None and batch:
                    break
        return batch

    def _keep_texts(self, row: Outgoing) -> None:
        """Make the entry's texts durable in the public log before its leaf exists."""
        folder = self._settings.log_dir / "blob"
        if row.blobs and not folder.is_dir():
            folder.mkdir(mode=0o700)
            durable.sync_directory(folder.parent)
        for item in row.blobs:
            blob = Blob(bytes.fromhex(item["salt"]), item["text"])
            path = folder / blob.commitment
            if not path.exists():
                durable.write(path, blob.to_json().encode())

    def _publish(self) -> bool:
        """Have the present size co-signed and shown; hold the outbox and return False if too few answer.

        The checkpoint that brings another log key carries the old one's signature and the new one's. Co-signers are
        asked under the new one alone: it comes into force only where enough of them know it.
        """
        policies = self._policies()
        note = self._writer.sign_checkpoint(*self._keys.signers(policies))
        answered = self._cosigners.ask(
            policies,
            self._settings.origin,
            note,
            self._writer.size,
            lambda old, new: consistency(self._writer.read, old, new),
        )
        if answered.cosigned is None:
            self._hold(answered)
            return False
        self._writer.keep_checkpoint(answered.cosigned)
        self._pending, self._agreed = [], True
        self._show()
        return True

    def _hold(self, answered: Answered) -> None:
        _LOGGER.warning("held: %d of %d co-signers answered", answered.got, answered.needed)
        actions.hold(self._clock.now(), answered.got, answered.needed, self._cosigners.beyond)

    def _policies(self) -> list[TrustPolicy]:
        """Return the trust policy in force, and those that the entries bring which are to be published."""
        with self._record.reading() as state:
            texts = [state.trust_policy_text] if state.trust_policy_text else []
        for text in self._pending:
            entry = wire.decode(text)[1]
            if isinstance(entry, Community | Trust):
                texts.append(entry.tlog_policy)
        return [TrustPolicy.parse(text) for text in dict.fromkeys(texts)]

    def _show(self) -> None:
        """Bring the public tables to the record's size, and remove the texts that were taken down."""
        with self._record.reading() as state:
            if not self._record.size:
                return
            shown = store.shown()
            first = shown.size if shown is not None else 0
            if first > self._record.size:
                raise LOG_BEHIND(where=str(self._settings.log_dir), shown=first, size=self._record.size)
            actions.show(state.records[first:], state, self._record.sighting())
            taken_down = list(state.takedowns)
        for commitment in taken_down:
            path = self._settings.log_dir / "blob" / commitment
            if path.exists():
                path.unlink()
                durable.sync_directory(path.parent)


def open_log(settings: Settings) -> Writer:
    """Return this portal's log open for writing; raises `portal.sequencer-running` where another process has it."""
    try:
        return Writer(DirectoryStorage(settings.log_dir))
    except Error as error:
        if error.kind is tlog_errors.WRITER_SECOND:
            raise SEQUENCER_RUNNING(where=str(settings.log_dir)) from error
        raise
