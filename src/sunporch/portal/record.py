# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public record as this process knows it: our own log, tailed and verified like everybody else's.

Web, sequencer and worker each keep one. It moves only when a new co-signed checkpoint is there, so nothing that
is not co-signed is ever in force for a decision or shown on a page.
"""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from sunporch.base.clock import Clock, system_clock
from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.docket.blobs import Blob
from sunporch.docket.entries import Entry
from sunporch.docket.fold import Fold
from sunporch.docket.state import Record
from sunporch.docket.verdict import Verdict
from sunporch.policy import Bundle, PolicyJudge
from sunporch.portal.config import Settings
from sunporch.portal.errors import RECORD_UNREADABLE
from sunporch.tlog.notes import Note
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.reader import CHECKPOINT
from sunporch.verify.tail import Tail


@dataclass(frozen=True)
class Sighting:
    """What is known about the newest co-signed checkpoint, beside the entries."""

    size: int
    root: str
    cosigned_at: int
    cosigners: int
    witnesses: int


class PublicRecord:
    """One process's verified view of its portal's own log; may be used by several threads."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._busy = threading.RLock()
        self._tail = Tail()
        self._served: bytes | None = None
        self._judge = PolicyJudge(self._tail.blobs.get)
        self._empty = Fold(settings.origin, self._judge)

    def now(self) -> int:
        """Return the time by which people and rules are judged, Unix seconds."""
        return self._clock.now()

    @property
    def size(self) -> int:
        """How many entries are co-signed and verified."""
        return self._tail.size

    @property
    def cosigned_at(self) -> int:
        """The median witness time of the newest co-signed checkpoint, 0 before the first."""
        return self._tail.quorum_time

    @contextmanager
    def reading(self) -> Iterator[Fold]:
        """Hold the record still, as new as the co-signed checkpoint on disk, and give what is in force."""
        with self._busy:
            self.refresh()
            yield self._tail.fold if self._served is not None else self._empty

    def refresh(self) -> None:
        """Read on if there is a new co-signed checkpoint; raise `portal.record-unreadable` if that fails."""
        with self._busy:
            served = self._fetch(CHECKPOINT)
            if served is None or served == self._served:
                return
            try:
                self._tail.advance(self._fetch)
            except Error as error:
                raise RECORD_UNREADABLE(where=error.where, reason=f"{error.what} [{error.id}]") from error
            self._served = served

    def _fetch(self, path: str) -> bytes | None:
        try:
            return (self._settings.log_dir / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def judged(self, note: Note, now: int, offered: Sequence[Blob] = (), as_if: Sequence[VerifierKey] = ()) -> Record:
        """Return what the note would count for as the next entry; raises `tlog.signature-wrong`.

        `offered` are the texts that come with it: nobody has published them yet. It is judged as if the keys of
        `as_if` had signed it too.

        Like the log, it never goes back in time: a clock that stepped back waits at the newest entry.
        """
        with self.reading() as state:
            at = max(now, state.time)
            signers = tuple(dict.fromkeys((*note.verified(state.candidate_keys(note.text)), *as_if)))
            texts = ChainMap({blob.commitment: blob for blob in offered}, self._tail.blobs)
            return state.would_apply(at, note.text, signers, PolicyJudge(texts.get) if offered else None)

    def verdict(self, entry: Entry, now: int) -> Verdict:
        """Return what the rules say to an entry that is still being signed."""
        with self.reading() as state:
            return self._judge.judge(entry, state, now, None)

    def bundle(self, policy: int) -> Bundle | None:
        """Return the parsed rules of a policy entry, None if their text is not here or cannot be read."""
        with self.reading() as state:
            found = state.policies.get(policy)
            bundle = self._judge.bundle_of(found) if found is not None else None
        return bundle if isinstance(bundle, Bundle) else None

    def text(self, commitment: str) -> Blob | None:
        """Return a published text, None if it was taken down or never published."""
        with self.reading():
            return self._tail.blobs.get(commitment)

    def sighting(self) -> Sighting:
        """Return what the newest co-signed checkpoint says."""
        with self.reading() as state:
            newest = self._tail.newest
            if newest is None:
                return Sighting(0, "", 0, 0, 0)
            return Sighting(
                size=newest.checkpoint.size,
                root=newest.checkpoint.root.hex(),
                cosigned_at=newest.median_time,
                cosigners=len(newest.times),
                witnesses=len(TrustPolicy.parse(state.trust_policy_text).witnesses),
            )


_RECORDS: dict[str, PublicRecord] = {}
_MAKING = threading.Lock()


def public_record() -> PublicRecord:
    """Return this process's record of the configured portal."""
    configured: Settings = settings.SUNPORCH
    with _MAKING:
        key = str(configured.data_dir)
        if key not in _RECORDS:
            _RECORDS[key] = PublicRecord(configured, system_clock())
        return _RECORDS[key]
