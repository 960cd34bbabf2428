# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub's worker: records, reads the record on its schedule, lets chosen clips leave, erases what is old.

Eleven threads besides the cameras': one reads the record by a plan that nothing in the house can change, one lets
clips leave, one looks for people in drafts, one makes the films of links, one stops sharing, one keeps cameras and
retention going, one gives live pictures to the pages, one looks what is new for residents who want to hear elsewhere,
and one a kind of way tells them: none of them waits for a slow portal, a long clip or a stuck camera of another.
The half keys of clips on their way exist only in this process's memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from random import Random, SystemRandom

from django.db import close_old_connections

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.client import CustodianClient, LogReader, PortalClient
from sunporch.hub import schedule
from sunporch.hub.cameras.actions import erase_removed
from sunporch.hub.cameras.door import LiveDoor
from sunporch.hub.cameras.recording import Recording
from sunporch.hub.config import Settings, current
from sunporch.hub.coverings.finding import Finding
from sunporch.hub.following import Town
from sunporch.hub.inbox import actions as inbox
from sunporch.hub.inbox.reading import MOST_RECORD_AGE, Reading
from sunporch.hub.mirror import Mirror
from sunporch.hub.notices import news, words
from sunporch.hub.release.leaving import Leaving
from sunporch.hub.shares.ending import Ending
from sunporch.hub.shares.thread import Thread
from sunporch.hub.takeout.making import Making
from sunporch.recorder import Recorder
from sunporch.vault import Vault
from sunporch.verify.pin import Pin
from sunporch.web.pings.sending import Outward

STEP_SECONDS = 0.5
RETENTION_SECONDS = 3_600
NEWS_SECONDS = 10.0
RETENTION = "retention"


class Worker:
    """One hub's worker; `run` lasts until `stop`."""

    def __init__(self, hub: Settings, clock: Clock, random: Random | None = None) -> None:
        """`random` draws the instants of reading; without one, the operating system does."""
        self._hub = hub
        self._clock = clock
        self._random = random or SystemRandom()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._begun_at = clock.monotonic()
        self._erased_at = float("-inf")
        self._vault = Vault.open(hub.vault_folder, clock)
        self._log = LogReader(hub.log_url, hub.socks_proxy)
        self._portal = PortalClient(hub.portal_url, hub.socks_proxy)
        self._custodians: dict[str, CustodianClient] = {}
        self._town = Town(Pin.parse(hub.pin_file.read_bytes()), Mirror(hub.mirror_folder))
        self._reading = Reading(clock, self._vault, self._town, self._log.fetch)
        recorder = Recorder(self._vault, clock)
        self._recording = Recording(recorder)
        self._door = LiveDoor(recorder, clock, hub.data_dir)
        self._leaving = Leaving(clock, self._vault, self._town, self._portal, self._custodian_at)
        self._finding = Finding(clock, self._vault, self._stopping.is_set)
        self._making = Making(clock, self._vault, self._stopping.is_set)
        self._ending = Ending(clock, self._portal, self._custodian_at)
        self._thread = Thread(clock, self._town, self._portal)
        self._outward = Outward(hub, hub.push_key, clock, partial(words.message, hub), hub.socks_proxy)

    def _custodian_at(self, url: str) -> CustodianClient:
        if url not in self._custodians:
            self._custodians[url] = CustodianClient(url, self._hub.socks_proxy)
        return self._custodians[url]

    def stop(self) -> None:
        """Ask `run` to finish what is being written and return."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`; what ends one thread unexpectedly ends the process, which its parent starts again."""
        acts = {
            "follow": lambda: self.follow(self._stopping.is_set),
            "serve": self._serve,
            "find": self._find,
            "make": self._make,
            "end": self._end,
            "keep": self._keep,
            "tell": self._tell,
            **{f"ping {kind}": partial(self._outward.run, kind, self._stopping) for kind in self._outward.ways()},
            "show": lambda: self._door.serve(self._stopping.is_set),
        }
        parts = [threading.Thread(target=self._guarded, args=(act,), name=name) for name, act in acts.items()]
        for part in parts:
            part.start()
        for part in parts:
            part.join()
        self._recording.stop()
        self.close()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Let go of servers and archive."""
        self._log.close()
        self._portal.close()
        for custodian in self._custodians.values():
            custodian.close()
        self._vault.close()

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            self._failure = error
            self._stopping.set()
            raise
        finally:
            close_old_connections()

    def follow(self, stopping: Callable[[], bool]) -> None:
        """Read the record by the plan until told to stop; then poll the threads of what was shared."""
        self._reading.begin()
        plan = schedule.instants(self._clock.monotonic(), self._hub.poll_seconds, self._random)
        for _ in schedule.due(plan, self._clock, stopping):
            self._reading.once()
            self._thread.receive()

    def _serve(self) -> None:
        """Let chosen clips and messages leave."""
        while not self._stopping.wait(STEP_SECONDS):
            self._leaving.step()
            self._thread.send()

    def _find(self) -> None:
        """Look for people in drafts, in a thread of its own: a long clip takes minutes."""
        while not self._stopping.wait(STEP_SECONDS):
            self._finding.step()

    def _tell(self) -> None:
        """Let pings wait about what is new. It begins late: a hub that was off has recorded nothing for a while."""
        while not self._stopping.wait(NEWS_SECONDS):
            if self._clock.monotonic() - self._begun_at >= news.AWAY_SECONDS:
                news.tell_residents(self._clock.now())

    def _make(self) -> None:
        """Make the films of links and end those whose time came, in a thread of its own, too."""
        while not self._stopping.wait(STEP_SECONDS):
            self._making.step()

    def _end(self) -> None:
        """Stop sharing what was withdrawn, in a thread of its own: that waits for no camera."""
        while not self._stopping.wait(STEP_SECONDS):
            self._ending.step()

    def _keep(self) -> None:
        """Keep cameras going, erase what is old. A camera that is paused may take a minute to let go."""
        while not self._stopping.is_set():
            self._recording.step()
            self._erase_removed()
            self._enforce_retention()
            self._stopping.wait(STEP_SECONDS)

    def _erase_removed(self) -> None:
        """Erase what residents wanted erased with a camera; a disk that refuses is an alarm, and asked again.

        It ends as that of retention does, when the disk lets something be erased.
        """
        try:
            erase_removed(self._vault)
        except Error as error:
            inbox.raise_alarm(error, RETENTION, self._clock.now())

    def _enforce_retention(self) -> None:
        """Erase what is old, once an hour; a disk that refuses is an alarm, and no reason to stop recording.

        By a clock that is years ahead everything would be old: so the first time waits for the record to judge the
        clock, though not for ever.
        """
        now = self._clock.monotonic()
        judged = self._reading.clock_judged or now - self._begun_at >= MOST_RECORD_AGE
        if not judged or now - self._erased_at < RETENTION_SECONDS:
            return
        self._erased_at = now
        try:
            kept = current() or self._hub  # residents change it while the hub runs
            self._vault.enforce_retention(kept.retention_days, kept.retention_bytes)
        except Error as error:
            inbox.raise_alarm(error, RETENTION, self._clock.now())
            return
        inbox.end_alarms(RETENTION, self._clock.now())
