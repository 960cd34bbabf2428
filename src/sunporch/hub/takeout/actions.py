# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done with links: making one, opening it, ending it, and clearing away what an ended one leaves.

A link is over when its time comes, when it was opened as often as it may be, when a resident ends it, or when its
footage is erased. From that moment nobody can tell it from a link that never was.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from sunporch.base.digests import sha256
from sunporch.hub.cameras import actions as cameras
from sunporch.hub.cameras import pictures
from sunporch.hub.errors import LINK_ABSENT, LINK_REFUSED, LINKS_FULL
from sunporch.hub.takeout.models import MAX_TITLE, Link, State
from sunporch.vault import Vault
from sunporch.vault.errors import FOOTAGE_MISSING

HOUR = 3_600
LEAST_HOURS, MOST_HOURS = 1, 30 * 24
MOST_OPENINGS = 1_000
MOST_LIVE = 20
# What somebody who opened a link gets to play and keep the film with, and how long that lasts.
PASS_SECONDS = HOUR
_PASS_DIGITS = 32
# How long an ended link is still listed.
LISTED_SECONDS = 30 * 24 * HOUR


@dataclass(frozen=True)
class Wish:
    """What a resident hands out: [from_s, to_s) of a camera, for `hours`, at most `most` openings (None: any)."""

    camera: str
    from_s: float
    to_s: float
    covered: bool
    sound: bool
    title: str
    hours: int
    most: int | None


def make(vault: Vault, user: User, wish: Wish, now: int) -> tuple[Link, str]:
    """Make a link and return it with its token, which is kept nowhere; the worker makes its film.

    The footage is held until the link ends. Raises `hub.camera-absent`, `hub.watch-length`, `hub.link-refused`,
    `hub.links-full`, `vault.footage-missing`, `vault.span-refused`.
    """
    camera = cameras.find(wish.camera)
    pictures.check_length(camera, wish.from_s, wish.to_s, pictures.MOST_WATCH_SECONDS)
    if not vault.timeline(camera.id, wish.from_s, wish.to_s).spans:
        raise FOOTAGE_MISSING(where=camera.name, because="")
    _check(wish)
    link_id, token = secrets.token_hex(16), secrets.token_urlsafe(32)
    with transaction.atomic():
        if Link.objects.filter(ended_at=None).count() >= MOST_LIVE:
            raise LINKS_FULL(most=MOST_LIVE)
        made = Link.objects.create(
            id=link_id,
            token_sha256=_digest(token),
            camera=camera,
            from_s=wish.from_s,
            to_s=wish.to_s,
            covered=wish.covered,
            sound=wish.sound and camera.sound,
            title=wish.title,
            made_by=user,
            made_at=now,
            ends_at=now + wish.hours * HOUR,
            most=wish.most,
        )
    hold(vault, made)
    return made, token


def _check(wish: Wish) -> None:
    """Raise `hub.link-refused` saying what cannot be."""
    for wrong, reason in (
        (not LEAST_HOURS <= wish.hours <= MOST_HOURS, f"it must end in {LEAST_HOURS} to {MOST_HOURS} hours"),
        (
            wish.most is not None and not 1 <= wish.most <= MOST_OPENINGS,
            f"it can be opened 1 to {MOST_OPENINGS} times, or without a limit",
        ),
        (len(wish.title) > MAX_TITLE or not wish.title.isprintable(), f"its title needs at most {MAX_TITLE} letters"),
    ):
        if wrong:
            raise LINK_REFUSED(reason=reason)


def hold(vault: Vault, link: Link) -> None:
    """Keep the footage of a link; again is nothing, so the worker does it for whoever was killed before."""
    vault.hold(hold_of(link.id), link.camera_id, link.from_s, link.to_s)


def hold_of(link_id: str) -> str:
    """Return the name under which the archive keeps the footage of a link."""
    return f"link-{link_id}"


def _digest(token: str) -> str:
    return sha256(b"sunporch/link/v1\0", token.encode()).hex()


def find(link_id: str) -> Link:
    """Return a resident's link, or raise `hub.link-absent`."""
    link = Link.objects.filter(id=link_id).select_related("camera", "made_by").first()
    if link is None:
        raise LINK_ABSENT(where=link_id)
    return link


def listed(now: int) -> tuple[list[Link], list[Link]]:
    """Return the links that show something, and those that ended not long ago, the newest first."""
    found = Link.objects.select_related("camera", "made_by").order_by("-made_at", "id")
    live = [link for link in found.filter(ended_at=None) if not over(link, now)]
    ended = found.exclude(id__in=[link.id for link in live])
    return live, [link for link in ended if (link.ended_at or link.ends_at) > now - LISTED_SECONDS]


def over(link: Link, now: int) -> bool:
    """Say whether nobody can open the link any more."""
    spent = link.most is not None and link.opened >= link.most
    return link.ended_at is not None or now >= link.ends_at or link.state == State.FAILED.value or spent


def by_token(token: str, now: int) -> Link:
    """Return the link for whoever has its token; raises `hub.link-absent`, the same for one that never was."""
    link = Link.objects.filter(token_sha256=_digest(token)).first()
    if link is None or over(link, now):
        raise LINK_ABSENT()
    return link


def open_link(token: str, now: int) -> str:
    """Count an opening and return a pass to the film for an hour; raises `hub.link-absent`."""
    link = by_token(token, now)
    row = Link.objects.filter(id=link.id, state=State.READY.value, ended_at=None)
    if link.most is not None:
        row = row.filter(opened__lt=link.most)
    # One conditional UPDATE: two who come at once are two openings, and the last one is given once.
    if not row.update(opened=F("opened") + 1, opened_at=now):
        raise LINK_ABSENT()
    until = now + PASS_SECONDS
    return f"{until}-{_seal(link.id, until)}"


def by_pass(token: str, untrusted_pass: str, now: int) -> Link:
    """Return the link of whoever opened it within the hour; raises `hub.link-absent`.

    A pass outlives the last opening that the link allowed, never the link's end.
    """
    link = Link.objects.filter(token_sha256=_digest(token), state=State.READY.value, ended_at=None).first()
    until, _, sealed = untrusted_pass.partition("-")
    if link is None or now >= link.ends_at or not (until.isascii() and until.isdigit() and len(until) <= 12):
        raise LINK_ABSENT()
    if not constant_time_compare(sealed, _seal(link.id, int(until))) or now >= int(until):
        raise LINK_ABSENT()
    return link


def _seal(link_id: str, until: int) -> str:
    return salted_hmac("sunporch/link-pass/v1", f"{link_id} {until}", algorithm="sha256").hexdigest()[:_PASS_DIGITS]


def end(vault: Vault, link_id: str, now: int) -> Link:
    """End a link at once; one that has ended stays so. Raises `hub.link-absent`."""
    link = find(link_id)
    Link.objects.filter(id=link.id, ended_at=None).update(ended_at=now)
    clear(vault, link)
    return find(link_id)


def end_erased(vault: Vault, camera_id: str, from_s: float, to_s: float, now: int) -> None:
    """End the links of a camera that show something of [from, to): the resident erased it."""
    for link in Link.objects.filter(camera_id=camera_id, ended_at=None, from_s__lt=to_s, to_s__gt=from_s):
        end(vault, link.id, now)


def clear(vault: Vault, link: Link) -> None:
    """Destroy the film of an ended link and hold its footage no longer."""
    vault.destroy_film(link.id)
    vault.end_hold(hold_of(link.id))
    Link.objects.filter(id=link.id).update(cleared=True)
