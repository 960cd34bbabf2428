# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking in a complaint: the text stays here for the reviewers, the record says that it came, in one commit."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.docket.custody import DAY
from sunporch.portal import founding
from sunporch.portal.board import actions as board_actions
from sunporch.portal.board import store as board_store
from sunporch.portal.complaints.models import Complaint
from sunporch.portal.errors import COMPLAINT_ABSENT, COMPLAINTS_CLOSED
from sunporch.portal.record import public_record

# What it is about. The codes stand in the record; the text does not.
CODES = ("filmed", "appeal", "clip", "deletion", "conduct", "other")
ANSWER_DAYS = 30
# What was written is erased so long after it came; the entry stays.
KEEP_DAYS = 730
_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Wish:
    """What somebody complains about: a code, an entry's index (-1: none), their words, how to reach them."""

    code: str
    about: int
    text: str
    contact: str


def complain(wish: Wish, now: int) -> Complaint:
    """Keep the complaint and hand in its entry; raises `portal.complaints-closed` where the portal has no key."""
    key = founding.read_key(settings.SUNPORCH.keys_dir / founding.PORTAL_KEY)
    with public_record().reading() as state:
        if state.live_key(key.name) is None:
            raise COMPLAINTS_CLOSED(where=key.name)
        asked = state.requests.get(wish.about)
        clip = state.disclosures.get(wish.about)
        agency = asked.entry.agency if asked is not None else clip.agency if clip is not None else ""
        origin = state.origin
    entry = e.Complaint(
        nonce=wire.new_nonce(),
        not_after=now + board_actions.OWN_SECONDS,
        agency=agency,
        about=wish.about,
        code=wish.code,
        received=now,
        text="",
    )
    with transaction.atomic():
        row = board_actions.say(key, origin, entry, now)
        return Complaint.objects.create(
            token=secrets.token_hex(_TOKEN_BYTES),
            entry=row.id,
            code=wish.code,
            text=wish.text,
            contact=wish.contact,
            made_at=now,
        )


@dataclass(frozen=True)
class Progress:
    """How far a complaint came: its index on record (None: not yet), when an answer is due, findings' indices."""

    complaint: Complaint
    index: int | None
    due: int
    findings: tuple[int, ...]


def progress(token: str) -> Progress:
    """Return how far the complaint of the secret address came; raises `portal.complaint-absent`."""
    complaint = Complaint.objects.filter(token=token).first()
    if complaint is None:
        raise COMPLAINT_ABSENT()
    return _progress(complaint)


def all_progress(most: int) -> list[Progress]:
    """Return the newest complaints, for reviewers."""
    return [_progress(complaint) for complaint in newest(most)]


def of_entry(entry_id: str) -> Complaint | None:
    """Return what was written in the complaint of this entry, None where it is erased."""
    return Complaint.objects.filter(entry=entry_id).first()


def newest(most: int) -> list[Complaint]:
    """Return the newest complaints as they were written."""
    return list(Complaint.objects.order_by("-pk")[:most])


def _progress(complaint: Complaint) -> Progress:
    outgoing = board_store.outgoing(complaint.entry)
    index = outgoing.index if outgoing is not None else None
    with public_record().reading() as state:
        recorded = state.complaints.get(index) if index is not None else None
        findings = tuple(recorded.findings) if recorded is not None else ()
    return Progress(complaint, index, complaint.made_at + ANSWER_DAYS * DAY, findings)


def forget(now: int) -> int:
    """Erase what was written in complaints that came long ago; return how many."""
    return Complaint.objects.filter(made_at__lt=now - KEEP_DAYS * DAY).delete()[0]
