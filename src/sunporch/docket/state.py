# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the record amounts to: keys, rules, partnerships, requests, clips. Facts here, conditions in the `rules_...`.

`State` is what all doors ask. Whatever depends on time takes `at` (Unix seconds), so that the same state answers
for a moment between two entries. Nothing outside `fold` changes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sunporch.base.notekeys import VerifierKey
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Community, Entry, Event, Outcome, Trust, UnknownEntry
from sunporch.docket.entries import Policy as PolicyEntry
from sunporch.docket.entries import Request as RequestEntry
from sunporch.docket.lifecycle import ClipPhase, RequestPhase
from sunporch.docket.verdict import Terms, Verdict
from sunporch.docket.void import Stopped, Unsettled, Void


class Status(StrEnum):
    """What an entry counts for."""

    IN_FORCE = "in force"
    VOID = "void"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the log as the fold sees it. `entry` is None where the text is not in form."""

    index: int
    time: int
    id: str
    entry: Entry | UnknownEntry | None
    status: Status
    reason: Void | Unsettled | None = None
    verdict: Verdict | None = None
    signers: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        """Say whether it counts."""
        return self.status is Status.IN_FORCE


@dataclass(frozen=True, slots=True)
class Step:
    """One entry in the history of a request or clip."""

    index: int
    time: int
    type: str
    signers: tuple[str, ...]


@dataclass(slots=True)
class KeyState:
    """An enrolled key."""

    index: int
    key: VerifierKey
    x25519: str
    role: str
    agency: str
    url: str
    storage: str
    ended: int | None = None

    @property
    def name(self) -> str:
        """The pseudonym."""
        return self.key.name

    @property
    def live(self) -> bool:
        """Say whether no `key_end` came yet."""
        return self.ended is None


@dataclass(frozen=True, slots=True)
class PolicyState:
    """Rules that the community adopted."""

    index: int
    time: int
    bundle: str
    grid: str  # the community's when the rules were adopted
    in_force_from: int
    closes_requests: bool

    @classmethod
    def of(cls, record: Record, entry: PolicyEntry, grid: str) -> PolicyState:
        """Return the state that a recorded policy begins with."""
        return cls(record.index, record.time, entry.bundle, grid, entry.in_force_from, entry.open_requests == "close")


@dataclass(slots=True)
class PartnershipState:
    """An agency's leave to ask."""

    index: int
    agency: str
    name: str
    kind: str
    instrument: str
    link: str
    hearing: int
    in_force_from: int
    ends: int
    registrar: VerifierKey
    cancelled_at: int | None = None
    cancelled_by: str = ""  # "community" or "registrar"
    suspended: bool = False

    def live(self, at: int) -> bool:
        """Say whether the agency may act under it at the time."""
        return self.in_force_from <= at < self.ends and self.cancelled_at is None and not self.suspended

    def pending(self, at: int) -> bool:
        """Say whether it is approved and has not begun: its registrar may enrol keys already."""
        return at < self.in_force_from and self.cancelled_at is None


@dataclass(slots=True)
class RequestState:
    """A recorded request. `closes_at` is the effective end: its own, or an earlier one by rules or partnership."""

    index: int
    time: int
    entry: RequestEntry
    closes_at: int
    terms: Terms
    officer: str
    supervisor: str
    reviewer: str = ""
    suspended: bool = False
    outcome: Outcome | None = None
    outcome_at: int | None = None
    emergency_review: int | None = None
    history: list[Step] = field(default_factory=list)

    def close_at(self, time: int) -> None:
        """Close it earlier than planned."""
        self.closes_at = min(self.closes_at, time)

    @property
    def outcome_due(self) -> int:
        """The time by which the agency owes an outcome."""
        return self.closes_at + self.terms.outcome_days * DAY

    def phase(self, at: int) -> RequestPhase:
        """Return where it stands at the time."""
        if self.outcome is not None:
            return RequestPhase.DONE
        if at >= self.closes_at:
            return RequestPhase.OVERDUE if at >= self.outcome_due else RequestPhase.CLOSED
        return RequestPhase.SUSPENDED if self.suspended else RequestPhase.OPEN


