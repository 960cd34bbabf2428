# SPDX-License-Identifier: AGPL-3.0-or-later
"""Random days of the offices: every entry type that test_machine.py does not play, against conditions written anew.

Each rule draws who signs and what it says, works out in the plainest way whether it may count, and holds the fold to
it: keys, partnerships, trust, events, copies, the ledger, legal process, complaints, letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sunporch.base.digests import sha256
from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries as e
from tests.docket.people import COMMENT_DAYS, DAY, ORI, OTHER_ORI, Town, person
from tests.docket.test_machine import LIFE
from tests.docket.void_cases import event, words

BOARD = ("bell-1", "bell-2")
REGISTRAR = f"registrar-{ORI}"
ROLES = {"diaz": "officer", "novak": "officer", "kim": "supervisor", "ross": "supervisor", "okafor": "reviewer"}
ROLES |= {"reyes": "defence", "judge-hall": "court", "ito": "prosecutor", "library": "custodian", "portal": "portal"}
PAIRS = [
    BOARD,
    ("bell-1", "bell-3"),
    ("diaz", "kim"),
    ("diaz", "novak"),
    ("judge-hall", "diaz"),
    ("judge-hall", "kim"),
]
SIGNERS = st.sampled_from([*PAIRS, (*BOARD, REGISTRAR), *((name,) for name in (*ROLES, "bell-3", REGISTRAR))])
EDGE = st.sampled_from([-1, 0, 1])


def by(*right: str):
    """Half of the time those who may sign, else anybody."""
    return st.one_of(st.just(right), SIGNERS)


@dataclass
class Office:
    """What was accepted so far, as names and numbers."""

    ended: set[str] = field(default_factory=set)
    board: set[str] = field(default_factory=lambda: {"bell-1", "bell-2", "bell-3"})
    threshold: int = 2
    trust: int = 0
    names: set[str] = field(default_factory=lambda: {"bell-1", "bell-2", "bell-3", REGISTRAR, *ROLES})
    days: set[int] = field(default_factory=set)
    texts: dict[str, int] = field(default_factory=dict)
    taken_down: set[str] = field(default_factory=set)
    seals: dict[int, int] = field(default_factory=dict)  # sealed request -> its date
    unsealed: set[int] = field(default_factory=set)
    reviewed: set[int] = field(default_factory=set)

    def community(self, signers) -> bool:
        return len(self.board & set(signers)) >= self.threshold

    def has(self, signers, *roles: str) -> bool:
        return any(ROLES.get(name) in roles and name not in self.ended for name in signers)


class OfficeLife(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.town, self.office, self.number = Town(), Office(), 0
        self.share = self.town.share(0)
        self.request = self.town.ask(basis="emergency", closes=self.town.now + 2 * DAY)
        self.complaints: list[int] = []
        self.letters: list[int] = []
        self.partner_ends = self.town.fold.partnerships[self.town.at["partnership"]].ends
        self.opened = False

    def put(self, kind, signers, expected, /, **fields) -> int | None:
        record = self.town.put(kind, *signers, **fields)
        assert record.in_force is bool(expected), (kind.TYPE, signers, fields, record.reason)
        return record.index if record.in_force else None

    def partner(self) -> bool:
        return self.town.now < self.partner_ends

    @rule(days=st.sampled_from([0.001, 0.5, 1, 31, 190]))
    def time_passes(self, days):
        self.town.wait(days=days)

    @rule(pick=st.integers(0, 50), offset=EDGE)
    def an_edge_comes(self, pick, offset):
        """Jump to a second before, at, or after something ends."""
        edges = [self.partner_ends, *self.office.seals.values(), self.town.fold.disclosures[self.share].expires]
        ahead = [edge + offset for edge in edges if edge + offset > self.town.now]
        if ahead:
            self.town.wait(seconds=ahead[pick % len(ahead)] - self.town.now)

    # The town -------------------------------------------------------------------------------------------------------

    @rule(signers=by(*BOARD))
    def community_again(self, signers):
        self.put(e.Community, signers, False, **self.town.community_fields())

    @rule(
        signers=by(*BOARD), names=st.sampled_from([("bell-1", "bell-2", "bell-3"), ("bell-1", "bell-4"), ("diaz",)])
    )
    def trust(self, signers, names):
        office = self.office
        threshold = min(2, len(names))
        keys = tuple(str(person(name).verifier) for name in names)
        fields = self.town.community_fields(keys=keys, threshold=threshold, predecessor=office.trust)
        del fields["name"]
        index = self.put(e.Trust, signers, office.community(signers) and "diaz" not in names, **fields)
        if index is not None:
            office.trust, office.board, office.threshold = index, set(names), threshold

    @rule(signers=by("okafor"), length=st.sampled_from([0, 1, DAY]))
    def event(self, signers, length):
        good = self.office.community(signers) or self.office.has(signers, "reviewer")
        self.put(e.Event, signers, good and length > 0, **event(to=event()["from_"] + length))

    @rule(
        signers=by(*BOARD),
        late=EDGE,
        heard=EDGE,
        length=st.sampled_from([0, 1]),
        kind=st.sampled_from(e.AGENCY_KINDS),
    )
    def partnership(self, signers, late, heard, length, kind):
        """A second agency; the comment period, the hearing and the end each a second too early, in time, or later."""
        start = self.town.now + COMMENT_DAYS * DAY + late
        fields = self.town.partnership_fields(OTHER_ORI, kind=kind, in_force_from=start, hearing=start + heard)
        fields |= {"ends": start + length}
        names = (*signers, f"registrar-{OTHER_ORI}")
        good = self.office.community(signers) and kind not in ("federal", "immigration")
        self.put(e.Partnership, names, good and late >= 0 and heard <= 0 and length > 0, **fields)

    @rule(signers=by(*BOARD, REGISTRAR), role=st.sampled_from(["officer", "reviewer", "court"]), again=st.booleans())
    def enrol(self, signers, role, again):
        self.number += 1
        name = "okafor" if again else f"new-{self.number}"
        of_agency = role == "officer"
        x25519 = sha256(b"device", name.encode()).hex() if of_agency else ""
        fields = self.town.key_fields(name, role, agency=ORI if of_agency else "", x25519=x25519)
        good = (REGISTRAR in signers and self.partner()) if of_agency else self.office.community(signers)
        self.put(e.KeyEntry, signers, good and not again, **fields)

    @rule(signers=by(*BOARD), who=st.sampled_from(sorted(ROLES)), chance=st.integers(0, 4))
    def end_key(self, signers, who, chance):
        if chance:
            return
        of_agency = ROLES[who] in ("officer", "supervisor")
        good = self.office.community(signers) or (of_agency and REGISTRAR in signers and self.partner())
        good = good and who not in self.office.ended
        if self.put(e.KeyEnd, signers, good, key=self.town.at[who], **words()) is not None:
            self.office.ended.add(who)

    # Clips ----------------------------------------------------------------------------------------------------------

    def live_share(self) -> bool:
        return self.town.now < self.town.fold.disclosures[self.share].expires

    @rule(signers=by("diaz", "kim"))
    def copy(self, signers):
        office = self.office
        good = office.has(signers, "officer") and office.has(signers, "supervisor")
        fields = {"disclosure": self.share, "file": "f1" * 32, "format": "mp4", "recipient": "court"}
        self.put(e.Export, signers, good and self.partner() and self.live_share(), **fields)

    @rule(signers=by("kim"))
    def pass_on(self, signers):
        fields = {"disclosure": self.share, "recipient": "state", "standard": "warrant", "justification": "charges"}
        self.put(e.Sharing, signers, self.office.has(signers, "supervisor"), **fields)

    @rule(signers=by("kim"))
    def attest(self, signers):
        good = self.office.has(signers, "supervisor")
        self.put(e.DeletionAttest, signers, good, disclosure=self.share, scope="all_copies")

    @rule(right=st.booleans())
    def answer_a_warrant(self, right):
        """A home answers legal process as it shares: by a one-time key, with the custodian's receipt."""
        self.number += 1
        changes = {} if right else {"c": "99" * 32}
        record = self.town.put_share(self.number, e.WarrantReturn, **changes)
        assert record.in_force is (right and self.partner() and "library" not in self.office.ended)
        if record.in_force:
            assert self.town.fold.disclosures[record.index].process

    # The portal, reviewers, the court -------------------------------------------------------------------------------

    @rule(signers=by("portal"), back=st.integers(-1, 3))
    def refusals(self, signers, back):
        day = self.town.now // DAY - back
        good = self.office.has(signers, "portal") and back > 0 and day not in self.office.days
        if self.put(e.Refusals, signers, good, day=day, counts=(("R8.area-min", 1),)) is not None:
            self.office.days.add(day)

    @rule(signers=by("okafor"), blob=st.sampled_from(["dd" * 32, "bb" * 32, "aa" * 32, "00" * 32]))
    def take_down(self, signers, blob):
        """Only the narrative may go: not the rules, not the grid, not what nobody committed to, nothing twice."""
        office = self.office
        good = office.has(signers, "reviewer") and blob == "dd" * 32 and blob not in office.taken_down
        if self.put(e.Takedown, signers, good, blob=blob, reason="personal-data") is not None:
            office.taken_down.add(blob)

    @rule(signers=by("judge-hall", "kim"), days=st.sampled_from([0, 1, 180]), offset=EDGE)
    def seal(self, signers, days, offset):
        office, now = self.office, self.town.now
        until = now + days * DAY + offset
        owed = any(date <= now for index, date in office.seals.items() if index not in office.unsealed)
        good = office.has(signers, "court") and office.has(signers, "officer", "supervisor")
        fields = {"agency": ORI, "process": "warrant", "unseal_by": until, "cameras": 1, "seconds": 60}
        good = good and now < until <= now + 180 * DAY and not owed
        index = self.put(e.SealedRequest, signers, good, sealed_content="5e" * 32, **fields)
        if index is not None:
            office.seals[index] = until

    @rule(signers=by("judge-hall"), pick=st.integers(0, 9), content=st.sampled_from(["5e" * 32, "5f" * 32]))
    def unseal(self, signers, pick, content):
        office = self.office
        if not office.seals:
            return
        index = sorted(office.seals)[pick % len(office.seals)]
        good = office.has(signers, "court", "officer", "supervisor") and index not in office.unsealed
        if self.put(e.Unseal, signers, good and content == "5e" * 32, sealed=index, content=content) is not None:
            office.unsealed.add(index)

    @rule(signers=by("judge-hall"))
    def review_the_emergency(self, signers):
        good = self.office.has(signers, "reviewer", "court") and self.request not in self.office.reviewed
        fields = {"request": self.request, "code": "justified", "text": "77" * 32}
        if self.put(e.EmergencyReview, signers, good, **fields) is not None:
            self.office.reviewed.add(self.request)

    @rule(signers=by("portal"), ahead=st.sampled_from([-1, 0]))
    def complain(self, signers, ahead):
        about = self.town.fold.size + ahead
        fields = {"agency": ORI, "about": about, "code": "filmed", "received": self.town.now, "text": ""}
        index = self.put(e.Complaint, signers, self.office.has(signers, "portal", "reviewer") and ahead < 0, **fields)
        if index is not None:
            self.complaints.append(index)

    @rule(signers=by("okafor"), right=st.booleans())
    def find(self, signers, right):
        about = (self.complaints or [-1])[-1] if right else self.request
        self.put(
            e.Finding,
            signers,
            self.office.has(signers, "reviewer") and right,
            complaint=about,
            code="upheld",
            text="78" * 32,
        )

    @rule(signers=by("library"), ahead=EDGE)
    def breach(self, signers, ahead):
        good = self.office.community(signers) or self.office.has(signers, "custodian", "portal", "reviewer")
        fields = {"code": "restored", "clips": 1, "since": self.town.now + ahead, "text": ""}
        self.put(e.Breach, signers, good and ahead <= 0, **fields)

    @rule(signers=by("portal"))
    def letter(self, signers):
        index = self.put(e.Letter, signers, self.office.has(signers, "portal"), text="7a" * 32, signatures=36)
        if index is not None:
            self.letters.append(index)

    @rule(signers=by(*BOARD), right=st.booleans())
    def answer_the_letter(self, signers, right):
        letter = self.letters[-1] if right and self.letters else self.share
        good = self.office.community(signers) and letter != self.share
        self.put(e.LetterAnswer, signers, good, letter=letter, text="7b" * 32)

    # Forms of every entry -------------------------------------------------------------------------------------------

    @rule(ahead=st.sampled_from([-1, 0, 3_600, DAY, DAY + 1]))
    def an_entry_lapses(self, ahead):
        good = 0 <= ahead <= DAY and not ({"okafor"} & self.office.ended)
        self.put(e.Event, ("okafor",), good, not_after=self.town.now + ahead, **event())

    @rule(pick=st.integers(0, 10_000))
    def somebody_replays(self, pick):
        """The same text again counts for nothing, whatever became of it the first time."""
        _, text, keys, _ = self.town.log[pick % len(self.town.log)]
        assert not self.town.put_keys(text, keys).in_force

    @rule(flaw=st.sampled_from(["form", "time", "signature"]), late=st.sampled_from([0, 9_000]))
    def a_flawed_entry(self, flaw, late):
        """A time that nobody saw, or a leaf that is none, does not hold up what comes after it."""
        town = self.town
        before, town.now = town.now, town.now + late
        record = town.put(e.Event, "okafor", flaw=flaw, **event())
        town.now = before if flaw != "signature" else town.now
        assert not record.in_force
        assert record.reason.name.lower() == flaw

    @rule(name=st.sampled_from(["bell-1", "diaz", "okafor"]))
    def a_stranger_borrows_a_name(self, name):
        twin = SignerKey(name, sha256(b"twin", name.encode()))
        text = self.town.text(e.Event, **event())
        assert not self.town.put_keys(text, (twin.verifier,)).in_force


OfficeLife.TestCase.settings = LIFE
TestOfficeLife = OfficeLife.TestCase
