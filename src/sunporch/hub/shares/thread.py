# SPDX-License-Identifier: AGPL-3.0-or-later
"""The thread about a share: messages sealed to the recipients' devices, or to the clip's one-time key `d`.

The mailbox is asked only for what this home shared, so that a home which shared nothing asks for nothing.
Each message is an HPKE sealing (RFC 9180, the house's suite) with info `sunporch/message/v1` NUL c NUL key name.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidTag

from sunporch.base.clock import Clock
from sunporch.base.digests import from_base64, sha256, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.client import PortalClient
from sunporch.clip import keys
from sunporch.docket.state import KeyState, State
from sunporch.hub.following import Town
from sunporch.hub.release.models import Release
from sunporch.hub.shares.actions import LIVE, MOST_MESSAGE
from sunporch.hub.shares.models import Message, Share

HOME = "disclosure"
MOST_RECEIVED = 200
RETRY_SECONDS = 30


def info(c: str, name: str) -> bytes:
    """Return the HPKE `info` of a message about clip `c` to the key `name`."""
    return b"sunporch/message/v1\0" + c.encode() + b"\0" + name.encode()


def authorization(origin: str, release: Release, now: int) -> str:
    """Return what lets the hub read and write the mailbox: the time, signed by the clip's one-time key."""
    signer = SignerKey.parse(release.d_secret)
    text = f"sunporch/mailbox/v1\n{origin}\n{release.c}\n{now}\n"
    return f"Sunporch-D {now} {to_base64(signer.sign(text.encode()))}"


def readers(state: State, share: Share) -> list[KeyState]:
    """Return the devices that a message goes to: those of the appeal, and those of its agency that opened the clip.

    A device that took a lost one's place is named by no appeal; whose it is, the portal alone would say. That it may
    read the clip is on the record once it opened it.
    """
    request, clip = state.requests[share.release.appeal_id], state.disclosures[share.disclosure]
    opened = [state.names.get(name) for index in clip.accesses for name in state.records[index].signers]
    keys = [state.key_at(index) for index in request.entry.recipients]
    keys += [key for key in opened if key is not None and key.agency == clip.agency]
    return list({key.name: key for key in keys if key is not None and key.live and key.x25519}.values())


class Thread:
    """All threads of this home."""

    def __init__(self, clock: Clock, town: Town, portal: PortalClient) -> None:
        self._clock = clock
        self._town = town
        self._portal = portal
        self._silent_until = 0

    def receive(self) -> None:
        """Fetch what recipients wrote about clips that this home shared."""
        for share in Share.objects.filter(state__in=LIVE).select_related("release"):
            if not share.release.d_secret:
                continue
            try:
                now = self._clock.now()
                found = self._portal.mailbox(share.release.c, authorization(self._town.origin, share.release, now))
            except Error:  # the portal's silence is shown with the record's state, which the same server serves
                return
            for item in found[:MOST_RECEIVED] if isinstance(found, list) else []:
                self._take(share, item, now)

    def _take(self, share: Share, untrusted_item: Any, now: int) -> None:
        """Open a message to this home that is not known yet; what does not open was not meant for it."""
        if not isinstance(untrusted_item, dict) or untrusted_item.get("to") != HOME:
            return
        number = sha256(str(untrusted_item.get("sealed")).encode()).hex()
        if Message.objects.filter(share=share, number=number).exists():
            return
        try:
            sealed = from_base64(str(untrusted_item.get("sealed")), "the message")
            private = keys.load_private(share.release.d_x25519_secret)
            text = keys.SUITE.decrypt(sealed, private, info=info(share.release.c, HOME)).decode()
        except (Error, InvalidTag, ValueError):
            return
        sender, at = str(untrusted_item.get("by"))[:128], untrusted_item.get("at")
        Message.objects.create(
            share=share,
            number=number,
            ours=False,
            sender=sender,
            text=text[:MOST_MESSAGE],
            at=at if isinstance(at, int) else now,
            sent_at=at if isinstance(at, int) else now,
        )

    def send(self) -> None:
        """Seal what residents wrote to each recipient and leave it at the portal; try again later if it is away."""
        now = self._clock.now()
        waiting = Message.objects.filter(ours=True, sent_at=None).select_related("share__release").order_by("id")
        if now < self._silent_until:
            return
        for message in waiting:
            try:
                self._seal(message, now)
            except Error:  # shown as not yet sent; the next try comes by itself
                self._silent_until = now + RETRY_SECONDS
                return
            Message.objects.filter(id=message.id).update(sent_at=now)

    def _seal(self, message: Message, now: int) -> None:
        release = message.share.release
        with self._town.locked() as state:
            found = readers(state, message.share)
        for key in found:
            sealed = keys.encrypt(message.text.encode(), key.x25519, info(release.c, key.name))
            body = {"to": key.name, "sealed": to_base64(sealed)}
            self._portal.post_message(release.c, body, authorization(self._town.origin, release, now))
