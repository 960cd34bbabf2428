# SPDX-License-Identifier: AGPL-3.0-or-later
"""Random lives of a town, held against the plain reference: what counts, what is where, and the tables of lives."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from sunporch.docket import entries as e
from sunporch.docket.lifecycle import CLIP_LIFE, REQUEST_LIFE
from sunporch.docket.wire import entry_id
from tests.docket.people import DAY, ORI, OUTCOME_DAYS, Town
from tests.docket.reference import Reference
from tests.docket.void_cases import words

AGENCY = st.sampled_from(["diaz", "kim", "novak", "ross"])
ANYBODY = st.sampled_from(["diaz", "kim", "reyes", "judge-hall", "okafor", "portal"])
BOARD = ("bell-1", "bell-2")
soak = os.environ.get("SUNPORCH_SOAK") == "1"
# `--hypothesis-seed=N` plays the same lives again.
LIFE = settings(
    max_examples=2_000 if soak else 25,
    stateful_step_count=60 if soak else 40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
HOLDERS = ("reyes", "judge-hall", "okafor")
CLIP_ARROWS = {(arrow.source, arrow.target) for arrow in CLIP_LIFE}
REQUEST_ARROWS = {(arrow.source, arrow.target) for arrow in REQUEST_LIFE}


class TownLife(RuleBasedStateMachine):
    requests = Bundle("requests")
    clips = Bundle("clips")
    freezes = Bundle("freezes")

    @initialize()
    def begin(self):
        self.town = Town()
        partner = self.town.fold.partnerships[self.town.at["partnership"]]
        self.plain = Reference(partner.in_force_from, partner.ends)
        self.number = 0
        self.generation = 0
        self.seen_clips: dict[int, object] = {}
        self.seen_requests: dict[int, object] = {}

    def agree(self, record, expected: bool, *event) -> bool:
        assert record.in_force is expected, (record.reason, event)
        if record.in_force:
            self.plain.add(self.town.now, *event)
        return record.in_force

    @rule(days=st.sampled_from([0, 0.01, 1, 7, 20, 61]))
    def time_passes(self, days):
        self.town.wait(days=days)

    @rule(pick=st.integers(0, 1_000), offset=st.sampled_from([-1, 0, 1]))
    def an_edge_comes(self, pick, offset):
        """Jump to a second before, at, or after something closes, ends, lapses or becomes due."""
        fold = self.town.fold
        edges = [self.plain.partner_ends, *(policy.in_force_from for policy in fold.policies.values())]
        edges += [time for r in fold.requests.values() for time in (r.closes_at, r.closes_at + OUTCOME_DAYS * DAY)]
        edges += [clip.expires for clip in fold.disclosures.values()]
        edges += [freeze.until for clip in fold.disclosures.values() for freeze in clip.freezes.values()]
        ahead = sorted({edge + offset for edge in edges if edge + offset > self.town.now})
        if ahead:
            self.town.wait(seconds=ahead[pick % len(ahead)] - self.town.now)

    @rule(target=requests, officer=AGENCY, second=AGENCY, days=st.integers(1, 30))
    def ask(self, officer, second, days):
        town, now = self.town, self.town.now
        recipients = tuple(town.at[name] for name in ("novak", "ross") if self.plain.live(name))
        fields = town.request_fields(closes=now + days * DAY, recipients=recipients or (town.at["reyes"],))
        fields["policy"] = town.fold.policy_in_force(now).index
        roles = {("officer" if name in ("diaz", "novak") else "supervisor") for name in (officer, second)}
        live = all(self.plain.live(name) for name in (officer, second))
        expected = self.plain.partner(now) and not self.plain.suspended(town.at["partnership"])
        expected = expected and roles == {"officer", "supervisor"} and live
        record = town.put(e.Request, officer, second, **fields)
        self.agree(record, expected, "request", record.index, now + days * DAY)
        return record.index if record.in_force else -1

    @rule(request=requests, who=ANYBODY, action=st.sampled_from(["suspended", "reinstated"]))
    def review(self, request, who, action):
        if request < 0:
            return
        already = self.plain.suspended(request) is (action == "suspended")
        expected = who == "okafor" and self.plain.live(who) and not already
        fields = {"action": action, "target": request, "draft": "", "reason": "too-wide"}
        self.agree(self.town.put(e.Review, who, **fields), expected, "review", request, action)

    @rule(request=requests, who=ANYBODY)
    def tell_outcome(self, request, who):
        if request < 0:
            return
        over = self.plain.request_phase(request, self.town.now, OUTCOME_DAYS) in ("closed", "overdue", "done")
        expected = over and who in ("diaz", "kim") and self.plain.live(who)
        record = self.town.put(e.Outcome, who, request=request, code="not_useful", clips="<5")
        self.agree(record, expected, "outcome", request)

    @rule(target=clips)
    def share(self):
        self.number += 1
        record = self.town.put_share(self.number)
        self.agree(record, self.plain.partner(self.town.now), "share", record.index, record.entry.expires)
        return (record.index if record.in_force else -1, self.number)

    @rule(clip=clips, opener=ANYBODY, second=st.sampled_from(["", "reyes", "judge-hall", "okafor"]))
    def open(self, clip, opener, second):
        if clip[0] < 0 or opener == second:
            return
        expected = self.plain.may_open(clip[0], opener, second, self.town.now)
        record = self.town.put_access(clip[0], *filter(None, (opener, second)))
        self.agree(record, expected, "access", clip[0])

    @rule(target=freezes, clip=clips, who=ANYBODY, days=st.sampled_from([1, 80, 300]))
    def freeze(self, clip, who, days):
        if clip[0] < 0:
            return None
        expected = who in HOLDERS and self.plain.live(who) and self.plain.may_freeze(clip[0], self.town.now)
        record = self.town.put_freeze(clip[0], who, days)
        until = self.town.now + days * DAY
        self.agree(record, expected, "freeze", clip[0], until, who, record.index)
        return (record.index, clip[0], who, until) if record.in_force else None

    @rule(freeze=freezes, who=ANYBODY)
    def unfreeze(self, freeze, who):
        if freeze is None:
            return
        index, _, holder, until = freeze
        held = self.town.now < until and not any(event[2] == index for event in self.plain.all("unfreeze"))
        expected = held and who in (holder, "judge-hall") and self.plain.live(who)
        self.agree(self.town.put(e.Unfreeze, who, freeze=index), expected, "unfreeze", index)

    @rule(clip=clips)
    def withdraw(self, clip):
        if clip[0] >= 0:
            record = self.town.put_withdrawal(clip[0], clip[1])
            self.agree(record, self.plain.may_withdraw(clip[0]), "withdrawal", clip[0])

    @rule(clip=clips)
    def destroy(self, clip):
        if clip[0] >= 0:
            self.generation += 1
            record = self.town.put_expiry(clip[0], generation=self.generation)
            self.agree(record, self.plain.may_destroy(clip[0], self.town.now), "expiry", (clip[0],))

    @rule(who=st.sampled_from(["diaz", "kim", "novak", "reyes"]), chance=st.integers(0, 3))
    def end_key(self, who, chance):
        if chance == 0:
            record = self.town.put(e.KeyEnd, *BOARD, key=self.town.at[who], **words())
            self.agree(record, self.plain.live(who), "key_end", who)

    @rule(days=st.integers(29, 40), what=st.sampled_from(["keep", "close"]))
    def adopt(self, days, what):
        start = self.town.now + days * DAY
        fields = {"bundle": "bc" * 32, "in_force_from": start, "open_requests": what}
        self.agree(self.town.put(e.Policy, *BOARD, **fields), days >= 30, "policy", start, what)

    @rule(by=st.sampled_from(["community", "registrar"]), chance=st.integers(0, 9))
    def cancel(self, by, chance):
        if chance == 0:
            signers = BOARD if by == "community" else (f"registrar-{ORI}",)
            expected = self.plain.cancelled() is None and self.town.now < self.plain.partner_ends
            fields = {"partnership": self.town.at["partnership"], **words()}
            self.agree(self.town.put(e.PartnershipCancel, *signers, **fields), expected, "cancel", by)

    @rule(pick=st.integers(0, 10_000))
    def somebody_replays(self, pick):
        """The same text again counts for nothing; only a withdrawal that was void then may count now."""
        town = self.town
        _, text, keys, _ = town.log[pick % len(town.log)]
        spoilt = [r for r in town.fold.records if r.id == entry_id(text)]
        clip = spoilt[0].entry.disclosure if isinstance(spoilt[0].entry, e.Withdrawal) else -1
        fresh = clip >= 0 and not any(record.in_force for record in spoilt) and self.plain.may_withdraw(clip)
        self.agree(town.put_keys(text, keys), fresh, "withdrawal", clip)

    @rule(clip=consumes(clips))
    def forget(self, clip):
        """Residents lose receipts: nothing more happens to the clip but time."""

    @invariant()
    def everything_is_where_the_reference_says(self):
        now, fold = self.town.now, self.town.fold
        for index, clip in fold.disclosures.items():
            assert clip.phase(now).value == self.plain.clip_phase(index, now)
            assert clip.destructible(now) is (self.plain.may_destroy(index, now))
        for index, request in fold.requests.items():
            assert request.phase(now).value == self.plain.request_phase(index, now, OUTCOME_DAYS)
        assert (fold.partnership_of(ORI, now) is not None) is self.plain.partner(now)

    @invariant()
    def phases_change_only_along_the_arrows(self):
        now, fold = self.town.now, self.town.fold
        for index, clip in fold.disclosures.items():
            check_path(self.seen_clips, index, clip.phase(now), CLIP_ARROWS)
        for index, request in fold.requests.items():
            check_path(self.seen_requests, index, request.phase(now), REQUEST_ARROWS)


def check_path(seen, index, phase, arrows):
    """A long wait may pass through several phases at once; each change must be a path of arrows."""
    before = seen.get(index)
    if before is not None and before != phase:
        reached, front = {before}, {before}
        while front:
            front = {target for source, target in arrows if source in front} - reached
            reached |= front
        assert phase in reached, (before, phase)
    seen[index] = phase


TownLife.TestCase.settings = LIFE
TestTownLife = TownLife.TestCase
