# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a home that was restored must not do by itself, because its old hub may have done it after the copy was made.

The rows are as they were when the recovery file was made. What left the house since, or was taken back, they do not
know; the public record knows some of it, and is read before anything else. So nothing that waited goes on: a clip
that left all the same is found on the record by what its row has of it, and comes back as a share.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from sunporch.hub.errors import RELEASE_UNSURE
from sunporch.hub.inbox.models import Following
from sunporch.hub.recovery.models import Recovery
from sunporch.hub.release.actions import trouble
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import ENDED, State
from sunporch.hub.shares.models import Message
from sunporch.hub.takeout.models import Link
from sunporch.vault import Vault
from sunporch.web.pings.models import Ping


@dataclass(frozen=True)
class Settled:
    """How much does not go on."""

    clips: int
    messages: int
    links: int


@transaction.atomic
def settle(vault: Vault, made_at: int, now: int) -> Settled:
    """Let nothing go on that waited when the copy was made at `made_at`."""
    waiting = Release.objects.exclude(state__in=[state.value for state in ENDED])
    clips = waiting.update(state=State.REFUSED.value, state_at=now, **trouble(RELEASE_UNSURE()))
    messages, _ = Message.objects.filter(ours=True, sent_at=None).delete()
    # A link that was ended or used up since must not open again.
    links = Link.objects.filter(ended_at=None).update(ended_at=now)
    Ping.objects.all().delete()
    # The old hub judged what it dated. `size` and `root` stay, so that no other record is taken for the town's.
    Following.objects.update(agreed_segment=vault.newest(), tried_at=0)
    Recovery.objects.update(file_at=made_at)
    return Settled(clips, messages, links)
