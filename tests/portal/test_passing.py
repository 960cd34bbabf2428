# SPDX-License-Identifier: AGPL-3.0-or-later
"""Diaz asks to pass a clip on: what the rules say to it, whose signature it needs, and where everybody reads it."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from sunporch.docket import entries
from sunporch.portal.exports import actions
from sunporch.portal.exports.models import Handover
from tests.portal.street import DAY, Visitor
from tests.portal.test_clips import recorded_appeal, shared

DIAZ, KIM = "diaz-4f2a", "kim-77b0"
ANSWERS = {"recipient": "court", "standard": "subpoena", "justification": "court-demand"}


@pytest.fixture
def clip(street):
    """A clip that Diaz has opened on the record."""
    index, *_ = shared(street, recorded_appeal(street))
    street.record(street.signed(entries.Access, DIAZ, disclosure=index, e="ab" * 32, purpose="investigation"))
    return index


def note(street, clip: int, signer: str = DIAZ, **changes) -> str:
    return street.signed(entries.Sharing, signer, disclosure=clip, **(ANSWERS | changes))


def ask(street, clip: int, name: str = DIAZ, *, signed: str = "", why: str = "For the hearing.", **changes):
    form = ANSWERS | changes | {"why": why, "note": signed or note(street, clip, name, **changes)}
    return Visitor(street, name).form(f"/work/clips/{clip}/pass-on/", **form)


def told(street, clip: int, name: str = DIAZ) -> str:
    return Visitor(street, name).get(f"/work/clips/{clip}/pass-on/").content.decode()


@pytest.mark.requirement("R24", "R25", "S9")
def test_a_clip_is_passed_on_only_once_a_supervisor_signed_and_everybody_reads_why(street, clip):
    answer = ask(street, clip)
    row = Handover.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/work/exports/{row.id}/")
    street.drain()
    assert street.state().disclosures[clip].sharings == []
    shown = Visitor(street, KIM).get(f"/work/exports/{row.id}/").content.decode()
    assert all(words in shown for words in ("a subpoena", "a court demands it", "For the hearing."))
    Visitor(street, KIM).form(f"/work/exports/{row.id}/", note=street.cosign(row.note, KIM))
    street.drain()
    (index,) = street.state().disclosures[clip].sharings
    record = street.state().records[index]
    assert (set(record.signers), record.entry.justification) == ({DIAZ, KIM}, "court-demand")
    assert f"?from={index}" in told(street, clip)
    public = Client(headers={"host": "localhost"}).get("/statistics/passed-on.csv").content.decode()
    counted = {"recipient": "court", "times": "1", "act": "sharing", "standard": "subpoena"}
    assert counted | {"justification": "court-demand"} in list(csv.DictReader(io.StringIO(public)))


@pytest.mark.requirement("R5", "R25")
def test_what_the_rules_forbid_is_told_with_its_clause_and_no_supervisor_is_asked(street, clip):
    page = told(street, clip)
    assert "a federal agency: Maple Street does not allow" in page and "R5.sharing-federal" in page
    assert '<option value="federal">' not in page and '<option value="state">' in page
    for changes, clause in (
        ({"recipient": "state", "standard": "consent"}, "R25.sharing-standard"),
        ({"signed": note(street, clip, recipient="immigration")}, "R5.sharing-federal"),
        ({"signed": note(street, clip, justification="curiosity")}, "R25.sharing-justification"),
    ):
        answer = ask(street, clip, **changes).content.decode()
        assert "portal.export-refused" in answer and clause in answer, clause
    assert not Handover.objects.exists()


def test_a_clip_that_nobody_opened_on_the_record_is_passed_on_to_nobody(street):
    clip, *_ = shared(street, recorded_appeal(street))
    page = told(street, clip)
    assert page.count("R24.sharing-unopened") == len(entries.RECIPIENT_CLASSES)
    assert "Sign and ask a supervisor" not in page
    ask(street, clip)
    assert not Handover.objects.exists()


def test_what_its_officer_did_not_sign_so_is_not_kept(street, clip):
    other, *_ = shared(street, recorded_appeal(street))
    copy = {"disclosure": clip, "file": "5e" * 32, "format": actions.FORMAT, "recipient": "court"}
    notes = (
        note(street, clip, "nowak-11aa"),
        note(street, other),
        street.signed(entries.Export, DIAZ, **copy),
        street.signed(entries.Access, DIAZ, disclosure=clip, e="ab" * 32, purpose="view"),
    )
    for signed in notes:
        assert "portal.signature-refused" in ask(street, clip, signed=signed).content.decode()
    assert "This field is required." in ask(street, clip, why=" ").content.decode()
    assert not Handover.objects.exists()


@pytest.mark.requirement("R14")
def test_another_agency_sees_nothing_of_it_and_what_it_is_for_is_nowhere_public(street, clip):
    ask(street, clip, why="Canary of a hearing.")
    row = Handover.objects.get()
    street.record(street.cosign(row.note, KIM))
    assert Visitor(street, "marsh-0b0b").get(f"/work/exports/{row.id}/").status_code == 404
    assert Visitor(street, "stone-0a0a").get(f"/work/clips/{clip}/pass-on/").status_code == 404
    assert Visitor(street, DIAZ).get(f"/api/v1/clips/{clip}/exports").json()["asked"] == []
    for path in street.data.rglob("*"):
        if path.is_file() and "portal.sqlite" not in path.name:
            assert b"Canary of a hearing." not in path.read_bytes(), path


def test_a_clip_that_has_ended_may_still_be_owed_to_a_court_and_the_asking_is_forgotten_after_a_fortnight(
    street, clip
):
    street.advance(61 * DAY)
    street.drain()
    assert street.state().disclosures[clip].ended(street.now())
    ask(street, clip)
    row = Handover.objects.get()
    Visitor(street, KIM).form(f"/work/exports/{row.id}/", note=street.cosign(row.note, KIM))
    street.drain()
    assert len(street.state().disclosures[clip].sharings) == 1
    actions.forget(street.state(), street.now())
    assert Handover.objects.exists()
    street.advance((actions.FORGET_DAYS + 1) * DAY)
    actions.forget(street.state(), street.now())
    assert not Handover.objects.exists()
