# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record again, in a hundred lines and in the plainest way: what the state machine holds the fold against.

Written from the table of conditions, not from the fold: sets and tuples, everything recomputed from the list of
accepted events at each question, nothing kept up to date.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400


@dataclass
class Reference:
    """Accepted events as tuples (time, what, ...); each `may_...` says whether the next one counts."""

    partner_from: int
    partner_ends: int
    events: list[tuple] = field(default_factory=list)

    def add(self, *event) -> None:
        self.events.append(event)

    def all(self, what: str) -> list[tuple]:
        return [event for event in self.events if event[1] == what]

    # -- keys and partnership --------------------------------------------------------------------------------------

    def live(self, name: str) -> bool:
        return not any(event[2] == name for event in self.all("key_end"))

    def cancelled(self) -> tuple | None:
        return next(iter(self.all("cancel")), None)

    def suspended(self, target: int) -> bool:
        acts = [event[3] for event in self.all("review") if event[2] == target]
        return bool(acts) and acts[-1] == "suspended"

    def partner(self, now: int) -> bool:
        return self.partner_from <= now < self.partner_ends and self.cancelled() is None

    # -- requests --------------------------------------------------------------------------------------------------

    def closing(self, request: int) -> int:
        (made, _, _, closes) = next(event for event in self.all("request") if event[2] == request)
        ends = [closes, self.partner_ends]
        ends += [event[0] for event in self.all("cancel") if event[0] >= made]
        ends += [event[2] for event in self.all("policy") if event[3] == "close" and event[2] > made]
        return min(ends)

    def done(self, request: int) -> bool:
        return any(event[2] == request for event in self.all("outcome"))

    def request_phase(self, request: int, now: int, outcome_days: int) -> str:
        if self.done(request):
            return "done"
        if now >= self.closing(request) + outcome_days * DAY:
            return "overdue"
        if now >= self.closing(request):
            return "closed"
        return "suspended" if self.suspended(request) else "open"

    # -- clips -----------------------------------------------------------------------------------------------------

    def clip(self, clip: int) -> tuple:
        return next(event for event in self.all("share") if event[2] == clip)

    def end(self, clip: int) -> int:
        shared, _, _, expires = self.clip(clip)
        ends = [expires] + [event[0] for event in self.all("withdrawal") if event[2] == clip]
        ends += [event[0] for event in self.all("cancel") if event[2] == "community" and event[0] >= shared]
        return min(ends)

    def destroyed(self, clip: int) -> bool:
        return any(clip in event[2] for event in self.all("expiry"))

    def holders(self, clip: int, now: int) -> list[str]:
        lifted = {event[2] for event in self.all("unfreeze")}
        return [e[4] for e in self.all("freeze") if e[2] == clip and now < e[3] and e[5] not in lifted]

    def may_open(self, clip: int, opener: str, second: str, now: int) -> bool:
        people = {"diaz": "agency", "kim": "agency", "reyes": "court side", "judge-hall": "court side"}
        signers = [name for name in (opener, second) if name and self.live(name)]
        openers = [name for name in signers if name in people]
        if not openers or self.destroyed(clip):
            return False
        if people[openers[0]] == "agency" and not self.partner(now):
            return False
        if now < self.end(clip):
            return True
        holders = self.holders(clip, now)
        return bool(holders) and any(name in holders or name == "judge-hall" for name in signers)

    def may_freeze(self, clip: int, now: int) -> bool:
        return not self.destroyed(clip) and (now < self.end(clip) or bool(self.holders(clip, now)))

    def may_destroy(self, clip: int, now: int) -> bool:
        return not self.destroyed(clip) and now >= self.end(clip) and not self.holders(clip, now)

    def may_withdraw(self, clip: int) -> bool:
        return not self.destroyed(clip) and not any(event[2] == clip for event in self.all("withdrawal"))

    def clip_phase(self, clip: int, now: int) -> str:
        if self.destroyed(clip):
            return "destroyed"
        if now >= self.end(clip):
            return "preserved" if self.holders(clip, now) else "ended"
        return "opened" if any(event[2] == clip for event in self.all("access")) else "shared"
