# SPDX-License-Identifier: AGPL-3.0-or-later
"""What concerns each person now, as keys that stay the same as long as it does."""

from __future__ import annotations

from collections.abc import Iterator

from sunporch.base.errors import Error
from sunporch.docket.state import State
from sunporch.portal.agencies import store as agency_store
from sunporch.portal.agencies.models import Account
from sunporch.portal.agencies.permissions import AGENCY_ROLES, CLERK, RECIPIENT_ROLES, REGISTRAR, Person, person_of
from sunporch.portal.appeals import store as appeal_store
from sunporch.portal.appeals.models import DraftState
from sunporch.portal.board import store as board_store
from sunporch.portal.clerk import store as clerk_store
from sunporch.portal.complaints import actions as complaint_actions
from sunporch.portal.exports import store as export_store
from sunporch.portal.notices import words
from sunporch.portal.review import store as review_store
from sunporch.portal.viewer import store as viewer_store
from sunporch.web.pings import actions
from sunporch.web.pings.actions import News
from sunporch.web.pings.models import Choice

MOST_COMPLAINTS = 200


def tell_everybody(state: State, now: int) -> None:
    """Queue pings about what is new for each person who wants them; whose key or account ended hears nothing."""
    wanting = Choice.objects.exclude(topics=[]).values_list("user_id", flat=True)
    for account in Account.objects.filter(user_id__in=wanting, user__is_active=True):
        try:
            person = person_of(account, state, now)
        except Error:
            continue  # a key or a partnership that ended: the person's own page says so
        actions.tell(account.user_id, present(person, state, now), now, most_wait=0)


def present(person: Person, state: State, now: int) -> list[News]:
    """Return what is so now for a person, in an order that stays."""
    offered = words.topics_of(person.role)
    return [News(f"{code}:{key}", code, code) for code, key in _present(person, state, now) if code in offered]


def _present(person: Person, state: State, now: int) -> Iterator[tuple[str, str]]:
    waiting = words.REVIEW if person.role == "reviewer" else words.COUNTERSIGN
    for draft in appeal_store.waiting_for(person, now):
        yield waiting, draft.id
    for export in export_store.waiting_for(person, now):
        yield words.EXPORT, export.id
    if person.role == "reviewer":
        for found in complaint_actions.newest(MOST_COMPLAINTS):
            yield words.COMPLAINT, found.entry
        for report in review_store.junk_reports():
            yield words.JUNK, str(report.disclosure)
    if person.role == "officer":
        yield from _own(person)
    if person.role in AGENCY_ROLES:
        for asked in agency_store.owed(person.agency, state, now):
            if person.role == "supervisor" or asked.officer == person.name:
                yield words.OUTCOME, str(asked.index)
    if person.role == "supervisor":
        for finding in review_store.findings_about(state, person.agency):
            yield words.FINDING, str(finding.index)
    if person.role in RECIPIENT_ROLES:
        for row in viewer_store.clips_of(person):
            shared = state.disclosures.get(row.disclosure if row.disclosure is not None else -1)
            if shared is not None and not shared.ended(now):
                yield words.CLIP, row.c
    if person.role == CLERK:
        for motion in clerk_store.open_motions(now):
            if motion.by != person.name:
                yield words.MOTION, motion.id
    if person.role == REGISTRAR:
        for invited in agency_store.invitations(person, state, now):
            if invited.key and not agency_store.being_recorded(invited):
                yield words.KEYS, str(invited.pk)
        for colleague in agency_store.colleagues(person.agency, state):
            if colleague.lost_at is not None:
                yield words.LOST, colleague.key.name


def _own(person: Person) -> Iterator[tuple[str, str]]:
    own = [draft for draft in appeal_store.drafts_of(person) if draft.officer == person.name]
    public = board_store.recorded([draft.id for draft in own if draft.state == DraftState.COMPLETE])
    for draft in own:
        if draft.id in public:
            yield words.PUBLISHED, draft.id
        elif draft.state == DraftState.RETURNED:
            yield words.RETURNED, draft.id
