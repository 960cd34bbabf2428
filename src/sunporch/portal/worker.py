# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must happen by itself: drafts lapse, dead uploads go, destroyed clips' files go, refusals are posted.

Pings to people go out in threads of their own, one a kind of way: nothing here waits for somebody else's server.
"""

from __future__ import annotations

import logging
import threading

from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.utils import timezone

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.docket import wire
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Refusals
from sunporch.docket.state import State
from sunporch.portal import founding
from sunporch.portal.agencies import enrolment
from sunporch.portal.appeals import actions as appeal_actions
from sunporch.portal.appeals import store as appeal_store
from sunporch.portal.board import actions as board_actions
from sunporch.portal.board import store as board_store
from sunporch.portal.clerk import actions as clerk_actions
from sunporch.portal.complaints import actions as complaint_actions
from sunporch.portal.config import Settings
from sunporch.portal.errors import STORE_FAILED
from sunporch.portal.exports import actions as export_actions
from sunporch.portal.notices import news, words
from sunporch.portal.record import PublicRecord
from sunporch.portal.review import actions as review_actions
from sunporch.portal.viewer import actions as viewer_actions
from sunporch.web.pings.models import Kind
from sunporch.web.pings.sending import Outward

ROUND_SECONDS = 2.0
# Files without a clip are looked for so often, and go when they were there the time before too: no upload takes so
# long between its file and its row.
STRAY_SECONDS = 3_600
# How often it is looked what is new for people who want to hear.
NEWS_SECONDS = 10
_LOGGER = logging.getLogger("sunporch.portal.worker")


class Worker:
    """One round after the other, each idempotent, so that a killed worker needs no repair."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._record = PublicRecord(settings, clock)
        self._key = founding.read_key(settings.keys_dir / founding.PORTAL_KEY)
        self._posted: dict[int, str] = {}
        self._strays: set[str] = set()
        self._looked = float("-inf")
        self._news_at = float("-inf")
        self._outward = Outward(settings, settings.push_key, clock, lambda text: words.message(settings, text))
        self._failure: BaseException | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; what ends a thread of pings unexpectedly ends the worker, which is begun again."""
        kinds = self._outward.ways()
        senders = [threading.Thread(target=self._send, args=(kind, stop), name=f"pings-{kind}") for kind in kinds]
        for sender in senders:
            sender.start()
        try:
            while not stop.is_set():
                self.round()
                stop.wait(ROUND_SECONDS)
        finally:
            stop.set()
            for sender in senders:
                sender.join()
        if self._failure is not None:
            raise self._failure

    def _send(self, kind: Kind, stop: threading.Event) -> None:
        try:
            self._outward.run(kind, stop)
        except BaseException as error:
            self._failure = error
            raise
        finally:
            stop.set()
            close_old_connections()

    def round(self) -> None:
        """Do everything that is due."""
        now = self._clock.now()
        appeal_actions.expire(now)
        appeal_actions.forget_sketches(now)
        clerk_actions.forget_late(now)
        clerk_actions.forget_proposals(now)
        complaint_actions.forget(now)
        review_actions.forget(now)
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
        with self._record.reading() as state:
            enrolment.forget(state, now)
            export_actions.forget(state, now)
            self._bury(state, now)
            self._post_refusals(state, now)
            self._tell(state, now)

    def _tell(self, state: State, now: int) -> None:
        """Let pings wait about what is new; they are sent elsewhere."""
        if self._clock.monotonic() - self._news_at >= NEWS_SECONDS:
            self._news_at = self._clock.monotonic()
            news.tell_everybody(state, now)

    def _bury(self, state: State, now: int) -> None:
        """Delete the files whose time is over; while their store fails, say so and try again next round."""
        try:
            viewer_actions.bury(state, now)
            if self._clock.monotonic() - self._looked >= STRAY_SECONDS:
                strays = viewer_actions.strays()
                viewer_actions.bury_strays(strays & self._strays)
                self._strays, self._looked = strays, self._clock.monotonic()
        except Error as error:
            if error.kind is not STORE_FAILED:
                raise
            _LOGGER.warning("%s", error)

    def _post_refusals(self, state: State, now: int) -> None:
        """Hand in one `refusals` entry for each past day with refused drafts that the record does not tell yet.

        It is signed anew as long as it is not recorded; one that is not lapses after a day.
        """
        if state.live_key(self._key.name) is None:
            return
        for day, counts in appeal_store.refusals_before(now // DAY).items():
            if day in state.refusals or self._waits(day):
                continue
            told = tuple(sorted(counts.items()))
            entry = Refusals(nonce=wire.new_nonce(), not_after=now + board_actions.OWN_SECONDS, day=day, counts=told)
            self._posted[day] = board_actions.say(self._key, state.origin, entry, now).id

    def _waits(self, day: int) -> bool:
        """Say whether this day's entry is in the outbox; after a restart the record itself refuses a second one."""
        row = board_store.outgoing(self._posted.get(day, ""))
        return row is not None and row.state == "queued"
