# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker's part of links: it makes their films, one at a time, and ends them when their time comes.

A worker that was killed makes the film again from the start. A film that ends its worker time and again is given up.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import F

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.hub.errors import SEARCHES_SPENT
from sunporch.hub.release.actions import trouble
from sunporch.hub.takeout import actions, films
from sunporch.hub.takeout.models import Link, State
from sunporch.vault import Vault
from sunporch.vault.errors import FOOTAGE_UNFINISHED, KEY_LOCKED

MOST_ATTEMPTS = 3


class _EndedEarly(Exception):
    """The resident ended the link, or the worker is to stop."""


class Making:
    """The queue of links; `step` ends those whose time came and makes the films of those that wait."""

    def __init__(self, clock: Clock, vault: Vault, stopping: Callable[[], bool]) -> None:
        self._clock = clock
        self._vault = vault
        self._stopping = stopping

    def step(self) -> None:
        """Do what is due; raises what only a new start of the worker can mend."""
        self._end()
        for link in Link.objects.filter(state=State.MAKING.value, ended_at=None).order_by("made_at", "id"):
            if self._stopping():
                return
            self._make(link)

    def _end(self) -> None:
        now = self._clock.now()
        for link in Link.objects.filter(ended_at=None):
            watched = link.opened_at is not None and now < min(link.ends_at, link.opened_at + actions.PASS_SECONDS)
            if actions.over(link, now) and not watched:
                actions.end(self._vault, link.id, now)
        for link in Link.objects.exclude(ended_at=None).filter(cleared=False):
            actions.clear(self._vault, link)
        Link.objects.filter(cleared=True, ended_at__lt=now - actions.LISTED_SECONDS).delete()

    def _make(self, link: Link) -> None:
        row = Link.objects.filter(id=link.id, state=State.MAKING.value, ended_at=None)

        def told(_done: int, _total: int) -> None:
            if self._stopping() or not row.exists():
                raise _EndedEarly

        try:
            if link.attempts >= MOST_ATTEMPTS:
                raise SEARCHES_SPENT(where=link.id, times=link.attempts)
            row.update(attempts=F("attempts") + 1)
            actions.hold(self._vault, link)
            made = films.make(
                self._vault, link.camera, link.from_s, link.to_s,
                covered=link.covered, sound=link.sound, now=self._clock.now(), told=told,
            )  # fmt: skip
            self._vault.keep_film(link.id, link.camera_id, made.film.from_90k, made.media)
        except _EndedEarly:
            row.update(attempts=F("attempts") - 1)
        except Error as error:
            if error.kind in (FOOTAGE_UNFINISHED, KEY_LOCKED):  # it will be, in a minute or when somebody unlocks
                row.update(attempts=F("attempts") - 1)
            else:
                row.update(state=State.FAILED.value, **trouble(error))
        else:
            row.update(state=State.READY.value, proof=made.proof.decode())
        if not Link.objects.filter(id=link.id, ended_at=None).exists():
            actions.clear(self._vault, link)  # the resident ended it meanwhile
