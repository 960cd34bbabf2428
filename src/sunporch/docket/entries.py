# SPDX-License-Identifier: AGPL-3.0-or-later
"""The entries of the public record: one frozen dataclass per type. They are the truth; schemas are made from them.

A trailing underscore in a Python name (`from_`) is absent in JSON (`from`). References to earlier entries are log
indices; times are Unix seconds UTC; hex is lower-case. Every entry has a 16-byte `nonce`, and all but `withdrawal`
a `not_after`. Decoding is strict: no unknown, missing, mistyped or unbounded field.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from sunporch.docket import errors
from sunporch.docket import fields as f

VERSION = 1
MOST_KEYS = 16
MOST_RECIPIENTS = 8
MOST_EXPIRED = 400
MOST_NARRATIVE = 2_000  # characters of the text behind a request's commitment

type Time = Annotated[int, f.Whole()]
type Index = Annotated[int, f.Whole(0, f.MOST_INDEX)]
type Flag = Annotated[int, f.Whole(0, 1)]
type Hash = Annotated[str, f.hexadecimal(32)]
type MaybeHash = Annotated[str, f.hexadecimal(32, or_empty=True)]
type X25519 = Annotated[str, f.hexadecimal(32)]
type Key = Annotated[str, f.PublicKey()]
type OneTimeKey = Annotated[str, f.PublicKey("disclosure")]
type Words = Annotated[str, f.Text()]
type CellList = Annotated[tuple[str, ...], f.Cells()]

_ORI = f.Pattern("[A-Z0-9]{7,9}", "an agency's ORI: 7 to 9 capital letters and digits")
_CODE = f.Pattern("[a-z][a-z0-9-]{0,39}", "a code of lower-case letters, digits and hyphens, at most 40")
CLAUSE_ID = f.Pattern("[A-Za-z][A-Za-z0-9.-]{0,63}", "a clause id of letters, digits, dots and hyphens")
type Agency = Annotated[str, _ORI]
type MaybeAgency = Annotated[str, f.Pattern(f"|{_ORI.pattern}", _ORI.wanted + ", or empty")]
type Code = Annotated[str, _CODE]
type TlogPolicy = Annotated[str, f.Text(1, 4096, lines=True)]
type Days = Annotated[int, f.Whole(0, 3_650)]

AGENCY_KINDS = ("municipal", "county", "state", "campus", "tribal", "federal", "immigration")
ROLES = ("officer", "supervisor", "reviewer", "court", "prosecutor", "defence", "custodian", "portal")
FLAGS = ("sexual", "domestic", "juvenile", "known_event")
OUTCOMES = ("charged", "cleared_someone", "not_useful", "not_viewed", "closed")
RECIPIENT_CLASSES = ("local", "state", "federal", "immigration", "court", "defence")
# On what legal ground footage is passed on.
STANDARDS = ("consent", "subpoena", "court_order", "warrant", "statute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What every entry carries."""

    TYPE: ClassVar[str]
    nonce: Annotated[str, f.hexadecimal(16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(Signed):
    """Every entry but a pre-signed withdrawal: past `not_after` it is void."""

    not_after: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Community(Dated):
    """Entry 0: who the community is, its keys (k of n), grid, trust policy and least comment period."""

    TYPE: ClassVar[str] = "community"
    name: Annotated[str, f.Text(1, 120)]
    keys: Annotated[tuple[str, ...], f.ListOf(f.PublicKey(), 1, MOST_KEYS)]
    threshold: Annotated[int, f.Whole(1, MOST_KEYS)]
    grid: Hash
    tlog_policy: TlogPolicy
    comment_days: Days


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust(Dated):
    """The community changes its keys, its grid, its trust policy or its comment period."""

    TYPE: ClassVar[str] = "trust"
    predecessor: Index
    keys: Annotated[tuple[str, ...], f.ListOf(f.PublicKey(), 1, MOST_KEYS)]
    threshold: Annotated[int, f.Whole(1, MOST_KEYS)]
    grid: Hash
    tlog_policy: TlogPolicy
    comment_days: Days


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Dated):
    """The community adopts rules: a bundle by commitment, from when, and what becomes of open requests."""

    TYPE: ClassVar[str] = "policy"
    bundle: Hash
    in_force_from: Time
    open_requests: Annotated[str, f.Choice(("keep", "close"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Dated):
    """A gathering known in advance: requests that touch it need a reviewer, or are refused."""

    TYPE: ClassVar[str] = "event"
    cells: CellList
    from_: Time
    to: Time
    kind: Annotated[str, f.Choice(("assembly", "worship", "vote", "other"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership(Dated):
    """The elected body lets an agency ask, from a date to a date. Federal and immigration parse and are void (R5)."""

    TYPE: ClassVar[str] = "partnership"
    agency: Agency
    name: Annotated[str, f.Text(1, 120)]
    kind: Annotated[str, f.Choice(AGENCY_KINDS)]
    instrument: Words
    link: Words
    hearing: Time
    in_force_from: Time
    ends: Time
    registrar: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnershipCancel(Dated):
    """The community, or the agency's registrar, ends a partnership at once."""

    TYPE: ClassVar[str] = "partnership_cancel"
    partnership: Index
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry(Dated):
    """A key is enrolled: its name is the person's or office's pseudonym, unique for ever."""

    TYPE: ClassVar[str] = "key"
    key: Key
    x25519: Annotated[str, f.hexadecimal(32, or_empty=True)]
    role: Annotated[str, f.Choice(ROLES)]
    agency: MaybeAgency
    url: Annotated[str, f.Text(0, 200)]
    storage: Annotated[str, f.Choice(("", "hardware", "file, best effort"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEnd(Dated):
    """A key signs nothing from this index on."""

    TYPE: ClassVar[str] = "key_end"
    key: Index
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Dated):
    """An appeal for footage: one offence, one place, a few hours."""

    TYPE: ClassVar[str] = "request"
    agency: Agency
    policy: Index
    offence: Annotated[str, f.Pattern("[0-9A-Z]{2,6}", "an offence code of 2 to 6 capital letters and digits")]
    purpose: Code
    basis: Annotated[str, f.Choice(("consent", "emergency", "defence"))]
    reach: Annotated[str, f.Choice(("area", "link"))]
    case_tag: Annotated[str, f.hexadecimal(16)]
    flags: Annotated[tuple[str, ...], f.ListOf(f.Choice(FLAGS), 0, len(FLAGS))]
    cells: CellList
    from_: Time
    to: Time
    closes: Time
    recipients: Annotated[tuple[int, ...], f.ListOf(f.Whole(0, f.MOST_INDEX), 1, MOST_RECIPIENTS)]
    narrative: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Dated):
    """Civil oversight returns a draft, suspends or reinstates a request or partnership, or marks a clip as junk."""

    TYPE: ClassVar[str] = "review"
    action: Annotated[str, f.Choice(("returned", "suspended", "reinstated", "junk"))]
    target: Annotated[int, f.Whole(-1, f.MOST_INDEX)]
    draft: MaybeHash
    reason: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown(Dated):
    """A reviewer permits that a published text be removed; its commitment stays."""

    TYPE: ClassVar[str] = "takedown"
    blob: Hash
    reason: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals(Dated):
    """How many submitted drafts the rules refused on one day (Unix day number), by clause id."""

    TYPE: ClassVar[str] = "refusals"
    day: Annotated[int, f.Whole(0, f.MOST_TIME // 86_400)]
    counts: Annotated[tuple[tuple[str, int], ...], f.Counts(CLAUSE_ID, 100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure(Dated):
    """A home shared a sealed clip. It names the agency, never the request: that is inside `c`."""

    TYPE: ClassVar[str] = "disclosure"
    agency: Agency
    c: Hash
    d: OneTimeKey
    d_x25519: X25519
    custodian: Index
    expires: Time
    receipt: Annotated[str, f.Signature()]
    redacted: Flag
    visible: Annotated[int, f.Whole(0, 1000)]
    sound: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(Dated):
    """An opening: before the custodian gives its half, to the one-time key `e`, this is on record."""

    TYPE: ClassVar[str] = "access"
    disclosure: Index
    e: X25519
    purpose: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(Dated):
    """A copy leaves the viewer, signed for by two people."""

    TYPE: ClassVar[str] = "export"
    disclosure: Index
    file: Hash
    format: Code
    recipient: Annotated[str, f.Choice(RECIPIENT_CLASSES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing(Dated):
    """A clip is passed on to somebody else: the onward-sharing ledger."""

    TYPE: ClassVar[str] = "sharing"
    disclosure: Index
    recipient: Annotated[str, f.Choice(RECIPIENT_CLASSES)]
    standard: Annotated[str, f.Choice(STANDARDS)]
    justification: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Dated):
    """A clip must not be destroyed before a date; this stops destruction, it opens nothing."""

    TYPE: ClassVar[str] = "freeze"
    disclosure: Index
    until: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfreeze(Dated):
    """A freeze ends early."""

    TYPE: ClassVar[str] = "unfreeze"
    freeze: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Signed):
    """The resident takes the clip back. Signed in advance on the receipt, so it has no `not_after`."""

    TYPE: ClassVar[str] = "withdrawal"
    disclosure: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry(Dated):
    """A custodian destroyed its halves of these clips; its table is now of this generation."""

    TYPE: ClassVar[str] = "expiry"
    disclosures: Annotated[tuple[int, ...], f.ListOf(f.Whole(0, f.MOST_INDEX), 1, MOST_EXPIRED)]
    generation: Annotated[int, f.Whole(1, f.MOST_INDEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Dated):
    """What became of a request."""

    TYPE: ClassVar[str] = "outcome"
    request: Index
    code: Annotated[str, f.Choice(OUTCOMES)]
    clips: Annotated[str, f.Pattern("<5|[5-9]|[1-9][0-9]{1,5}", "`<5`, or a number from 5 as text")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRequest(Dated):
    """Legal process that stays sealed until a stated date; its content is committed to now."""

    TYPE: ClassVar[str] = "sealed_request"
    agency: Agency
    process: Annotated[str, f.Choice(("warrant", "subpoena", "order", "preservation"))]
    unseal_by: Time
    cameras: Annotated[int, f.Whole(1, 16)]
    seconds: Annotated[int, f.Whole(1, 31 * 86_400)]
    sealed_content: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseal(Dated):
    """A sealed request is opened: its content is now published under the commitment it was sealed with."""

    TYPE: ClassVar[str] = "unseal"
    sealed: Index
    content: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class WarrantReturn(Disclosure):
    """A home answered legal process: as a disclosure, and the process is named only inside `c`."""

    TYPE: ClassVar[str] = "warrant_return"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyReview(Dated):
    """Somebody outside the agency judged an emergency request afterwards."""

    TYPE: ClassVar[str] = "emergency_review"
    request: Index
    code: Annotated[str, f.Choice(("justified", "unjustified"))]
    text: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionAttest(Dated):
    """An agency attests that it deleted what it had exported of a clip."""

    TYPE: ClassVar[str] = "deletion_attest"
    disclosure: Index
    scope: Annotated[str, f.Choice(("all_copies", "kept_under_process"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint(Dated):
    """A complaint was received (also from people without an account); answered by a finding."""

    TYPE: ClassVar[str] = "complaint"
    agency: MaybeAgency
    about: Annotated[int, f.Whole(-1, f.MOST_INDEX)]
    code: Code
    received: Time
    text: MaybeHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Dated):
    """A reviewer's finding about a complaint (its index), or of an audit (-1)."""

    TYPE: ClassVar[str] = "finding"
    complaint: Annotated[int, f.Whole(-1, f.MOST_INDEX)]
    code: Code
    text: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach(Dated):
    """Something went wrong that people must know: what, how many clips, since when."""

    TYPE: ClassVar[str] = "breach"
    code: Code
    clips: Annotated[int, f.Whole(0, f.MOST_INDEX)]
    since: Time
    text: MaybeHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter(Dated):
    """Residents wrote to their elected body."""

    TYPE: ClassVar[str] = "letter"
    text: Hash
    signatures: Annotated[int, f.Whole(1, f.MOST_INDEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterAnswer(Dated):
    """The elected body answered a letter."""

    TYPE: ClassVar[str] = "letter_answer"
    letter: Index
    text: Hash


type Town = Community | Trust | Policy | Event | Partnership | PartnershipCancel | KeyEntry | KeyEnd
type Asking = Request | Review | Takedown | Refusals | Outcome
type Clips = Disclosure | WarrantReturn | Access | Export | Sharing | Freeze | Unfreeze | Withdrawal | Expiry
type Process = SealedRequest | Unseal | EmergencyReview | DeletionAttest
type Oversight = Complaint | Finding | Breach | Letter | LetterAnswer
type Entry = Town | Asking | Clips | Process | Oversight

TYPES: dict[str, type[Signed]] = {
    kind.TYPE: kind
    for kind in (
        *(Community, Trust, Policy, Event, Partnership, PartnershipCancel, KeyEntry, KeyEnd),
        *(Request, Review, Takedown, Refusals, Disclosure, Access, Export, Sharing, Freeze, Unfreeze),
        *(Withdrawal, Expiry, Outcome, SealedRequest, Unseal, WarrantReturn, EmergencyReview),
        *(DeletionAttest, Complaint, Finding, Breach, Letter, LetterAnswer),
    )
}


@dataclass(frozen=True, slots=True)
class UnknownEntry:
    """An entry of a type or version that this software does not know: shown, never valid, never in the way."""

    type: str
    version: int


def _kinds(entry_type: type[Signed]) -> dict[str, tuple[str, f.Kind]]:
    hints = typing.get_type_hints(entry_type, include_extras=True)
    found = {}
    for field in dataclasses.fields(entry_type):
        hint = hints[field.name]
        hint = hint.__value__ if isinstance(hint, typing.TypeAliasType) else hint
        found[field.name.rstrip("_")] = (field.name, hint.__metadata__[0])
    return found


# By type: JSON name -> Python name and kind of each field. Made once: this is what makes decoding fast.
KINDS: dict[str, dict[str, tuple[str, f.Kind]]] = {name: _kinds(kind) for name, kind in TYPES.items()}


def from_fields(entry_type: type[Signed], untrusted_fields: dict[str, Any]) -> Entry:
    """Return the entry of the JSON fields (without `type` and `v`), or raise an error that names the field."""
    wanted = KINDS[entry_type.TYPE]
    values = {}
    for name, (python_name, kind) in wanted.items():
        if name not in untrusted_fields:
            raise errors.FIELD_MISSING(where=name, type=entry_type.TYPE, field=name)
        values[python_name] = _read(entry_type, name, kind, untrusted_fields[name])
    for name in untrusted_fields:
        if name not in wanted:
            raise errors.FIELD_UNKNOWN(where=name, type=entry_type.TYPE, field=name)
    return typing.cast("Entry", entry_type(**values))


def to_fields(entry: Entry) -> dict[str, Any]:
    """Return the JSON fields (without `type` and `v`), checked as decoding would check them."""
    values: dict[str, Any] = {}
    for name, (python_name, kind) in KINDS[entry.TYPE].items():
        value = _read(type(entry), name, kind, getattr(entry, python_name))
        if isinstance(kind, f.Counts):
            values[name] = dict(value)
        else:
            values[name] = list(value) if isinstance(value, tuple) else value
    return values


def _read(entry_type: type[Signed], name: str, kind: f.Kind, untrusted_value: Any) -> Any:
    try:
        return kind.read(untrusted_value)
    except f.Refused as refused:
        error = errors.FIELD_MISTYPED if refused.mistyped else errors.FIELD_OUTSIDE
        raise error(where=name, type=entry_type.TYPE, field=name, wanted=refused.wanted) from refused
