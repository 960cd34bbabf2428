# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the three panes of the town page show now: Ana's phone, Det. Diaz's desk, the public record. And the steps.

Each pane asks the site that its person would ask, signed in as that person; the record is read and verified as any
stranger does. A pane whose site does not answer says so.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from typing import Any

from sunporch.base.errors import Error
from sunporch.docket.entries import UnknownEntry
from sunporch.docket.fold import Fold
from sunporch.docket.state import Record
from sunporch.town.cast import AGENCY
from sunporch.town.clock import TownClock
from sunporch.town.entrance import Guest
from sunporch.town.layout import Layout
from sunporch.town.town import PublicRecord

LATEST = 6
DAY = 86_400

_WORDS = {
    "community": "the town's first entry",
    "trust": "whom the town trusts",
    "policy": "the town's rules",
    "partnership": "a partnership",
    "partnership_cancel": "the end of a partnership",
    "key": "a person's key",
    "key_end": "the end of a key",
    "request": "an appeal",
    "review": "a review",
    "refusals": "what was refused that day",
    "disclosure": "a clip is shared",
    "access": "a clip is opened",
    "withdrawal": "a clip is taken back",
    "expiry": "a clip's key is destroyed",
    "freeze": "a clip is preserved",
    "outcome": "what became of an appeal",
    "breach": "something went wrong",
}


class Panes:
    """Everything that moves on the town page. One lock: the page's threads ask one after another."""

    def __init__(self, layout: Layout, guests: dict[str, Guest]) -> None:
        self._layout, self._clock, self._guests = layout, TownClock(layout.clock), guests
        self._lock = threading.Lock()
        self._record: PublicRecord | None = None

    def now(self) -> dict[str, Any]:
        """Return the panes as lists of sentences, the steps, and the town's time."""
        with self._lock:
            moment = self._clock.now()
            fold, record = self._read()
            return {
                "time": f"{_when(moment):%A %H:%M}",
                "day": f"{_when(moment):%d %B %Y}",
                "behind": self._clock.behind // DAY,
                "ana": self._told(self._ana),
                "diaz": self._told(self._diaz),
                "record": record,
                "done": _done(fold, moment) if fold is not None else [],
                "can_end": fold is not None and any(c.destroyed_at is None for c in fold.disclosures.values()),
            }

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._record is not None:
                self._record.close()

    def _told(self, tell: Callable[[], list[str]]) -> list[str]:
        try:
            return tell()
        except Error as error:
            return [f"No answer just now: {error.what}"]

    def _ana(self) -> list[str]:
        ana = self._guests["ana"]
        lines = []
        for notice in ana.ask("/api/v1/inbox")[:LATEST]:
            state = "You may ignore it." if notice["open"] else "It is closed."
            lines.append(f"{notice['agency_name']} asks about {notice['offence']}. {state}")
        for share in ana.ask("/api/v1/shares")[:LATEST]:
            opened = len(share["openings"])
            seen = f"opened {opened} times" if opened > 1 else "opened once" if opened else "not opened yet"
            if share["time_left"]:
                lines.append(f"A clip is shared until {_when(share['expires']):%d %B}: {seen}.")
            else:
                lines.append(f"A clip was shared, {seen}; it can no longer be opened.")
        return lines or ["Nothing has left this house.", "No appeal concerns this home."]

    def _diaz(self) -> list[str]:
        diaz = self._guests["diaz"]
        lines = []
        for draft in diaz.ask("/api/v1/drafts")[:LATEST]:
            place = f"entry {draft['index']} of the record" if draft["index"] is not None else draft["state"]
            lines.append(f"An appeal: {place}.")
        clips = diaz.ask("/api/v1/clips")[:LATEST]
        lines += [f"A clip (entry {clip['disclosure']}): {clip['state']}." for clip in clips]
        return lines or ["No appeal yet. Nobody knows who has a camera."]

    def _read(self) -> tuple[Fold | None, list[str]]:
        try:
            if self._record is None:
                self._record = PublicRecord(self._layout)
            tail = self._record.read()
        except Error as error:
            return None, [f"No answer just now: {error.what}"]
        latest = [_line(record) for record in tail.fold.records[-LATEST:]]
        return tail.fold, [*reversed(latest), f"{tail.size} entries, co-signed by 3 of 4 and checked by this page."]


def _line(record: Record) -> str:
    entry = record.entry
    if entry is None or isinstance(entry, UnknownEntry):
        words = "an entry of unknown kind"
    else:
        words = _WORDS.get(entry.TYPE, entry.TYPE)
    void = "" if record.in_force else ", void"
    return f"#{record.index}\t{_when(record.time):%d %b %H:%M}\t{words}{void}"


def _when(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at, datetime.UTC)


def _done(fold: Fold, now: int) -> list[bool]:
    """Say of each of the six steps whether the record shows it."""
    said_yes = fold.partnership_of(AGENCY, now) is not None
    ended = any(partnership.cancelled_at is not None for partnership in fold.partnerships.values())
    opened = any(clip.accesses for clip in fold.disclosures.values())
    return [said_yes or ended, bool(fold.requests), bool(fold.refusals), bool(fold.disclosures), opened, ended]
