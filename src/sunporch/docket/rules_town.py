# SPDX-License-Identifier: AGPL-3.0-or-later
"""When entries about the town itself are in force: community, trust, rules, events, partnerships, keys.

Each rule checks every condition at the entry's index and returns what the entry then changes; it changes nothing
itself, so a dry run is the same call (`fold`).
"""

from __future__ import annotations

from collections.abc import Callable

from sunporch.base.notekeys import VerifierKey
from sunporch.docket import entries as e
from sunporch.docket.custody import DAY
from sunporch.docket.permissions import AGENCY_ROLES, OUTSIDE_ROLES, Act, check
from sunporch.docket.state import KeyState, PartnershipState, PolicyState, Record, RequestState, State
from sunporch.docket.verdict import Judge, Outcome
from sunporch.docket.void import Stopped, Void, require

type Effect = Callable[[Record], None]

BARRED_KINDS = frozenset({"federal", "immigration"})
RESERVED_NAMES = frozenset({"disclosure"})


def community(state: State, act: Act, entry: e.Community) -> Effect:
    """Entry 0 and no other, even where entry 0 is void: hubs pin its hash. Signed by k of the keys that it names."""
    require(state.size == 0, Void.ALREADY)
    keys = _key_set(state, entry.keys, entry.threshold)
    signed = {signer.name for signer in act.signers if keys.get(signer.name) == signer}
    require(len(signed) >= entry.threshold, Void.COMMUNITY_SIGNATURES)

    def effect(record: Record) -> None:
        state.community = entry
        _trust_from_now(state, record, keys, entry)

    return effect


def trust(state: State, act: Act, entry: e.Trust, judge: Judge) -> Effect:
    """The keys in force hand over to the next; a key may stay, a name never changes its key.

    A trust policy under which nobody could read on is void, so that the one in force goes on.
    """
    require(entry.predecessor == state.trust_index, Void.PREDECESSOR)
    check(state, act, "trust")
    keys = _key_set(state, entry.keys, entry.threshold)
    require(judge.judge(entry, state, act.time, act.live).permitted, Void.TLOG_POLICY)

    def effect(record: Record) -> None:
        state.trust = entry
        _trust_from_now(state, record, keys, entry)

    return effect


def _key_set(state: State, texts: tuple[str, ...], threshold: int) -> dict[str, VerifierKey]:
    keys = [VerifierKey.parse(text) for text in texts]
    require(threshold <= len(keys), Void.THRESHOLD)
    require(len({key.name for key in keys}) == len(keys), Void.KEY_NAME)
    require(len({key.public for key in keys}) == len(keys), Void.KEY_TWICE)
    for key in keys:
        _check_name_free(state, key, "community")
    return {key.name: key for key in keys}


def _trust_from_now(state: State, record: Record, keys: dict[str, VerifierKey], entry: e.Community | e.Trust) -> None:
    state.trust_index = record.index
    state.community_keys = keys
    state.threshold = entry.threshold
    state.rule_texts.add(entry.grid)
    state.comment_days = entry.comment_days
    for key in keys.values():
        state.claims[key.name] = (key.public, "community")
        state.publics[key.public] = key.name


def _check_name_free(state: State, key: VerifierKey, claim: str) -> None:
    """Stop if the name or the key was used for anything but the same claim of the same key."""
    require(key.name not in RESERVED_NAMES and key.name != state.origin, Void.KEY_NAME)
    taken = state.claims.get(key.name)
    require(taken is None or taken == (key.public, claim), Void.KEY_NAME)
    require(state.publics.get(key.public, key.name) == key.name, Void.KEY_TWICE)


def policy(state: State, act: Act, entry: e.Policy, judge: Judge) -> Effect:
    """Rules need a comment period, the first ones too, and the community's own grid.

    Rules that cannot be read here come into force all the same: what is asked under them then cannot be checked.
    """
    check(state, act, "policy")
    _check_comment_period(state, act, entry.in_force_from)
    act.verdict = judge.judge(entry, state, act.time, act.live)
    require(act.verdict.outcome is not Outcome.FORBID, Void.GRID)

    def effect(record: Record) -> None:
        state.policies[record.index] = PolicyState.of(record, entry, state.grid)
        state.rule_texts.add(entry.bundle)
        if entry.open_requests == "close":
            state.close_early(_open(state, act.time), entry.in_force_from)

    return effect


def _check_comment_period(state: State, act: Act, in_force_from: int) -> None:
    require(in_force_from - act.time >= state.comment_days * DAY, Void.COMMENT_PERIOD)


def _open(state: State, at: int, agency: str = "") -> list[RequestState]:
    agencies = [agency] if agency else list(state.unfinished)
    return [request for name in agencies for request in state.open_requests(name, at)]


