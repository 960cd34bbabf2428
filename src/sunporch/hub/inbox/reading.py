# SPDX-License-Identifier: AGPL-3.0-or-later
"""One reading of the record and all that the hub concludes from it. What is asked never depends on what is here.

The questions come first and are the same in every home; only when the last answer is in does the hub look at itself.
"""

from __future__ import annotations

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
        self._begun_at = clock.now()
        self._docket = actions.Docket()
        self._judged = 0

    def begin(self) -> None:
        """Take in the hub's own copy; where it is damaged the alarm says so, and reading goes on from the portal."""
        error = None
        try:
            self._town.replay()
        except Error as found:
            error = found
        self._conclude(error)

    def once(self) -> None:
        """Read the record once; whatever the portal does, this returns and says what it was."""
        error = None
        try:
            self._town.read(self._fetch)
        except Error as found:
            error = found
        agrees = self._conclude(error)
        actions.note_reading(self._town, self._clock.now(), error, clock_agrees=agrees)

    def _conclude(self, error: Error | None) -> bool:
        """Bring everything at home up to what was read; return whether the clock agrees with it."""
        now = self._clock.now()
        self._raise_alarms(error, now)
        if not self._town.followed:
            return False
        self._judge(now)
        agrees = self._check_clocks(now)
        self._docket.project(self._town, now)
        shares.project(self._town, now)
        self._look_at_home(now)
        return agrees

    def _look_at_home(self, now: int) -> None:
        """Match and hold; an archive that refuses is an alarm, and no reason to stop reading the record."""
        try:
            actions.match(self._town, self._vault, now)
            actions.end_holds(self._vault, now)
            shares.let_go(self._vault, now)
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

    def _check_clocks(self, now: int) -> bool:
        """Compare the clocks; what a clock that is behind dates is remembered as misdated."""
        ahead = self._town.quorum_time - now
        error = None
        if ahead > MOST_CLOCK_DIFFERENCE:
            error = errors.CLOCK_BEHIND(seconds=ahead)
            actions.note_misdated(self._begun_at, now)
        elif -ahead > MOST_RECORD_AGE:
            error = errors.RECORD_STALE(hours=-ahead // 3600)
        if error is not None:
            actions.raise_alarm(error, THE_CLOCK, now)
        actions.end_alarms(THE_CLOCK, now, but=error.id if error else "")
        return error is None


def is_silence(error: Error) -> bool:
    """Say whether the portal just did not answer, or said that it cannot now."""
    if error.kind is ANSWER_REFUSED:
        return int(str(error.params["status"])) >= 500
    return error.kind is SERVER_UNREACHABLE
