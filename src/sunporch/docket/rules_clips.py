# SPDX-License-Identifier: AGPL-3.0-or-later
"""When entries about shared clips are in force: disclosure, opening, export, freeze, withdrawal, destruction."""

from __future__ import annotations

from sunporch.base.notekeys import VerifierKey
from sunporch.docket import custody
from sunporch.docket import entries as e
from sunporch.docket.permissions import AGENCY_ROLES, Act, check
from sunporch.docket.rules_asking import judged, require_permitted, step
from sunporch.docket.rules_town import Effect
from sunporch.docket.state import DisclosureState, FreezeState, KeyState, Record, State
from sunporch.docket.verdict import Judge
from sunporch.docket.void import Void, require

MOST_FREEZE_DAYS = 2 * 365


def disclosure(state: State, act: Act, entry: e.Disclosure, judge: Judge) -> Effect:
    """A share (or a warrant's return): one-time key, a custodian's receipt, the rules' retention, a clip once."""
    d = VerifierKey.parse(entry.d)
    require(d in act.signers, Void.SIGNER)
    require(state.partnership_of(entry.agency, act.time) is not None, Void.PARTNERSHIP)
    custodian = state.named(state.keys, entry.custodian)
    require(custodian.role == "custodian" and custodian.live, Void.CUSTODIAN)
    require(entry.expires % custody.DAY == 0 and entry.expires > act.time, Void.EXPIRES)
    receipt = custody.check(custodian.key, entry.receipt, state.origin, entry.c, entry.d, entry.expires)
    require(receipt, Void.RECEIPT)
    require(entry.c not in state.clips, Void.CLIP_TWICE)
    require_permitted(judged(state, act, entry, judge))

    def effect(record: Record) -> None:
        shared = DisclosureState(
            record.index,
            act.time,
            agency=entry.agency,
            c=entry.c,
            d=d,
            d_x25519=entry.d_x25519,
            custodian=entry.custodian,
            expires=entry.expires,
            redacted=entry.redacted,
            visible=entry.visible,
            sound=entry.sound,
            process=isinstance(entry, e.WarrantReturn),
        )
        shared.history.append(step(record, entry))
        state.disclosures[record.index] = shared
        state.clips[entry.c] = record.index
        state.clips_of.setdefault(entry.agency, []).append(shared)

    return effect


def access(state: State, act: Act, entry: e.Access) -> Effect:
    """An opening: while the share lasts; when it is over and only frozen, with the signature of who froze it."""
    clip = state.named(state.disclosures, entry.disclosure)
    opener = check(state, act, "access", clip.agency)[0]
    require(clip.destroyed_at is None, Void.DESTROYED)
    if opener.role in AGENCY_ROLES:
        require(state.partnership_of(clip.agency, act.time) is not None, Void.PARTNERSHIP)
    if clip.ended(act.time):
        require(clip.frozen(act.time), Void.ENDED)
        require(_holder_signed(state, clip, act), Void.HOLDER_SIGNATURE)

    def effect(record: Record) -> None:
        clip.accesses.append(record.index)
        clip.history.append(step(record, entry))

    return effect


def _speaks_for(key: KeyState, freeze: FreezeState) -> bool:
    """Say whether the key is the freeze's holder, or a court (which can stand in for a holder whose key ended)."""
    return key.index == freeze.holder or key.role == "court"


def _holder_signed(state: State, clip: DisclosureState, act: Act) -> bool:
    del state
    active = [freeze for freeze in clip.freezes.values() if freeze.active(act.time)]
    return any(_speaks_for(key, freeze) for key in act.live for freeze in active)


def export(state: State, act: Act, entry: e.Export, judge: Judge) -> Effect:
    """A copy leaves the viewer: two people, while the share lasts, to a class that the rules allow."""
    clip = state.named(state.disclosures, entry.disclosure)
    check(state, act, "export", clip.agency)
    require(state.partnership_of(clip.agency, act.time) is not None, Void.PARTNERSHIP)
    require(not clip.ended(act.time), Void.ENDED)
    require_permitted(judged(state, act, entry, judge))

    def effect(record: Record) -> None:
        clip.exports.append(record.index)
        clip.history.append(step(record, entry))

    return effect


