# SPDX-License-Identifier: AGPL-3.0-or-later
"""A running town: its processes, its clock, and its people at the doors where they may sign in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sunporch.base.clock import SystemClock
from sunporch.base.digests import to_base64
from sunporch.client import LogReader, PortalClient
from sunporch.docket.fold import Fold
from sunporch.town import cast, keys, parts, seed
from sunporch.town.clock import TownClock
from sunporch.town.errors import CLOCK_LATE, SERVER_SILENT
from sunporch.town.layout import ORIGIN, WITNESSES, Layout
from sunporch.town.supervisor import Supervisor
from sunporch.town.visit import Account, Visit
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail

COSIGN_SECONDS = 60
PURGE_SECONDS = 60
# The clock stops so long after the end of each share, so that its key is destroyed when it should be.
AFTER_END_SECONDS = 60
POLL_SECONDS = 0.2
# Waiting for processes is real waiting.
WALL = SystemClock()


class PublicRecord:
    """The town's record as any stranger reads and verifies it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._log = LogReader(layout.log_url)
        self._tail = Tail(Pin.parse(layout.pin.read_bytes()))

    def close(self) -> None:
        """Close the connections."""
        self._log.close()

    def read(self) -> Tail:
        """Read on to the newest co-signed checkpoint and return the reader's state."""
        self._tail.advance(self._log.fetch)
        return self._tail

    def until[Kind](self, found: Callable[[Tail], Kind | None], seconds: float, what: str) -> Kind:
        """Read on until `found` returns something, and return it; raises `town.server-silent`."""
        end = WALL.monotonic() + seconds
        while (answer := found(self.read())) is None:
            if WALL.monotonic() > end:
                last = f"a record of {self._tail.size} entries"
                raise SERVER_SILENT(where=self._layout.log_url, what=what, seconds=round(seconds), last=last)
            WALL.sleep(POLL_SECONDS)
        return answer


class Town:
    """What the story and `make demo` stand on. Close it, or leave the `with` block, to end every process."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.supervisor = Supervisor(parts.environment(layout))
        self.clock = TownClock(layout.clock)
        self._portal: PortalClient | None = None
        self._record: PublicRecord | None = None
        self._visits: dict[str, Visit] = {}

    def __enter__(self) -> Town:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def found(self) -> None:
        """Build the town from nothing (`seed.found`)."""
        seed.found(self.layout, self.supervisor)

    def open_doors(self, *names: str) -> None:
        """Start front doors and wait until they are ready."""
        self.supervisor.start([parts.door(self.layout, name) for name in names])

    def point_camera(self, footage: Path) -> str:
        """Start the virtual camera on a file and return its RTSP address."""
        self.supervisor.start([parts.camera(self.layout, footage)])
        return self.supervisor.wait_said("camera", f"rtsp://127.0.0.1:{self.layout.port('camera')}/")

    @property
    def portal(self) -> PortalClient:
        """The portal as anybody sees it, without an account."""
        if self._portal is None:
            self._portal = PortalClient(self.layout.url("portal"))
        return self._portal

    @property
    def record(self) -> PublicRecord:
        """The public record, read and verified."""
        if self._record is None:
            self._record = PublicRecord(self.layout)
        return self._record

    def visit(self, who: str) -> Visit:
        """Return the site where the person signs in, as they see it: the portal, or their own home's hub."""
        if who not in self._visits:
            url = self.layout.url(cast.BY_NAME[who].site)
            self._visits[who] = Visit(url, cast.read_accounts(self.layout.people)[who])
        return self._visits[who]

    def account(self, who: str) -> Account:
        """Return a person's account, to sign in elsewhere than in their `visit`."""
        return self.visit(who).account

    def keys_of(self, who: str) -> keys.Pair:
        """Return a person's private keys."""
        return keys.read(self.layout.people, who)

    def advance(self, seconds: int) -> int:
        """Move the town clock as `advance` does and return the new time."""
        return advance(self.clock, self.record, seconds, self.layout)

    def head(self) -> dict[str, Any]:
        """Return the newest co-signed checkpoint: origin, url, size, root (base64)."""
        tail = self.record.read()
        return {"origin": ORIGIN, "url": self.layout.log_url, "size": tail.size, "root": to_base64(tail.root)}

    def reopen(self) -> None:
        """Start again the processes of a town that was ended."""
        footage = next((self.layout.folder / "camera").glob("*.mp4"))
        self.open_doors(*WITNESSES, "portal", "custodian")
        self.point_camera(footage)
        self.open_doors(*parts.HUBS)

    def show_page(self) -> None:
        """Start the town page and write down that this town runs here."""
        self.supervisor.start([parts.page(self.layout)])
        self.layout.announce()

    def close(self) -> None:
        """End every connection and every process."""
        for each in (self._portal, self._record, *self._visits.values()):
            if each is not None:
                each.close()
        self.supervisor.stop()


def advance(clock: TownClock, record: PublicRecord, seconds: int, layout: Layout) -> int:
    """Move the town clock and wait until the record is co-signed at the new time; return that time.

    It stops just after the end of each share on the way until the custodian has destroyed its half, because a
    custodian that looks every hour must not seem to have looked away for months. Raises `town.clock-ahead`,
    `town.clock-late`, `town.server-silent`.
    """
    clock.check(seconds)
    target = clock.now() + seconds
    while (now := clock.now()) < target:
        end = next_end(record.read().fold, now)
        stop = target if end is None else min(target, end + AFTER_END_SECONDS)
        clock.advance(max(1, stop - now))
        _wait_cosigned(record, stop, layout)
        if end is not None and end < stop:
            record.until(_all_destroyed, PURGE_SECONDS, "destroying the keys of shares that ended")
    return target


def next_end(fold: Fold, now: int) -> int | None:
    """Return when the next live share ends, if one does."""
    ends = [clip.lease_end for clip in fold.disclosures.values() if clip.destroyed_at is None]
    return min((end for end in ends if end > now), default=None)


def _all_destroyed(tail: Tail) -> bool | None:
    now = tail.quorum_time
    due = [clip for clip in tail.fold.disclosures.values() if clip.destructible(now)]
    return None if due else True


def _wait_cosigned(record: PublicRecord, at: int, layout: Layout) -> None:
    end = WALL.monotonic() + COSIGN_SECONDS
    while record.read().quorum_time < at - 1:
        if WALL.monotonic() > end:
            raise CLOCK_LATE(seconds=COSIGN_SECONDS, folder=layout.folder / "logs")
        WALL.sleep(POLL_SECONDS)
