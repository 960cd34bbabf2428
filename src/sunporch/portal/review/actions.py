# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes of this room: junk reports, the roster, what agencies answer, and what reviewers take down."""

from __future__ import annotations

from django.db import transaction

from sunporch.docket.custody import DAY
from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.board.models import Removable
from sunporch.portal.errors import DUTY_REFUSED, WORDINGS_EXCEEDED
from sunporch.portal.review import store
from sunporch.portal.review.models import Answer, Duty, JunkReport
from sunporch.portal.viewer import store as viewer_store

MAX_DUTIES = 50  # of one reviewer, not over yet
MAX_DUTY_DAYS = 31
# Of one agency to one finding. Whatever needs more is said elsewhere.
MAX_WORDINGS = 20


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


def answer(person: Person, finding: int, text: str, now: int) -> None:
    """Keep what a supervisor answers for their agency, where it is not what stands there.

    Raises `portal.wordings-exceeded`.
    """
    with transaction.atomic():
        before = store.answers([finding]).get((finding, person.agency), [])
        if before and before[0].text == text:
            return
        if len(before) >= MAX_WORDINGS:
            raise WORDINGS_EXCEEDED(where=str(finding), most=MAX_WORDINGS)
        row = Answer.objects.create(finding=finding, agency=person.agency, text=text, by=person.name, at=now)
        agency_actions.write_down(person.name, now, "finding answered", str(row))


def take_down(person: Person, model: type[Removable], number: int, act: str, reason: str, now: int) -> None:
    """Erase what somebody wrote; its place stays, with who did it and why. Raises `portal.words-absent`."""
    with transaction.atomic():
        row = store.standing(model, number)
        for name in row.WRITTEN:
            setattr(row, name, "")
        row.down_by, row.down_at, row.reason = person.name, now, reason
        row.save()
        agency_actions.write_down(person.name, now, act, f"{row} ({row.pk}): {reason}")


def forget(now: int) -> None:
    """Forget duties that are over."""
    Duty.objects.filter(ends__lte=now).delete()
