# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian beside a reference of its leases: random lives of clips, and the same answer at every step.

The reference knows spec/lease.md and nothing of the code. It says who opens what, and which halves exist.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from sunporch.base.errors import Error
from sunporch.clip import halves
from sunporch.docket import entries as e
from sunporch.docket.custody import DAY
from sunporch.tlog.hashing import leaf_hash
from tests.custodian.office import Clip, Office, fold_of
from tests.verify.town import ORI, person

AGENCY, COURT = ("diaz", "kim"), "hall"
OUTSIDE = ("reyes", COURT)
MOST_DAYS = 300  # the partnership lasts a year
APPEAL_DAYS = 5
MOST_CLIPS = 8
HOUR = 3_600


@dataclass
class Freeze:
    """A hold on one clip."""

    index: int
    holder: str
    until: int
    lifted: bool = False

    def active(self, now: int) -> bool:
        return not self.lifted and now < self.until


@dataclass
class Lease:
    """What the reference knows of one clip. `straight` = when it was withdrawn straight, not yet on record."""

    clip: Clip
    given_at: int
    recorded: bool = True
    ended_at: int | None = None  # withdrawn or cancelled on record
    straight: int | None = None
    alive: bool = True
    freezes: list[Freeze] = field(default_factory=list)

    def over(self, now: int) -> bool:
        return now >= self.clip.kept.expires or self.ended_at is not None

    def holders(self, now: int) -> set[str]:
        return {freeze.holder for freeze in self.freezes if freeze.active(now)}

    def must_die(self, now: int) -> bool:
        if not self.recorded:
            return now >= self.given_at + DAY
        unheard = self.straight is not None and now >= self.straight + HOUR
        return (unheard or self.over(now)) and not self.holders(now)

    def opens(self, now: int, signers: tuple[str, ...], live: set[str], partner: bool) -> bool:
        valid = [name for name in signers if name in live]
        if not (self.alive and self.recorded) or self.straight is not None:
            return False
        if not any(name in OUTSIDE or (name in AGENCY and partner) for name in valid):
            return False
        holders = self.holders(now)
        return not self.over(now) or (bool(holders) and any(name in holders or name == COURT for name in valid))


