# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is so now in this home, as keys that stay the same as long as it is. Nothing here asks anything of anybody."""

from __future__ import annotations

from collections.abc import Iterator

from sunporch.hub.cameras.models import Camera
from sunporch.hub.inbox.models import Alarm, Appeal, Notice
from sunporch.hub.notices import words
from sunporch.hub.shares.models import Message, Share
from sunporch.web.pings import actions
from sunporch.web.pings.actions import News
from sunporch.web.pings.models import Choice

# A camera is away when nothing of it was recorded for so long; a shorter gap mends itself.
AWAY_SECONDS = 600
# A word as it happens waits up to so long: its hour says less about when the record was read.
MOST_WAIT = 1_800


def tell_residents(now: int) -> None:
    """Queue pings about what is new for each resident who wants them; where nobody does, nothing is looked for."""
    wanting = list(Choice.objects.exclude(topics=[]).filter(user__is_active=True))
    if wanting:
        found = present(now)
        for choice in wanting:
            actions.tell(choice.user_id, found, now, MOST_WAIT)


def present(now: int) -> list[News]:
    """Return what is so now, in an order that stays."""
    return [News(f"{topic}:{key}", topic, words.WAITING) for topic, key in _present(now)]


def _present(now: int) -> Iterator[tuple[str, str]]:
    for notice in Notice.objects.filter(appeal__is_open=True).order_by("appeal"):
        yield words.APPEALS, str(notice.appeal_id)
    for message in Message.objects.filter(ours=False).order_by("pk"):
        yield words.SHARES, f"message {message.id}"
    for share in Share.objects.order_by("pk"):
        for opening in share.accesses:
            yield words.SHARES, f"opening {opening['index']}"
    for appeal in Appeal.objects.filter(release__share__isnull=False).exclude(outcome={}).order_by("pk").distinct():
        yield words.SHARES, f"outcome {appeal.index}"
    for alarm in Alarm.objects.filter(ended_at=None).order_by("pk"):
        yield words.HOME, f"alarm {alarm.pk}"
    away = Camera.objects.filter(paused=False, taken_in=False, recorded_until__lt=now - AWAY_SECONDS)
    for camera in away.order_by("pk"):
        yield words.HOME, f"camera {camera.id}"