@dataclass(slots=True)
class FreezeState:
    """One hold on a clip's destruction."""

    index: int
    holder: int
    until: int
    lifted: bool = False

    def active(self, at: int) -> bool:
        """Say whether it holds at the time."""
        return not self.lifted and at < self.until


@dataclass(slots=True)
class DisclosureState:
    """A shared clip and its lease."""

    index: int
    time: int
    agency: str
    c: str
    d: VerifierKey
    d_x25519: str
    custodian: int
    expires: int
    redacted: int
    visible: int
    sound: int
    process: bool = False  # a warrant's return
    withdrawn_at: int | None = None
    cancelled_at: int | None = None
    destroyed_at: int | None = None
    junk: bool = False
    accesses: list[int] = field(default_factory=list)
    exports: list[int] = field(default_factory=list)
    sharings: list[int] = field(default_factory=list)
    attested: list[int] = field(default_factory=list)
    freezes: dict[int, FreezeState] = field(default_factory=dict)
    history: list[Step] = field(default_factory=list)

    @property
    def lease_end(self) -> int:
        """The end of the share: its date, or the withdrawal or the community's cancellation before it."""
        return min(end for end in (self.expires, self.withdrawn_at, self.cancelled_at) if end is not None)

    def ended(self, at: int) -> bool:
        """Say whether the share is over at the time (frozen or not)."""
        return at >= self.lease_end

    def frozen(self, at: int) -> bool:
        """Say whether it must not be destroyed at the time."""
        return any(freeze.active(at) for freeze in self.freezes.values())

    def frozen_until(self, at: int) -> int | None:
        """Return the end of the longest freeze that holds at the time."""
        return max((freeze.until for freeze in self.freezes.values() if freeze.active(at)), default=None)

    def phase(self, at: int) -> ClipPhase:
        """Return where it stands at the time."""
        if self.destroyed_at is not None:
            return ClipPhase.DESTROYED
        if self.ended(at):
            return ClipPhase.PRESERVED if self.frozen(at) else ClipPhase.ENDED
        return ClipPhase.OPENED if self.accesses else ClipPhase.SHARED

    def destructible(self, at: int) -> bool:
        """Say whether the custodian must destroy its half now."""
        return self.phase(at) is ClipPhase.ENDED


@dataclass(slots=True)
class SealedState:
    """A sealed request."""

    index: int
    agency: str
    unseal_by: int
    content: str
    unsealed: int | None = None

    def overdue(self, at: int) -> bool:
        """Say whether it should have been unsealed by now."""
        return self.unsealed is None and at >= self.unseal_by


@dataclass(slots=True)
class ComplaintState:
    """A complaint and the findings about it."""

    index: int
    received: int
    findings: list[int] = field(default_factory=list)