def sharing(state: State, act: Act, entry: e.Sharing, judge: Judge) -> Effect:
    """R25: the onward-sharing ledger. What was exported can be owed to a court after the share's end too."""
    clip = state.named(state.disclosures, entry.disclosure)
    check(state, act, "sharing", clip.agency)
    require_permitted(judged(state, act, entry, judge))

    def effect(record: Record) -> None:
        clip.sharings.append(record.index)
        clip.history.append(step(record, entry))

    return effect


def freeze(state: State, act: Act, entry: e.Freeze) -> Effect:
    """Evidence is kept: before the end, or (to prolong) while another freeze still holds."""
    clip = state.named(state.disclosures, entry.disclosure)
    holder = check(state, act, "freeze")[0]
    require(clip.destroyed_at is None, Void.DESTROYED)
    require(not clip.ended(act.time) or clip.frozen(act.time), Void.ENDED)
    require(act.time < entry.until <= act.time + MOST_FREEZE_DAYS * custody.DAY, Void.FREEZE_SPAN)

    def effect(record: Record) -> None:
        clip.freezes[record.index] = FreezeState(record.index, holder.index, entry.until)
        clip.history.append(step(record, entry))
        state.freezes[record.index] = clip

    return effect


def unfreeze(state: State, act: Act, entry: e.Unfreeze) -> Effect:
    """Only the holder, or a court, lifts a freeze: no prosecutor lifts the defence's."""
    clip = state.named(state.freezes, entry.freeze)
    target = clip.freezes[entry.freeze]
    check(state, act, "unfreeze")
    require(any(_speaks_for(key, target) for key in act.live), Void.HOLDER_SIGNATURE)
    require(target.active(act.time), Void.ALREADY)

    def effect(record: Record) -> None:
        target.lifted = True
        clip.history.append(step(record, entry))

    return effect


def withdrawal(state: State, act: Act, entry: e.Withdrawal) -> Effect:
    """The resident takes it back; signed by the clip's one-time key, posted by anybody."""
    clip = state.named(state.disclosures, entry.disclosure)
    require(clip.d in act.signers, Void.SIGNER)
    require(clip.withdrawn_at is None, Void.ALREADY)
    require(clip.destroyed_at is None, Void.DESTROYED)

    def effect(record: Record) -> None:
        clip.withdrawn_at = act.time
        clip.history.append(step(record, entry))

    return effect


def expiry(state: State, act: Act, entry: e.Expiry) -> Effect:
    """The custodian says which halves it destroyed: all of them its own, over, and none of them frozen."""
    custodian = check(state, act, "expiry")[0]
    clips = [state.named(state.disclosures, index) for index in entry.disclosures]
    for clip in clips:
        require(clip.custodian == custodian.index, Void.CUSTODIAN)
        require(clip.destroyed_at is None, Void.DESTROYED)
        require(clip.ended(act.time), Void.NOT_ENDED)
        require(not clip.frozen(act.time), Void.FROZEN)
    require(entry.generation > state.generations.get(custodian.index, 0), Void.GENERATION)

    def effect(record: Record) -> None:
        state.generations[custodian.index] = entry.generation
        for clip in clips:
            clip.destroyed_at = act.time
            clip.history.append(step(record, entry))

    return effect


def deletion_attest(state: State, act: Act, entry: e.DeletionAttest) -> Effect:
    """R23: the agency attests what it deleted; the record shows that it is a word, not a proof."""
    clip = state.named(state.disclosures, entry.disclosure)
    check(state, act, "deletion_attest", clip.agency)

    def effect(record: Record) -> None:
        clip.attested.append(record.index)
        clip.history.append(step(record, entry))

    return effect
