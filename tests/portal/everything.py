# SPDX-License-Identifier: AGPL-3.0-or-later
"""A street on which everything has happened once, so that every page of the portal has something to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import h3
from django.contrib.auth.models import User
from django.test import Client

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.portal.agencies import enrolment
from sunporch.portal.agencies.models import Account
from sunporch.portal.agencies.permissions import person_of
from sunporch.portal.appeals.casetags import case_tag
from sunporch.portal.appeals.models import Sketch
from sunporch.portal.appeals.writing import STEPS
from sunporch.portal.clerk.models import Motion, Proposal
from sunporch.portal.comments.models import Comment
from sunporch.portal.complaints import actions as complaints
from sunporch.portal.complaints.models import Complaint
from sunporch.portal.exports.models import Handover
from sunporch.portal.reports.models import Explanation
from sunporch.portal.review import actions as review
from sunporch.portal.review.models import Answer
from tests.portal.street import AGENCY, DAY, OTHER_AGENCY, TOWN, Street, Visitor
from tests.portal.test_authorisation import unenrolled
from tests.portal.test_clips import recorded_appeal, shared
from tests.portal.test_comments import coming_rules

CLERKS = ("council-1", "council-2")
REGISTRAR, NEWCOMER = "registrar-1", "newcomer-1"
FINDING = "Su zona era más amplia de lo necesario."
COMMENT = "Thirty days are too long."
ANSWERED = "We drew it smaller the next time."
EXPLAINED = "Two hours of work; the general fund pays."
STORY = "They asked about my street although nothing had happened there, and my children are on it."


def everything(street: Street) -> Mapping[str, Sequence[Any]]:
    """Let everything happen; return VALUES: what may stand in an address, by name."""
    unenrolled(street)
    street.account(CLERKS[1])
    closed = recorded_appeal(street)
    street.advance(3 * DAY)
    clip = shared(street, asked := recorded_appeal(street))[0]
    street.record(street.signed(entries.Access, "diaz-4f2a", disclosure=clip, e="ab" * 32, purpose="view"))
    suspended = recorded_appeal(street, supervisor="lopez-90cd", case_tag=case_tag(AGENCY, "24-000002"))
    street.record(
        street.signed(
            entries.Review, "okafor-2c1d", action="suspended", target=suspended, draft="", reason="area-too-wide"
        )
    )
    _complain(about=str(asked))
    _complain(about="")
    street.drain()
    answered, owed = (complaints.progress(one.token).index for one in Complaint.objects.order_by("made_at", "pk"))
    found = Blob.new(FINDING)
    note = street.signed(entries.Finding, "okafor-2c1d", complaint=answered, code="upheld", text=found.commitment)
    answer = street.record(note, found)
    coming = coming_rules(street)
    said = {"text": COMMENT, "name": ""}
    assert Client(headers={"host": "localhost"}).post(f"/comments/{coming}/", said).status_code == 302
    street.drain()
    year = datetime.fromtimestamp(street.now(), UTC).year
    explained = signed_in("kim-77b0").post(f"/work/reports/{year}/", {"J": EXPLAINED})
    assert explained.status_code == 302, explained.content
    assert signed_in("kim-77b0").post(f"/work/findings/{answer}/", {"text": ANSWERED}).status_code == 302
    state = street.state()
    registrar = person_of(Account.objects.get(pseudonym=REGISTRAR), state, street.now())
    invited = enrolment.invite(registrar, enrolment.Wish("Person next", "next-2b2b", "officer"), street.now())
    okafor, diaz = (
        person_of(Account.objects.get(pseudonym=name), state, street.now()) for name in ("okafor-2c1d", "diaz-4f2a")
    )
    duty = review.go_on_call(okafor, street.now(), street.now() + DAY, street.now())
    review.report_junk(diaz, clip, "elsewhere", street.now())
    drafts = [_draft(street, "24-000003"), _flagged(street)]
    values = {
        "index": [
            *(asked, closed, suspended, clip, coming, owed, answer, state.policy_in_force(street.now()).index),
            *(street.index_of("nowak-11aa"), *(one.index for one in state.partnerships.values())),
        ],
        "draft_id": drafts,
        "agency": [AGENCY],
        "year": [year],
        "sketch": [_sketch(drafts[0])],
        "step": list(STEPS),
        "entry_id": [next(row.id for row in street.rows().values() if row.index == asked)],
        "motion_id": [_motion(street)],
        "export_id": [_passing(street, clip)],
        "duty": [duty.pk],
        "kind": ["comment", "wording", "answer"],
        "number": sorted({model.objects.get().pk for model in (Comment, Explanation, Answer)}),
        "proposal": [_proposal()],
        "invitation": [invited.invitation.pk],
        "token": [*(one.token for one in Complaint.objects.all()), invited.token],
        "name": ["appeals"],
        "path": ["checkpoint"],
        "pk": [1],
    }
    # The log has one writer: what was begun is recorded before the portal runs.
    street.drain()
    return values


def _draft(street: Street, number: str, **changes: Any) -> str:
    note, narrative = street.appeal(case_tag=case_tag(AGENCY, number), **changes)
    answer = Visitor(street, "diaz-4f2a").submit(note, narrative, number)
    assert answer.status_code == 201, answer.content
    made: str = answer.json()["id"]
    return made


def _flagged(street: Street) -> str:
    """A draft that touches a place of worship: it waits for a reviewer."""
    place = next(place for place in TOWN.places if place["kind"] == "worship")
    cells = tuple(sorted(set(h3.grid_disk(place["cells"][0], 2)) & set(TOWN.grid)))
    note, narrative = street.appeal(cells=cells, case_tag=case_tag(AGENCY, "24-000004"))
    made: str = Visitor(street, "diaz-4f2a").submit(note, narrative, "24-000004").json()["id"]
    signed = Visitor(street, "kim-77b0").post(
        f"/api/v1/drafts/{made}/countersign", note=street.cosign(note, "kim-77b0")
    )
    assert signed.status_code == 200, signed.content
    return made


def _sketch(again: str) -> int:
    """Diaz writes an appeal anew from the answers of one before."""
    signed_in("diaz-4f2a").post("/work/appeals/new/", {"again": again})
    return Sketch.objects.get().pk


def _complain(about: str) -> None:
    form = {"code": "filmed", "about": about, "text": STORY, "contact": ""}
    assert Client(headers={"host": "localhost"}).post("/complaint/", form).status_code == 302


def _passing(street: Street, clip: int) -> str:
    """A clip has been passed on once, and waits for a supervisor to be passed on again."""
    fields = {"recipient": "court", "standard": "subpoena", "justification": "court-demand"}
    street.record(street.signed(entries.Sharing, "kim-77b0", disclosure=clip, **fields))
    note = street.signed(entries.Sharing, "diaz-4f2a", disclosure=clip, **fields)
    form = fields | {"note": note, "why": "24-001234"}
    answer = signed_in("diaz-4f2a").post(f"/work/clips/{clip}/pass-on/", form)
    assert answer.status_code == 302, answer.content
    return Handover.objects.get().id


def _motion(street: Street) -> str:
    """One of the council's keys has signed the end of the other agency's partnership."""
    partner = next(one for one in street.state().partnerships.values() if one.agency == OTHER_AGENCY)
    note = street.signed(entries.PartnershipCancel, CLERKS[0], partnership=partner.index, reason="Resolution 15")
    client = signed_in(CLERKS[0])
    answer = client.post(f"/work/partnerships/{partner.index}/end/", {"note": note})
    assert answer.status_code == 302, answer.content
    return Motion.objects.get().id


def _proposal() -> int:
    signed_in(CLERKS[0]).post("/work/rules/", {"base": "consent"})
    return Proposal.objects.get().pk


def signed_in(name: str) -> Client:
    """Return a browser in which the person is signed in; without a name, nobody."""
    client = Client(headers={"host": "localhost"})
    if name:
        client.force_login(User.objects.get(username=name))
    return client