def event(state: State, act: Act, entry: e.Event) -> Effect:
    """An event only restricts, so it is in force at once and one reviewer may enter it."""
    check(state, act, "event")
    require(entry.from_ < entry.to, Void.SPAN)

    def effect(record: Record) -> None:
        state.events[record.index] = entry

    return effect


def partnership(state: State, act: Act, entry: e.Partnership, judge: Judge) -> Effect:
    """R1, R3, R5: approved after public comment, heard before it begins, ends, never federal or immigration."""
    registrar = VerifierKey.parse(entry.registrar)
    check(state, act, "partnership", registrar=registrar)
    if entry.kind in BARRED_KINDS:
        act.verdict = judge.judge(
            entry, state, act.time, act.live
        )  # for the clause that it cites; no rules permit it
        raise Stopped(Void.AGENCY_KIND)
    _check_comment_period(state, act, entry.in_force_from)
    require(entry.hearing <= entry.in_force_from, Void.HEARING)
    require(entry.ends > entry.in_force_from, Void.SPAN)
    claim = f"registrar of {entry.agency}"
    _check_name_free(state, registrar, claim)

    def effect(record: Record) -> None:
        state.partnerships[record.index] = PartnershipState(
            record.index,
            agency=entry.agency,
            name=entry.name,
            kind=entry.kind,
            instrument=entry.instrument,
            link=entry.link,
            hearing=entry.hearing,
            in_force_from=entry.in_force_from,
            ends=entry.ends,
            registrar=registrar,
        )
        state.claims[registrar.name] = (registrar.public, claim)
        state.publics[registrar.public] = registrar.name

    return effect


def partnership_cancel(state: State, act: Act, entry: e.PartnershipCancel) -> Effect:
    """One act ends it. By the community: its clips are destroyed. By the registrar: closed to the agency, kept."""
    target = state.named(state.partnerships, entry.partnership)
    check(state, act, "partnership_cancel", target.agency, target.registrar)
    require(target.cancelled_at is None and act.time < target.ends, Void.ALREADY)

    def effect(record: Record) -> None:
        del record
        target.cancelled_at = act.time
        target.cancelled_by = "community" if act.community else "registrar"
        if state.partnership_of(target.agency, act.time) is not None:
            return  # another approval of the same agency goes on
        state.close_early(_open(state, act.time, target.agency), act.time)
        if act.community:
            for clip in state.clips_of.get(target.agency, ()):
                if clip.destroyed_at is None and clip.cancelled_at is None:
                    clip.cancelled_at = act.time

    return effect


def key(state: State, act: Act, entry: e.KeyEntry) -> Effect:
    """The chain of keys: the registrar enrols its own people and nobody else, the community all others."""
    of_agency = entry.role in AGENCY_ROLES
    require(_fields_fit(entry), Void.KEY_FIELDS)
    check(state, act, "key of an agency" if of_agency else "key", entry.agency)
    verifier = VerifierKey.parse(entry.key)
    require(verifier.name not in RESERVED_NAMES and verifier.name != state.origin, Void.KEY_NAME)
    require(verifier.name not in state.claims, Void.KEY_NAME)
    require(verifier.public not in state.publics, Void.KEY_TWICE)
    # One device under two names would let one person be two recipients.
    require(not entry.x25519 or entry.x25519 not in state.devices, Void.KEY_TWICE)

    def effect(record: Record) -> None:
        enrolled = KeyState(record.index, verifier, entry.x25519, entry.role, entry.agency, entry.url, entry.storage)
        state.keys[record.index] = state.names[verifier.name] = enrolled
        state.claims[verifier.name] = (verifier.public, "key")
        state.publics[verifier.public] = verifier.name
        if entry.x25519:
            state.devices.add(entry.x25519)

    return effect


def _fields_fit(entry: e.KeyEntry) -> bool:
    """Say whether agency, X25519 key, address and storage are given exactly where the role has them."""
    of_agency, custodian = entry.role in AGENCY_ROLES, entry.role == "custodian"
    receives = of_agency or (entry.role in OUTSIDE_ROLES and bool(entry.x25519))
    return (
        bool(entry.agency) == of_agency
        and bool(entry.x25519) == receives
        and bool(entry.url) == custodian
        and bool(entry.storage) == custodian
    )


def key_end(state: State, act: Act, entry: e.KeyEnd) -> Effect:
    """From its index on the key signs nothing."""
    target = state.named(state.keys, entry.key)
    of_agency = target.role in AGENCY_ROLES
    check(state, act, "key_end of an agency" if of_agency else "key_end", target.agency)
    require(target.live, Void.ALREADY)

    def effect(record: Record) -> None:
        target.ended = record.index

    return effect
