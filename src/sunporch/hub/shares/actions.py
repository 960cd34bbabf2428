# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of a clip that left: its row, what the record says of it, the resident's word to stop, messages."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from sunporch.docket.lifecycle import ClipPhase
from sunporch.docket.state import DisclosureState
from sunporch.docket.state import State as TownState
from sunporch.hub.errors import MESSAGE_REFUSED, PROOF_ABSENT, SHARE_ABSENT, SHARE_ENDED
from sunporch.hub.following import Town
from sunporch.hub.release import actions as releases
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import Event, State
from sunporch.hub.shares.models import Message, Share
from sunporch.vault import Vault

LIVE = (ClipPhase.SHARED.value, ClipPhase.OPENED.value)
MOST_MESSAGE = 4_000
# What a portal takes as one message, 64 KiB, less what sealing adds.
MOST_PROOF = 64 * 1024 - 64
MOST_WAITING = 20


@dataclass(frozen=True)
class Papers:
    """What a resident needs to take a clip back: where its custodian is, the signed word, and the receipt."""

    custodian_url: str
    withdrawal: str
    receipt: str


def begin(release: Release, state: State, shared: DisclosureState, papers: Papers, now: int) -> bool:
    """Write down that the record shows the clip: the release ends and the share begins, both or neither."""
    with transaction.atomic():
        if not releases.move(release, state, Event.RECORDED, now, disclosure=shared.index):
            return False
        Share.objects.create(
            disclosure=shared.index,
            release=release,
            shared_at=shared.time,
            expires=shared.expires,
            state=shared.phase(now).value,
            custodian_url=papers.custodian_url,
            withdrawal_note=papers.withdrawal,
            receipt=papers.receipt,
        )
    return True


def live() -> list[Share]:
    """Return the clips that are shared now, the first to end first."""
    return list(Share.objects.filter(state__in=LIVE, withdraw_asked_at=None).order_by("expires"))


def time_left(share: Share, now: int) -> int | None:
    """Return the seconds until it ends by itself, None where it is shared no more."""
    if share.state not in LIVE or share.withdraw_asked_at is not None:
        return None
    return max(0, share.expires - now)


def find(disclosure: int) -> Share:
    """Return the share, or raise `hub.share-absent`."""
    share = Share.objects.select_related("release", "release__appeal").filter(disclosure=disclosure).first()
    if share is None:
        raise SHARE_ABSENT(where=f"clip {disclosure}")
    return share


def withdraw(disclosure: int, user: User, now: int) -> Share:
    """Let the worker tell log and custodian at once; asked twice is asked once. Raises `hub.share-ended`."""
    share = find(disclosure)
    if share.withdraw_asked_at is not None:
        return share
    if share.state not in LIVE:
        raise SHARE_ENDED(where=f"clip {disclosure}", state=share.state)
    Share.objects.filter(disclosure=disclosure, withdraw_asked_at=None).update(
        withdraw_asked_at=now, withdrawn_by=user, retry_at=0, tries=0
    )
    return find(disclosure)


def write(disclosure: int, text: str, user: User, now: int) -> Message:
    """Let a message to the recipients wait for the worker; raises `hub.message-refused`, `hub.share-ended`."""
    if not text.strip() or len(text) > MOST_MESSAGE:
        raise MESSAGE_REFUSED(where=f"clip {disclosure}", reason=f"it needs 1 to {MOST_MESSAGE} characters")
    return _wait(find(disclosure), text, user, now)


def proof(disclosure: int) -> str:
    """Return what proves a clip's original, as the file that `sunporch clip proof` checks; the resident's to give.

    It names the household's chain key, which is the same in each proof of this home. Raises `hub.proof-absent`.
    """
    share = find(disclosure)
    if not share.release.proof:
        raise PROOF_ABSENT(where=f"clip {disclosure}")
    return share.release.proof


def hand_over(disclosure: int, user: User, now: int) -> Message:
    """Let the proof go to the recipients as a message; raises as `proof` and `write` do."""
    text = proof(disclosure)
    if len(text.encode()) > MOST_PROOF:
        raise MESSAGE_REFUSED(where=f"clip {disclosure}", reason="the proof is too long for one; give it as a file")
    return _wait(find(disclosure), text, user, now)


def _wait(share: Share, text: str, user: User, now: int) -> Message:
    """Let a text to the recipients wait for the worker."""
    disclosure = share.disclosure
    if share.state not in LIVE:
        raise SHARE_ENDED(where=f"clip {disclosure}", state=share.state)
    if Message.objects.filter(share=share, ours=True, sent_at=None).count() >= MOST_WAITING:
        raise MESSAGE_REFUSED(where=f"clip {disclosure}", reason=f"{MOST_WAITING} messages wait to be sent already")
    return Message.objects.create(share=share, ours=True, sender=user.get_username(), text=text, at=now)


def project(town: Town, now: int) -> None:
    """Bring the rows of all shares up to the record: who opened them, whether they ended."""
    for share in Share.objects.exclude(state=ClipPhase.DESTROYED.value):
        with town.locked() as state:
            shared = state.disclosures.get(share.disclosure)
            if shared is None:
                continue
            row = {
                "state": shared.phase(now).value,
                "accesses": [_told(state, index, "purpose") for index in shared.accesses],
                "exports": [_told(state, index, "recipient") for index in shared.exports],
                "passed_on": [_told(state, index, "recipient", "standard") for index in shared.sharings],
                "withdrawn_at": shared.withdrawn_at,
            }
        Share.objects.filter(disclosure=share.disclosure).update(**row)


def _told(town: TownState, index: int, *names: str) -> dict[str, str | int]:
    """Return who did it and when, and these fields of the entry, as the record says it."""
    record = town.records[index]
    told: dict[str, str | int] = {"index": index, "at": record.time, "who": ", ".join(record.signers)}
    return told | {name: getattr(record.entry, name) for name in names}


def let_go(vault: Vault, now: int) -> None:
    """Erase one-time keys and proofs, and end the holds, of clips whose year after the outcome is over."""
    ended = [State.SHARED.value, State.UNDONE.value, State.REFUSED.value]
    old = Release.objects.filter(appeal__kept_until__lte=now, state__in=ended).exclude(d_secret="")
    for release in old:
        vault.end_hold(releases.hold_of(release.id))
        Release.objects.filter(id=release.id).update(d_secret="", d_x25519_secret="", proof="")
