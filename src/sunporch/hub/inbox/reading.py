# SPDX-License-Identifier: AGPL-3.0-or-later
"""One reading of the record and all that the hub concludes from it. What is asked never depends on what is here.

The questions come first and are the same in every home; only when the last answer is in does the hub look at itself.
"""

from __future__ import annotations

import math

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.client.errors import ANSWER_REFUSED, SERVER_UNREACHABLE
from sunporch.docket.void import Void
from sunporch.hub import errors
from sunporch.hub.following import Town
from sunporch.hub.inbox import actions
from sunporch.hub.shares import actions as shares
from sunporch.tlog.tiles import Fetch
from sunporch.vault import Vault

THE_RECORD, THE_CLOCK, THE_ARCHIVE = "the record", "the clock", "the archive"
# Beyond this the hub's clock and the co-signers' cannot both be right (3.3 of the protocol).
MOST_CLOCK_DIFFERENCE = 300
# An idle log is co-signed every hour; three missed hours are no accident.
MOST_RECORD_AGE = 3 * 3600


class Reading:
    """Reads the record with `fetch` and brings everything at home up to it."""

    def __init__(self, clock: Clock, vault: Vault, town: Town, fetch: Fetch) -> None:
        self._clock = clock
        self._vault = vault
        self._town = town
        self._fetch = fetch
        # When the last reading that succeeded began, by both clocks, and the co-signers' time that it found.
        self._before: tuple[float, int, int] | None = None
        # By how much the clock was ahead of the monotonic one when it was proven wrong; None while it is not.
        self._ahead_offset: float | None = None
        # Whether the record has said since this process began that the clock is right, or that it is wrong.
        self.clock_judged = False
        self._docket = actions.Docket()
        self._judged = 0

    def begin(self) -> None:
        """Take in the hub's own copy; where it is damaged the alarm says so, and reading goes on from the portal."""
        actions.begin_reading()
        error = None
        try:
            self._town.replay(*actions.followed())
        except Error as found:
            error = found
        self._conclude(error)

    def once(self) -> None:
        """Read the record once; whatever the portal does, this returns and says what it was."""
        error, fresh = None, None
        began = self._clock.monotonic(), self._clock.now()
        try:
            self._town.read(self._fetch)
        except Error as found:
            error = found
        else:
            fresh = self._fresh()
            self._before = *began, self._town.quorum_time
        self._conclude(error, fresh)
        if error is None or not is_silence(error):  # who fell silent may not have been asked for all of them
            self._check_texts(self._clock.now())
        actions.note_reading(self._town, self._clock.now(), error)

    def _fresh(self) -> int | None:
        """Return how many seconds ago the newest checkpoint was co-signed at most; None where that is not known.

        One that was not there when the reading before began is younger than that. The longer of two clocks counts: a
        clock that was set in between proves nothing yet.
        """
        if self._before is None or self._town.quorum_time <= self._before[2]:
            return None
        return math.ceil(max(self._clock.monotonic() - self._before[0], self._clock.now() - self._before[1]))

    def _conclude(self, error: Error | None, fresh: int | None = None) -> None:
        """Bring everything at home up to what was read."""
        now = self._clock.now()
        self._raise_alarms(error, now)
        if not self._town.followed:
            return
        self._judge(now)
        self._check_clocks(now, fresh)
        self._docket.project(self._town, now)
        shares.project(self._town, now)
        self._look_at_home(now)

    def _look_at_home(self, now: int) -> None:
        """Match and hold; an archive that refuses is an alarm, and no reason to stop reading the record."""
        try:
            actions.match(self._town, self._vault, now)
            # By the co-signers' time: this hub's own clock, were it ahead, would end them too early.
            actions.end_holds(self._vault, self._town.quorum_time)
            shares.let_go(self._vault, self._town.quorum_time)
        except Error as error:
            actions.raise_alarm(error, THE_ARCHIVE, now)
            return
        actions.end_alarms(THE_ARCHIVE, now)

    def _raise_alarms(self, error: Error | None, now: int) -> None:
        """A portal that does not answer is a state; one that lies is an alarm."""
        if error is None:
            actions.end_alarms(THE_RECORD, now)
        elif not is_silence(error):
            actions.raise_alarm(error, THE_RECORD, now)
            actions.end_alarms(THE_RECORD, now, but=error.id)

    def _check_texts(self, now: int) -> None:
        """Raise the alarm for each text that the portal was asked for and does not give."""
        missing = self._town.missing_texts
        for commitment, reason in missing.items():
            actions.raise_alarm(errors.TEXT_WITHHELD(reason=reason.what), f"text {commitment}", now)
        actions.end_text_alarms({f"text {commitment}" for commitment in missing}, now)

    def _judge(self, now: int) -> None:
        new = self._town.records_since(self._judged)
        actions.judge_new(new, now)
        for record in new:
            if record.reason is Void.TIME:
                actions.raise_alarm(errors.RECORD_MISTIMED(), f"entry {record.index}", now)
        self._judged += len(new)

    def _check_clocks(self, now: int, fresh: int | None) -> None:
        """Compare the clocks; what a clock dates that is proven wrong stands under no date.

        The co-signers' time is in the past, so that a clock behind it is wrong. It is at most `fresh` seconds in the
        past, where that is known: so a clock that is further ahead of it is wrong too. Where it is not known, a clock
        that is ahead and a record that stands still look the same, and nothing is concluded.
        """
        ahead = now - self._town.quorum_time
        error = None
        if -ahead > MOST_CLOCK_DIFFERENCE:
            error = errors.CLOCK_BEHIND(seconds=-ahead)
            self._note_clock(right=False)
        elif self._is_ahead(now, ahead, fresh):
            error = errors.CLOCK_AHEAD(seconds=ahead - (fresh or 0))
            self._note_clock(right=False)
        elif ahead <= MOST_CLOCK_DIFFERENCE + min(fresh or 0, MOST_CLOCK_DIFFERENCE):
            self._note_clock(right=True)
        elif ahead > MOST_RECORD_AGE:
            error = errors.RECORD_STALE(hours=ahead // 3600)
        elif self._vault.clock_wrong:
            return  # nothing shows yet that it is right again
        if error is not None:
            actions.raise_alarm(error, THE_CLOCK, now)
        actions.end_alarms(THE_CLOCK, now, but=error.id if error else "")

    def _note_clock(self, *, right: bool) -> None:
        actions.note_clock(self._vault, right=right)
        self.clock_judged = True

    def _is_ahead(self, now: int, ahead: int, fresh: int | None) -> bool:
        """Say whether the clock is proven to be ahead, by this reading or by an earlier one since which it ran on."""
        offset = now - self._clock.monotonic()
        if fresh is not None:
            self._ahead_offset = offset if ahead - fresh > MOST_CLOCK_DIFFERENCE else None
        return self._ahead_offset is not None and abs(offset - self._ahead_offset) <= MOST_CLOCK_DIFFERENCE


def is_silence(error: Error) -> bool:
    """Say whether the portal just did not answer, or said that it cannot now."""
    if error.kind is ANSWER_REFUSED:
        return int(str(error.params["status"])) >= 500
    return error.kind is SERVER_UNREACHABLE