@dataclass
class State:
    """All that is in force up to the last entry, and the questions that doors ask of it."""

    origin: str
    records: list[Record] = field(default_factory=list)
    time: int = 0  # of the newest leaf
    community: Community | None = None
    trust: Trust | None = None
    trust_index: int = -1
    community_keys: dict[str, VerifierKey] = field(default_factory=dict)
    threshold: int = 0
    comment_days: int = 0
    keys: dict[int, KeyState] = field(default_factory=dict)
    names: dict[str, KeyState] = field(default_factory=dict)
    claims: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # name -> its only key, and as what
    publics: dict[bytes, str] = field(default_factory=dict)  # key -> its only name
    devices: set[str] = field(default_factory=set)  # every X25519 key ever enrolled
    policies: dict[int, PolicyState] = field(default_factory=dict)
    partnerships: dict[int, PartnershipState] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    requests: dict[int, RequestState] = field(default_factory=dict)
    unfinished: dict[str, dict[int, RequestState]] = field(default_factory=dict)  # agency -> no outcome yet
    case_tags: dict[tuple[str, str], int] = field(default_factory=dict)
    policy_used_until: dict[int, int] = field(default_factory=dict)  # policy -> latest closing of its requests
    disclosures: dict[int, DisclosureState] = field(default_factory=dict)
    clips: dict[str, int] = field(default_factory=dict)  # c -> disclosure
    clips_of: dict[str, list[DisclosureState]] = field(default_factory=dict)  # agency ->
    freezes: dict[int, DisclosureState] = field(default_factory=dict)
    generations: dict[int, int] = field(default_factory=dict)  # custodian -> last generation
    takedowns: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)  # commitment -> first entry that made it
    rule_texts: set[str] = field(default_factory=set)
    refusals: dict[int, dict[str, int]] = field(default_factory=dict)  # day -> clause -> count
    sealed: dict[int, SealedState] = field(default_factory=dict)
    complaints: dict[int, ComplaintState] = field(default_factory=dict)
    letters: dict[int, list[int]] = field(default_factory=dict)  # letter -> answers
    breaches: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many entries were read."""
        return len(self.records)

    @property
    def trust_policy_text(self) -> str:
        """The C2SP tlog-policy in force (empty before entry 0)."""
        newest = self.trust or self.community
        return newest.tlog_policy if newest else ""

    @property
    def grid(self) -> str:
        """The commitment to the community's grid (empty before entry 0)."""
        newest = self.trust or self.community
        return newest.grid if newest else ""

    def named[Kind](self, held: dict[int, Kind], index: int) -> Kind:
        """Return what an entry refers to by index; stop where it is not in force, or could not be checked here."""
        found = held.get(index)
        if found is not None:
            return found
        unsure = 0 <= index < self.size and self.records[index].status is Status.UNKNOWN
        raise Stopped(Unsettled.DEPENDS if unsure else Void.REFERENCE)

    def key_at(self, index: int) -> KeyState | None:
        """Return the key enrolled at the index, ended or not."""
        return self.keys.get(index)

    def live_at(self, index: int) -> KeyState | None:
        """Return the key enrolled at the index unless it ended."""
        key = self.keys.get(index)
        return key if key is not None and key.live else None

    def live_key(self, name: str) -> KeyState | None:
        """Return the key of that name unless it ended."""
        key = self.names.get(name)
        return key if key is not None and key.live else None

    def policy_in_force(self, at: int) -> PolicyState | None:
        """Return the rules at the time: the latest to come into force, of equals the latest adopted."""
        begun = [policy for policy in self.policies.values() if policy.in_force_from <= at]
        return max(begun, key=lambda policy: (policy.in_force_from, policy.index), default=None)

    def close_early(self, requests: list[RequestState], time: int) -> None:
        """Close requests before their own end; what they cited can be answered under no longer than they are open."""
        for request in requests:
            request.close_at(time)
        for policy in {request.entry.policy for request in requests}:
            closings = (r.closes_at for r in self.requests.values() if r.entry.policy == policy)
            self.policy_used_until[policy] = max(closings)

    def policies_answerable(self, at: int) -> list[PolicyState]:
        """Return the rules that a clip shared at the time may have been asked for under, newest first.

        Those in force, and those cited by a request that closed at most a day ago.
        """
        current = self.policy_in_force(at)
        found = {index for index, until in self.policy_used_until.items() if until + DAY > at}
        if current is not None:
            found.add(current.index)
        return [self.policies[index] for index in sorted(found, reverse=True)]

    def partnership_of(self, agency: str, at: int) -> PartnershipState | None:
        """Return the partnership under which the agency may act at the time (of several, the last to end)."""
        live = [p for p in self.partnerships.values() if p.agency == agency and p.live(at)]
        return max(live, key=lambda partnership: partnership.ends, default=None)

    def open_requests(self, agency: str, at: int) -> list[RequestState]:
        """Return the agency's requests that residents may still answer."""
        waiting = (RequestPhase.OPEN, RequestPhase.SUSPENDED)
        return [r for r in self.unfinished.get(agency, {}).values() if r.phase(at) in waiting]

    def overdue_requests(self, agency: str, at: int) -> list[RequestState]:
        """Return the agency's requests whose outcome is overdue."""
        return [r for r in self.unfinished.get(agency, {}).values() if r.phase(at) is RequestPhase.OVERDUE]

    def case_count(self, agency: str, case_tag: str) -> int:
        """Return how many requests the agency made for the case tag."""
        return self.case_tags.get((agency, case_tag), 0)

    def overdue_unseals(self, at: int, agency: str = "") -> list[SealedState]:
        """Return the sealed requests (of one agency) whose date is past."""
        return [s for s in self.sealed.values() if s.overdue(at) and agency in ("", s.agency)]
