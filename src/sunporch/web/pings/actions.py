# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about pings: who wants to hear of what, by which way; what goes out, and what became of it.

Looking for news and sending are two steps with the queue between them. A worker that is killed while it looks loses
and doubles nothing (what was told and its pings are one transaction); killed between the other server's yes and our
note of it, it sends that one ping once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import get_language

from sunporch.base.errors import Error
from sunporch.web.errors import PUSH_GONE, WAYS_EXCEEDED
from sunporch.web.pings.models import MAX_NAME, Choice, Kind, Ping, Way, When

MAX_WAYS = 8
# The daily word about something new, the one that comes every day, and the one that shows how a notice looks.
DAILY = "daily"
EVERY_DAY = "always"
TRY = "try"
# What failed is tried again after a minute, two, four, ... at most an hour; after a day it is given up.
RETRY_SECONDS = 60
MOST_RETRY_SECONDS = 3_600
GIVE_UP_SECONDS = 86_400
_HOUR, _DAY = 3_600, 86_400
_RANDOM = SystemRandom()


@dataclass(frozen=True)
class News:
    """Something that is so now and concerns a person: a key that stays as long as it is, and a text's code."""

    key: str
    topic: str
    text: str


@dataclass(frozen=True)
class Wish:
    """What a person chooses: topics (none: no notices), when, and the hour of the daily word in UTC."""

    topics: tuple[str, ...]
    when: When
    hour: int


def choose(user: User, wish: Wish, present: Sequence[News]) -> None:
    """Write down what the person wants to hear of from now on; what is so already is not news."""
    with transaction.atomic():
        Choice.objects.update_or_create(
            user=user,
            defaults={
                "topics": list(wish.topics),
                "when": wish.when,
                "hour": wish.hour,
                "language": get_language() or "en",
                "told": [item.key for item in present],
            },
        )
        Ping.objects.filter(way__user=user).delete()


def add_way(user: User, kind: Kind, target: str, name: str) -> Way:
    """Add a way, or return it where it is there already. Raises `web.ways-exceeded`."""
    with transaction.atomic():
        found = Way.objects.filter(user=user, kind=kind, target=target).first()
        if found is not None:
            return found
        if Way.objects.filter(user=user).count() >= MAX_WAYS:
            raise WAYS_EXCEEDED(most=MAX_WAYS)
        return Way.objects.create(user=user, kind=kind, target=target, name=name[:MAX_NAME])


def drop_way(user: User, way_id: int) -> None:
    """Forget a way of the person's own, and what waits for it."""
    Way.objects.filter(user=user, pk=way_id).delete()


def forget(user: User) -> None:
    """Tell a person nothing any more, and forget what they chose."""
    Way.objects.filter(user=user).delete()
    Choice.objects.filter(user=user).delete()


def try_way(user: User, way_id: int, now: int) -> None:
    """Send a word by one way of the person's own, so that they see how it looks."""
    with transaction.atomic():
        for way in Way.objects.filter(user=user, pk=way_id):
            _queue(way, TRY, now)


def tell(user_id: int, present: Sequence[News], now: int, most_wait: int) -> None:
    """Queue a word about what is so now and was not when it was last looked; each thing is told once.

    A word at once waits up to `most_wait` seconds, drawn at random. A browser that is gone is asked no more.
    """
    with transaction.atomic():
        choice = Choice.objects.filter(user_id=user_id).first()
        if choice is None or not choice.topics:
            return
        told = set(choice.told)
        new = [item for item in present if item.key not in told and item.topic in choice.topics]
        keys = [item.key for item in present]
        if keys != choice.told:
            choice.told = keys
            choice.save(update_fields=["told"])
        if choice.when == When.SOON:
            texts, due = {item.text for item in new}, now + _RANDOM.randint(0, most_wait)
        else:
            daily = {EVERY_DAY} if choice.when == When.ALWAYS else {DAILY} if new else set()
            texts, due = daily, next_hour(choice.hour, now)
        ways = Way.objects.filter(user_id=user_id).exclude(trouble_id=PUSH_GONE.id)
        for way in ways if texts else ():
            for text in texts:
                _queue(way, text, due)


def next_hour(hour: int, now: int) -> int:
    """Return when it is next that hour (UTC), later than now."""
    today = now - now % _DAY + hour * _HOUR
    return today if today > now else today + _DAY


def _queue(way: Way, text: str, due: int) -> None:
    Ping.objects.get_or_create(way=way, text=text, defaults={"first_due_at": due, "due_at": due})


def claim(kind: Kind, now: int) -> Ping | None:
    """Return the ping of this kind that is due longest, its next try written down before it is made.

    What is a day late is given up.
    """
    with transaction.atomic():
        Ping.objects.filter(way__kind=kind, first_due_at__lt=now - GIVE_UP_SECONDS).delete()
        due = Ping.objects.filter(way__kind=kind, due_at__lte=now).order_by("due_at", "pk")
        ping = due.select_related("way").first()
        if ping is not None:
            ping.due_at = now + min(RETRY_SECONDS * 2 ** min(ping.tries, 10), MOST_RETRY_SECONDS)
            ping.tries += 1
            ping.save(update_fields=["due_at", "tries"])
    return ping


def sent(ping: Ping) -> None:
    """Forget a ping that was taken; its way is well."""
    with transaction.atomic():
        Ping.objects.filter(pk=ping.pk).delete()
        Way.objects.filter(pk=ping.way.pk).exclude(trouble_id="").update(trouble_id="", trouble={})


def failed(ping: Ping, error: Error, *, for_good: bool) -> None:
    """Write down at its way why a ping was not taken, and forget the ping where trying again cannot help."""
    params = {name: str(value) for name, value in error.params.items()}
    with transaction.atomic():
        Way.objects.filter(pk=ping.way.pk).update(trouble_id=error.id, trouble=params)
        if for_good:
            Ping.objects.filter(pk=ping.pk).delete()


def language_of(ping: Ping) -> str:
    """Return the language in which the person wanted to hear, English where they did not say."""
    choice = Choice.objects.filter(user_id=ping.way.user_id).first()
    return choice.language if choice else "en"
