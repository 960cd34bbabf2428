# SPDX-License-Identifier: AGPL-3.0-or-later
"""Following the town's public record: one tail, its own copy on disk, and what the hub's parts ask of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sunporch.base.errors import Error
from sunporch.docket.entries import Request
from sunporch.docket.state import Record, State
from sunporch.hub.mirror import Mirror
from sunporch.policy import Bundle, parse_bundle
from sunporch.tlog.errors import ROLLBACK_FOUND
from sunporch.tlog.reader import CHECKPOINT
from sunporch.tlog.tiles import Fetch
from sunporch.verify import receipt
from sunporch.verify.errors import PATH_MISSING
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail


class Town:
    """What this hub knows of the record. Safe to use from several threads; one reads while others ask."""

    def __init__(self, pin: Pin, mirror: Mirror) -> None:
        self.origin = pin.origin
        self._mirror = mirror
        self._lock = threading.RLock()
        self._pin = pin
        self._tail = Tail(pin)
        self._seen = 0  # how many entries this home had followed before this process began
        self._by_id: dict[str, int] = {}
        self._indexed = 0
        self._bundles: dict[str, Bundle] = {}

    def replay(self, seen_size: int = 0, seen_root: str = "") -> None:
        """Take in the hub's own copy of the record, if it has one, and hold the record to what was seen before.

        Where the copy was lost, or is older or another one (a restored hub has none), a record that shows less than
        `seen_size` entries, or others, is a lie all the same. Raises what reading the record raises.
        """
        try:
            self._advance(self._mirror.fetch, keep=False)
        except Error as error:
            if error.kind is not PATH_MISSING or self.followed:
                raise
            # a new hub, one that was never able to read, or one whose copy is gone
        finally:
            self._seen = seen_size
            if seen_size:
                self._hold_to(seen_size, bytes.fromhex(seen_root))

    def _hold_to(self, size: int, root: bytes) -> None:
        with self._lock:
            try:
                self._tail.hold_to(size, root)
            except Error:  # the copy is not of the record that was followed: all is read again
                self._tail, self._indexed = Tail(self._pin), 0
                self._by_id.clear()
                self._tail.hold_to(size, root)
                raise

    def read(self, fetch: Fetch) -> list[Record]:
        """Read the record once, with the same questions whatever the home holds; return what is new.

        Raises the `client.` errors (nobody answers), and `tlog.`, `verify.`, `docket.` errors for every lie. A record
        that is not there any more is one of them; one that was never there is not.
        """
        try:
            return self._advance(fetch, keep=True)
        except Error as error:
            had = max(self.size, self._seen)
            if error.kind is PATH_MISSING and error.where == CHECKPOINT and had:
                raise ROLLBACK_FOUND(where=CHECKPOINT, old=had, new=0) from error
            raise

    def _advance(self, fetch: Fetch, *, keep: bool) -> list[Record]:
        with self._lock:
            try:
                self._tail.advance(fetch, self._mirror.keep if keep else None)
            finally:
                # Also what came before an error was verified, and counts.
                new = self._tail.fold.records[self._indexed :] if self._tail.size else []
                for record in new:
                    self._by_id.setdefault(record.id, record.index)
                self._indexed += len(new)
            return new

    @contextmanager
    def locked(self) -> Iterator[State]:
        """Give out what is in force, for as long as nothing changes it; raises `verify.path-missing` before."""
        with self._lock:
            yield self._tail.fold

    @property
    def followed(self) -> bool:
        """Whether anything of the record was ever read."""
        return self._tail.size > 0

    @property
    def size(self) -> int:
        """How many entries were verified."""
        return self._tail.size

    @property
    def root(self) -> str:
        """The root over them, hex."""
        with self._lock:
            return self._tail.root.hex()

    @property
    def quorum_time(self) -> int:
        """The median witness time of the newest co-signed checkpoint, 0 before the first."""
        return self._tail.quorum_time

    @property
    def missing_texts(self) -> dict[str, Error]:
        """Texts that the record commits to and that the portal does not give, by commitment."""
        with self._lock:
            return dict(self._tail.missing)

    def records_since(self, index: int) -> list[Record]:
        """Return the records from an index on."""
        with self._lock:
            return self._tail.fold.records[index:] if self.followed else []

    def record_of(self, entry_id: str) -> Record | None:
        """Return what became of an entry, None while the record does not show it."""
        with self._lock:
            index = self._by_id.get(entry_id)
            return None if index is None else self._tail.fold.records[index]

    def disclosure_of(self, c: str) -> Record | None:
        """Return the disclosure in force by which clip `c` is shared or was, None while the record shows none."""
        with self._lock:
            index = self._tail.fold.clips.get(c) if self.followed else None
            return None if index is None else self._tail.fold.records[index]

    def receipt(self, disclosure: int, withdrawal: str) -> str:
        """Return the receipt file of a recorded share, which `sunporch verify --receipt` checks offline."""
        with self._lock:
            return receipt.make(self._tail, disclosure, withdrawal)

    def text(self, commitment: str) -> str:
        """Return a published text, empty while it is missing or taken down."""
        with self._lock:
            blob = self._tail.blobs.get(commitment)
            return blob.text if blob else ""

    def offence_names(self, request: Request) -> dict[str, str]:
        """Return the offence's name by language, as the rules that the request cites spell it."""
        with self._lock:
            policy = self._tail.fold.policies.get(request.policy)
            if policy is None:
                return {}
            if policy.bundle not in self._bundles:
                self._bundles[policy.bundle] = parse_bundle(self.text(policy.bundle))
            offence = self._bundles[policy.bundle].offences.get(request.offence)
            return dict(offence.title) if offence else {}
