# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker's search for people, one draft at a time.

What was found is written in one step at the end, so a worker that is killed leaves a draft that is searched again
from its start. A draft that ends its worker time and again is given up: recording must go on.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import F

from sunporch.base.clock import Clock
from sunporch.base.errors import Error
from sunporch.hub.coverings.actions import DRAFT_SECONDS
from sunporch.hub.coverings.models import Covering, State
from sunporch.hub.errors import SEARCHES_SPENT
from sunporch.redact.analyse import Analysis, analyse
from sunporch.redact.detect import YuNet
from sunporch.redact.plan import save
from sunporch.vault import Vault
from sunporch.vault.errors import FOOTAGE_UNFINISHED

MOST_ATTEMPTS = 3
# How often a resident can see that it goes on.
TOLD_SECONDS = 0.5


class _EndedEarly(Exception):
    """The resident dropped the draft, or the worker is to stop."""


class Finding:
    """The queue of drafts; `step` searches those that wait, the oldest first, and erases those that are old."""

    def __init__(self, clock: Clock, vault: Vault, stopping: Callable[[], bool]) -> None:
        self._clock = clock
        self._vault = vault
        self._stopping = stopping

    def step(self) -> None:
        """Search every draft that waits; raises what only a new start of the worker can mend."""
        old = self._clock.now() - DRAFT_SECONDS
        Covering.objects.filter(released=False, made_at__lt=old).delete()
        for covering in Covering.objects.filter(state=State.FINDING.value).order_by("made_at", "id"):
            if self._stopping():
                return
            self._search(covering)

    def _search(self, covering: Covering) -> None:
        row = Covering.objects.filter(id=covering.id, state=State.FINDING.value)
        try:
            if covering.attempts >= MOST_ATTEMPTS:
                raise SEARCHES_SPENT(where=covering.id, times=covering.attempts)
            footage = self._vault.footage(covering.camera_id, covering.from_s, covering.to_s)
            row.update(attempts=F("attempts") + 1)
            told = _Progress(covering, self._clock, self._stopping).tell
            found = analyse(footage.parts, footage.start_90k, footage.end_90k, YuNet(), told)
        except _EndedEarly:
            row.update(attempts=F("attempts") - 1)
        except Error as error:
            if error.kind is not FOOTAGE_UNFINISHED:  # it will be finished in a minute
                row.update(
                    state=State.FAILED.value,
                    trouble_id=error.id,
                    trouble_what=error.what,
                    trouble_next=error.next,
                )
        else:
            row.update(**_written(found))


def _written(found: Analysis) -> dict[str, str | int]:
    return {
        "state": State.READY.value,
        "tracks": save(found.tracks),
        "detector": found.detector,
        "width": found.width,
        "height": found.height,
    }


class _Progress:
    """Writes down how far a search came, and ends it where nobody waits for it any more."""

    def __init__(self, covering: Covering, clock: Clock, stopping: Callable[[], bool]) -> None:
        self._row = Covering.objects.filter(id=covering.id)
        self._clock, self._stopping = clock, stopping
        self._told_at = clock.monotonic()

    def tell(self, done_90k: int, _total_90k: int) -> None:
        """Raise `_EndedEarly` if the draft is gone or the worker is to stop."""
        if self._stopping():
            raise _EndedEarly
        now = self._clock.monotonic()
        if now - self._told_at < TOLD_SECONDS:
            return
        self._told_at = now
        if not self._row.update(done_90k=done_90k):
            raise _EndedEarly
