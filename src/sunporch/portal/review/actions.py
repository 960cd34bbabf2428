# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes of this room: a clip is reported as junk; a reviewer goes on the roster and off it."""

from __future__ import annotations

from django.db import transaction

from sunporch.docket.custody import DAY
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.errors import DUTY_REFUSED
from sunporch.portal.review.models import Duty, JunkReport
from sunporch.portal.viewer import store as viewer_store

MAX_DUTIES = 50  # of one reviewer, not over yet
MAX_DUTY_DAYS = 31


def report_junk(person: Person, disclosure: int, reason: str, now: int) -> None:
    """Tell the reviewers that a clip is junk; once is enough. Raises `portal.clip-absent` for others' clips."""
    viewer_store.clip_of(person, disclosure)
    JunkReport.objects.get_or_create(disclosure=disclosure, defaults={"by": person.name, "reason": reason, "at": now})


def go_on_call(person: Person, begins: int, ends: int, now: int) -> Duty:
    """Put a reviewer on the roster. Raises `portal.duty-refused`."""
    if not begins < ends or ends <= now or ends - begins > MAX_DUTY_DAYS * DAY:
        raise DUTY_REFUSED(where=person.name, days=MAX_DUTY_DAYS, most=MAX_DUTIES)
    with transaction.atomic():
        if Duty.objects.filter(name=person.name, ends__gt=now).count() >= MAX_DUTIES:
            raise DUTY_REFUSED(where=person.name, days=MAX_DUTY_DAYS, most=MAX_DUTIES)
        return Duty.objects.create(name=person.name, begins=begins, ends=ends)


def go_off_call(person: Person, duty: int) -> bool:
    """Take a reviewer's own duty off the roster; say whether it was on it."""
    return Duty.objects.filter(name=person.name, pk=duty).delete()[0] > 0


def forget(now: int) -> None:
    """Forget duties that are over."""
    Duty.objects.filter(ends__lte=now).delete()
