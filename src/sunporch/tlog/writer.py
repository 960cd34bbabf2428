# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one process that grows a log: append (durable), sign, keep co-signed checkpoints.

Persist before sign. An append is durable in the journal before it returns; tiles follow. Before a checkpoint is
signed, its tiles and then its size and root are durable, so whatever happens the log can never sign a second root
for a size: at every start the files must still lead to what was signed last, or the writer refuses.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.edge import Edge
from sunporch.tlog.errors import CHECKPOINT_FOREIGN, HISTORY_CHANGED, JOURNAL_DAMAGED, WRITER_STOPPED
from sunporch.tlog.journal import Journal, Signed
from sunporch.tlog.notes import Note, sign
from sunporch.tlog.policies import CosignedCheckpoint
from sunporch.tlog.proofs import TileTree
from sunporch.tlog.reader import CHECKPOINT, SIZES, kept_path, parse_sizes
from sunporch.tlog.storage import Storage
from sunporch.tlog.tiles import ENTRIES, TILE_WIDTH, Tile, check_leaf

JOURNAL = ".journal"
MAX_BATCH = 16_384  # leaves in one frame of the journal, which so stays below 1 GiB
MAX_JOURNAL = 64 * 2**20  # bytes, after which what is in full tiles is left out


class Writer:
    """A log open for writing; use it as a context manager or call `close`. Its methods may be called by threads."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._busy = threading.RLock()
        self._stopped = ""
        storage.lock()
        try:
            self._journal = _last_journal(storage)
            self._edge = Edge.load(storage.read, self._journal.base)
            self._recover()
            self._kept = self._recover_sizes()
        except (Error, OSError):
            storage.close()
            raise

    @property
    def size(self) -> int:
        """How many leaves are durably in the log."""
        return self._edge.size

    @property
    def signed(self) -> Signed | None:
        """The size and root that were signed last, None if never."""
        return self._journal.signed

    @property
    def kept_size(self) -> int:
        """The size of the newest co-signed checkpoint, -1 if there is none."""
        return self._kept

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves (all of them if None)."""
        with self._busy:
            if size is None or size == self.size:
                return self._edge.root()
            return TileTree(self.read, self.size).hash_of(0, size)

    def read(self, path: str) -> bytes | None:
        """Return a file of the log, hash tiles also before any checkpoint promised them (for `proofs`)."""
        with self._busy:
            if path.startswith("tile/"):
                held = self._edge.beginning(Tile.parse(path))
                if held is not None:
                    return held
            return self._storage.read(path)

    def append(self, leaves: Sequence[bytes]) -> int:
        """Append the leaves, durable on return; return the index of the first.

        Raises `tlog.leaf-refused` (then nothing is appended) or `tlog.writer-stopped`.
        """
        coded = [check_leaf(leaf) for leaf in leaves]
        with self._writing():
            first = self.size
            for at in range(0, len(coded), MAX_BATCH):
                self._storage.append(JOURNAL, self._journal.leaves_frame(coded[at : at + MAX_BATCH]))
                self._place_full(leaves[at : at + MAX_BATCH])
            if self._journal.end > MAX_JOURNAL:
                self._renew_journal()
            return first

    def settle(self) -> Signed:
        """Make the tiles of all leaves, then their size and root, durable: only these may be signed from now on."""
        with self._writing():
            now = Signed(self.size, self._edge.root())
            if now != self._journal.signed:
                for tile, data in self._edge.partials():
                    self._storage.place(tile.path, data)
                self._storage.sync()
                self._storage.append(JOURNAL, self._journal.signed_frame(now))
                self._journal.signed = now
            return now

    def sign_checkpoint(self, signer: SignerKey, *more: SignerKey) -> Note:
        """Return the checkpoint of all leaves signed by the log's key, whose name is the origin.

        While the key changes, `more` holds the next one. What is signed is settled before a signature exists.
        """
        now = self.settle()
        return sign(Checkpoint(signer.name, now.size, now.root).encode(), [signer, *more])

    def keep_checkpoint(self, cosigned: CosignedCheckpoint) -> None:
        """Publish a co-signed checkpoint of this log as `checkpoint`.

        The first one of a size also stays for ever as `checkpoints/<size>`, with a line in `checkpoints/sizes`.
        Raises `tlog.checkpoint-foreign` if this log did not sign it or a larger one is published.
        """
        head, note = cosigned.checkpoint, cosigned.note.encode()
        with self._writing():
            signed = self._journal.signed
            if signed is None or head.size > signed.size or head.root != self.root(head.size):
                raise CHECKPOINT_FOREIGN(size=head.size, reason="this log never signed it")
            if head.size < self._kept:
                raise CHECKPOINT_FOREIGN(size=head.size, reason=f"one of {self._kept} entries is published")
            if head.size > self._kept:
                # A file without its line, left by a kill between the two, was never shown: it stays the first.
                if self._storage.read(kept_path(head.size)) is None:
                    self._storage.write(kept_path(head.size), note)
                self._storage.append(SIZES, f"{head.size}\n".encode())
                self._kept = head.size
            self._storage.write(CHECKPOINT, note)

    def close(self) -> None:
        """Let go of the log. What was appended is durable already."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the log; once the disk refused, what it holds is unknown until it is read again: refuse all."""
        with self._busy:
            if self._stopped:
                raise WRITER_STOPPED(reason=self._stopped)
            try:
                yield
            except Error:
                raise  # refused before anything was written
            except BaseException as error:
                self._stopped = str(error) or type(error).__name__
                if isinstance(error, OSError):
                    raise WRITER_STOPPED(reason=self._stopped) from error
                raise

    def _place_full(self, leaves: Sequence[bytes]) -> None:
        for tile, data in self._edge.extend(leaves):
            self._storage.place(tile.path, data)
            self._storage.drop_partials(tile.path)

    def _renew_journal(self) -> None:
        """Make all tiles durable and begin a journal with the leaves of the unfinished bundle only."""
        self._storage.sync()
        old = self._journal
        new = Journal.new(self.size - self.size % TILE_WIDTH)
        data = new.header()
        tail = self._edge.tail()
        if tail:
            data += new.leaves_frame([tail])
        if old.signed is not None:
            data += new.signed_frame(old.signed)
            new.signed = old.signed
        self._storage.write(JOURNAL, data)
        self._journal = new

    def _recover(self) -> None:
        """Take the journal's leaves up; raise `tlog.history-changed` if the files deny what was signed last."""
        self._place_full(self._journal.leaves)
        signed = self._journal.signed
        if signed is not None:
            if signed.size > self.size:
                raise HISTORY_CHANGED(where=JOURNAL, signed=signed.size, reason=f"there are {self.size} entries")
            if self.root(signed.size) != signed.root:
                raise HISTORY_CHANGED(where=JOURNAL, signed=signed.size, reason="the root is another")
        # Also cuts off a torn frame, and writes anew what a failed fsync may have left in memory only.
        self._renew_journal()

    def _recover_sizes(self) -> int:
        data = self._storage.read(SIZES)
        whole = b"" if data is None else data[: data.rfind(b"\n") + 1]
        if data != whole:
            self._storage.write(SIZES, whole)
        return max(parse_sizes(whole), default=-1)


def _last_journal(storage: Storage) -> Journal:
    """Return the journal, a new one for an empty folder; raise `tlog.journal-damaged` if it is gone or spoiled."""
    data = storage.read(JOURNAL)
    if data is not None:
        return Journal.read(data, JOURNAL)
    if any(storage.read(path) is not None for path in (SIZES, CHECKPOINT, Tile(ENTRIES, 0).path)):
        raise JOURNAL_DAMAGED(where=JOURNAL, reason="it is gone, while the log's files are there")
    return Journal.new(0)
