# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log that came back from an older copy takes the entries that it lacks from where the world keeps them.

Everything is read and verified as any stranger would, on from this log's own entries, before a byte is changed here:
signatures, quorum, hashes, texts, and that this portal still holds the key that signs. Then exactly those entries
are appended, with their checkpoints. Nothing is signed: a size that the world knows keeps the root that it knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from sunporch.base.errors import Error
from sunporch.client import LogFolder, log_at
from sunporch.docket.entries import Trust
from sunporch.portal.config import Settings
from sunporch.portal.errors import (
    RECORD_UNREADABLE,
    SOURCE_DAMAGED,
    SOURCE_OLDER,
    SOURCE_OTHER,
    SOURCE_TEXTLESS,
)
from sunporch.portal.sequencer.logkeys import LogKeys
from sunporch.portal.sequencer.loop import open_log
from sunporch.tlog import errors as tlog_errors
from sunporch.tlog.policies import CosignedCheckpoint, TrustPolicy
from sunporch.tlog.reader import kept_path
from sunporch.tlog.tiles import Fetch
from sunporch.tlog.writer import Writer
from sunporch.verify.tail import Tail

# The rooms that look at a log's bytes; any other error is one of the way to them.
_OF_A_LOG = ("tlog.", "verify.", "docket.", "notekey.", "digest.")


class CatchUp:
    """The way from this portal's own log to the newer one at `place` (an address or a folder)."""

    def __init__(self, settings: Settings, place: str) -> None:
        self._settings, self._place = settings, place
        self._folder = LogFolder(settings.log_dir)
        self._tail = Tail()
        self._files: dict[str, bytes | None] = {}

    def run(self) -> int:
        """Take what is missing and return how many entries that was.

        Raises `portal.sequencer-running`, `portal.record-unreadable`, the four `portal.source-` errors,
        `portal.log-key-missing`, and the `client.` errors; after each of them nothing is changed.
        """
        with open_log(self._settings) as writer:
            try:
                self._tail.advance(self._folder.fetch)
            except Error as error:
                raise RECORD_UNREADABLE(where=error.where, reason=f"{error.what} [{error.id}]") from error
            published, policy = self._tail.size, self._tail.fold.trust_policy_text
            self._read(writer)
            LogKeys(self._settings).signers([TrustPolicy.parse(self._tail.fold.trust_policy_text)])
            checkpoints = list(self._checkpoints(published, TrustPolicy.parse(policy)))
            before = writer.size
            self._write(writer, checkpoints)
            return writer.size - before

    def _read(self, writer: Writer) -> None:
        """Verify the other log on from here, also from what lies here and was signed but never published."""
        lacking = set(self._tail.missing)
        self._tail.hold_to(writer.size, writer.root())
        theirs = log_at(self._place)
        try:
            self._tail.advance(self._with_own_texts(theirs), self._files.__setitem__)
        except Error as error:
            raise self._refusal(error, theirs, writer.size) from error
        missing = sorted(set(self._tail.missing) - lacking)
        if missing:
            raise SOURCE_TEXTLESS(where=self._place, missing=len(missing), first=missing[0])

    def _with_own_texts(self, theirs: Fetch) -> Fetch:
        def fetch(path: str) -> bytes | None:
            own = self._folder.fetch(path) if path.startswith("blob/") else None
            return own if own is not None else theirs(path)

        return fetch

    def _refusal(self, error: Error, theirs: Fetch, size: int) -> Error:
        """Return in the operator's words why the other log is not taken: a whole one tells another story."""
        if error.kind is tlog_errors.ROLLBACK_FOUND:
            return SOURCE_OLDER(where=self._place, theirs=error.params["new"], ours=size)
        if not error.id.startswith(_OF_A_LOG):
            return error
        reason = f"{error.what.rstrip('.')} ({error.where}) [{error.id}]"
        try:
            Tail().advance(theirs)
        except Error:
            return SOURCE_DAMAGED(where=self._place, reason=reason)
        return SOURCE_OTHER(where=self._place, reason=reason)

    def _checkpoints(self, published: int, policy: TrustPolicy) -> Iterator[CosignedCheckpoint]:
        """Yield the kept checkpoints beyond what is published here, each opened by the policy in force before it."""
        fold, done = self._tail.fold, published
        for size in (kept for kept in self._tail.kept if kept > published):
            yield policy.open(self._files[kept_path(size)] or b"", fold.origin)
            for record in fold.records[done:size]:
                if isinstance(record.entry, Trust) and record.in_force:
                    policy = TrustPolicy.parse(record.entry.tlog_policy)
            done = size
        yield self._tail.cosigned

    def _write(self, writer: Writer, checkpoints: list[CosignedCheckpoint]) -> None:
        """Texts first, then leaves up to each checkpoint, then it: the sequencer goes on from any step."""
        for path, data in self._files.items():
            if path.startswith("blob/"):
                self._folder.keep(path, data)
        for cosigned in checkpoints:
            writer.append([self._tail.leaf(index) for index in range(writer.size, cosigned.checkpoint.size)])
            writer.settle()
            writer.keep_checkpoint(cosigned)