class Leases(RuleBasedStateMachine):
    """A town, its custodian, and everything that may happen to a clip."""

    clips = Bundle("clips")

    def __init__(self) -> None:
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        self.office = Office(Path(self.scratch.name))
        self.leases: list[Lease] = []
        self.live = {*AGENCY, *OUTSIDE}
        self.partner = True
        self.days = 0.0

    @property
    def now(self) -> int:
        return self.office.town.now

    def sweep(self) -> None:
        for lease in self.leases:
            lease.alive = lease.alive and not lease.must_die(self.now)

    # -- the homes ---------------------------------------------------------------------------------------------------

    def given(self) -> Lease:
        return Lease(self.office.give(), self.now)

    @precondition(lambda self: self.partner and self.days < APPEAL_DAYS and len(self.leases) < MOST_CLIPS)
    @rule(target=clips)
    def share(self) -> Lease:
        lease = self.given()
        self.office.record(lease.clip)
        self.leases.append(lease)
        return lease

    @precondition(lambda self: self.partner and self.days < APPEAL_DAYS and len(self.leases) < MOST_CLIPS)
    @rule()
    def give_and_never_share(self) -> None:
        lease = self.given()
        lease.recorded = False
        self.leases.append(lease)

    @rule(lease=clips)
    def withdraw_straight(self, lease: Lease) -> None:
        self.office.keeper.withdraw(self.office.withdrawal(lease.clip))
        if lease.straight is None and not self.withdrawn(lease):
            lease.straight = self.now
        self.sweep()

    @rule(lease=clips)
    def withdraw_on_record(self, lease: Lease) -> None:
        self.office.town.append(self.office.withdrawal(lease.clip).encode())
        self.office.town.cosign()
        if self.withdrawn(lease):
            self.end(lease)

    def withdrawn(self, lease: Lease) -> bool:
        return fold_of(self.office).disclosures[lease.clip.share].withdrawn_at is not None

    def told(self, lease: Lease) -> bool:
        return fold_of(self.office).disclosures[lease.clip.share].destroyed_at is not None

    def end(self, lease: Lease) -> None:
        lease.ended_at = lease.ended_at or self.now
        lease.straight = None

    # -- the offices -------------------------------------------------------------------------------------------------

    @rule(lease=clips, holder=st.sampled_from([*OUTSIDE, "okafor"]), days=st.integers(1, 120))
    def freeze(self, lease: Lease, holder: str, days: int) -> None:
        until = self.now + days * DAY
        index = self.office.town.put(e.Freeze, person(holder), disclosure=lease.clip.share, until=until)
        self.office.town.cosign()
        # On record a share may be frozen whose half is destroyed: its withdrawal was kept off the record for an hour.
        allowed = holder in self.live | {"okafor"} and not self.told(lease)
        if allowed and (not lease.over(self.now) or lease.holders(self.now)):
            lease.freezes.append(Freeze(index, holder, until))

    @rule(lease=clips, signer=st.sampled_from(OUTSIDE), data=st.data())
    def unfreeze(self, lease: Lease, signer: str, data) -> None:
        if lease.freezes:
            freeze = data.draw(st.sampled_from(lease.freezes))
            self.office.town.put(e.Unfreeze, person(signer), freeze=freeze.index)
            self.office.town.cosign()
            if signer in self.live and signer in (freeze.holder, COURT):
                freeze.lifted = True

    @precondition(lambda self: len(self.live) > 2)
    @rule(name=st.sampled_from(["diaz", "reyes"]))
    def end_key(self, name: str) -> None:
        signers = [person(f"registrar-{ORI}")] if name in AGENCY else [person("bell-1"), person("bell-2")]
        self.office.town.put(e.KeyEnd, *signers, key=self.office.town.keys[name], reason="left")
        self.office.town.cosign()
        self.live.discard(name)

    @precondition(lambda self: self.partner and len(self.leases) > 2)
    @rule(by_community=st.booleans())
    def cancel(self, by_community: bool) -> None:
        signers = [person("bell-1"), person("bell-2")] if by_community else [person(f"registrar-{ORI}")]
        target = self.office.town.keys["partnership"]
        self.office.town.put(e.PartnershipCancel, *signers, partnership=target, reason="voted")
        self.office.town.cosign()
        self.partner = False
        for lease in self.leases if by_community else []:
            lease.ended_at = lease.ended_at or self.now

    # -- time, machines ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.days < MOST_DAYS)
    @rule(days=st.sampled_from([0.01, 0.5, 3, 30, 61]))
    def wait(self, days: float) -> None:
        self.office.wait(days=days)
        self.days += days

    @rule()
    def tick(self) -> None:
        self.office.tick()
        self.sweep()
        for lease in self.leases:
            if lease.straight is not None and not self.office.portal_is_down:
                self.end(lease)

    @rule(crash=st.booleans())
    def restart(self, crash: bool) -> None:
        if crash:  # nothing that is held back is written
            self.office.keeper._store.close()
            self.office.start()
        else:
            self.office.restart()

    @rule()
    def portal_goes_down_or_up(self) -> None:
        self.office.portal_is_down = not self.office.portal_is_down

    # -- what must agree ---------------------------------------------------------------------------------------------

    @rule(
        lease=clips,
        signers=st.sampled_from(
            [("diaz",), ("kim",), ("mallory",), ("reyes",), (COURT,), ("diaz", "reyes"), ("kim", COURT)]
        ),
    )
    def open(self, lease: Lease, signers: tuple[str, ...]) -> None:
        if not self.partner and len(signers) > 1:
            return  # which of two openers counts then is docket's matter
        opening = self.office.sign_opening(lease.clip, *signers)
        expected = lease.opens(self.now, signers, self.live, self.partner)
        try:
            given = self.office.ask(opening)
        except Error as error:
            assert not expected, (signers, error)
            return
        assert expected, signers
        s_k = halves.open_half(given.half, opening.ephemeral, leaf_hash(opening.leaf))
        assert s_k == lease.clip.sealed.s_k
        assert self.office.ask(opening) == given

    @invariant()
    def the_same_halves_exist(self) -> None:
        kept = {row.c for row in self.office.keeper._store.rows()}
        assert kept == {lease.clip.sealed.c for lease in self.leases if lease.alive}

    def teardown(self) -> None:
        self.office.portal_is_down = False
        for _ in range(4):
            self.office.town.cosign()
            self.tick()
        for lease in self.leases:
            if lease.recorded:
                # What the record holds to be frozen cannot be told to be destroyed before the freeze ends.
                assert self.told(lease) == (not lease.alive and not lease.holders(self.now))
        self.the_same_halves_exist()
        self.office.close()
        self.scratch.cleanup()


soak = os.environ.get("SUNPORCH_SOAK") == "1"
Leases.TestCase.settings = settings(
    max_examples=400 if soak else 8,
    stateful_step_count=40 if soak else 20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLeases = Leases.TestCase
