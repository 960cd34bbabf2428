# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the portal takes as an export, from whom, and for whom: through its API and pages, on a real record."""

from __future__ import annotations

import pytest

from sunporch.docket import entries, wire
from sunporch.portal.exports import actions
from sunporch.portal.exports.models import Handover
from tests.portal.street import DAY, Visitor, error_of
from tests.portal.test_clips import recorded_appeal, shared

DIAZ, KIM = "diaz-4f2a", "kim-77b0"
FILE = "5e" * 32


@pytest.fixture
def clip(street):
    """A clip that Diaz has opened on the record."""
    index, *_ = shared(street, recorded_appeal(street))
    street.record(street.signed(entries.Access, DIAZ, disclosure=index, e="ab" * 32, purpose="investigation"))
    return index


def note(street, clip: int, *signers: str, recipient: str = "court", **more) -> str:
    fields = {"disclosure": clip, "file": FILE, "format": actions.FORMAT, "recipient": recipient} | more
    return street.signed(entries.Export, *(signers or (DIAZ,)), **fields)


def ask(street, clip: int, name: str = DIAZ, *, signed: str = "", **more):
    body = {"note": signed or note(street, clip), "size": street.state().size, "why": "For the hearing."} | more
    return Visitor(street, name).post(f"/api/v1/clips/{clip}/exports", **body)


@pytest.mark.requirement("R24", "R22")
def test_a_copy_waits_for_a_supervisor_and_is_on_record_with_both_names_once_one_signed(street, clip):
    made = ask(street, clip)
    assert (made.status_code, made.json()["state"], made.json()["index"]) == (201, "waiting", None)
    street.drain()
    assert street.state().disclosures[clip].exports == []
    row = Handover.objects.get()
    Visitor(street, KIM).form(f"/work/exports/{row.id}/", note=street.cosign(row.note, KIM))
    street.drain()
    (index,) = street.state().disclosures[clip].exports
    assert set(street.state().records[index].signers) == {DIAZ, KIM}
    (seen,) = Visitor(street, DIAZ).get(f"/api/v1/clips/{clip}/exports").json()["asked"]
    assert (seen["state"], seen["index"], seen["file"]) == ("recorded", index, FILE)


@pytest.mark.requirement("R5")
def test_the_rules_name_whom_no_copy_may_go_to_and_refuse_it_before_a_supervisor_sees_it(street, clip):
    told = {one["code"]: one["refused"] for one in exports(street, clip)["recipients"]}
    assert {code for code, sentences in told.items() if sentences} == {"federal", "immigration"}
    answer = ask(street, clip, signed=note(street, clip, recipient="federal"))
    assert error_of(answer) == "portal.export-refused"
    assert told["federal"][0].rstrip(".") in answer.json()["error"]["what"]
    assert not Handover.objects.exists()


def exports(street, clip: int, name: str = DIAZ) -> dict:
    return Visitor(street, name).get(f"/api/v1/clips/{clip}/exports").json()


def test_no_copy_is_asked_of_a_clip_that_nobody_opened_on_the_record(street):
    clip, *_ = shared(street, recorded_appeal(street))
    assert all(one["refused"] for one in exports(street, clip)["recipients"])
    assert error_of(ask(street, clip)) == "portal.export-refused"


def test_a_copy_that_is_not_what_its_officer_signed_is_not_taken(street, clip):
    other, *_ = shared(street, recorded_appeal(street))
    wrong = {
        "portal.signature-refused": (note(street, clip, "nowak-11aa"), note(street, other)),
        "portal.export-refused": (note(street, clip, format="mp4"),),
    }
    for error, notes in wrong.items():
        assert {error_of(ask(street, clip, signed=signed)) for signed in notes} == {error}
    for more in ({"why": "  "}, {"size": clip}, {"size": street.state().size + 1}):
        assert error_of(ask(street, clip, **more)) == "portal.export-refused"
    assert not Handover.objects.exists()


def test_the_same_copy_asked_twice_is_one_and_so_many_wait_and_no_more(street, clip, monkeypatch):
    signed = note(street, clip)
    assert [ask(street, clip, signed=signed).status_code for _ in range(2)] == [201, 201]
    assert Handover.objects.count() == 1
    monkeypatch.setattr(actions, "MAX_WAITING", 1)
    assert error_of(ask(street, clip)) == "portal.export-refused"


def test_kim_returns_a_copy_with_a_reason_that_diaz_reads_and_then_nobody_signs_it(street, clip):
    ask(street, clip)
    row = Handover.objects.get()
    kim = Visitor(street, KIM)
    kim.form(f"/work/exports/{row.id}/return/", reason="")
    assert Handover.objects.get().state == "waiting"
    kim.form(f"/work/exports/{row.id}/return/", reason="The court did not ask.")
    (seen,) = exports(street, clip)["asked"]
    assert (seen["state"], seen["reason"]) == ("returned", f"{KIM}: The court did not ask.")
    answer = kim.form(f"/work/exports/{row.id}/", note=street.cosign(row.note, KIM))
    assert "portal.export-decided" in answer.content.decode()
    street.drain()
    assert street.state().disclosures[clip].exports == []


def test_another_text_or_another_hand_does_not_countersign(street, clip):
    ask(street, clip)
    row = Handover.objects.get()
    for signed in (street.cosign(note(street, clip), KIM), row.note, street.cosign(row.note, "lopez-90cd")):
        answer = Visitor(street, KIM).form(f"/work/exports/{row.id}/", note=signed)
        assert "portal.signature-refused" in answer.content.decode()
    assert Handover.objects.get().state == "waiting"


@pytest.mark.requirement("R14")
def test_a_copy_is_seen_by_its_own_agency_alone_and_its_reason_is_nowhere_public(street, clip):
    ask(street, clip, why="Canary in the reason.")
    row = Handover.objects.get()
    street.record(street.cosign(row.note, KIM))
    for name, status in ((DIAZ, 200), (KIM, 200), ("stone-0a0a", 404), ("marsh-0b0b", 404)):
        assert Visitor(street, name).get(f"/work/exports/{row.id}/").status_code == status, name
    answer = Visitor(street, "marsh-0b0b").form(f"/work/exports/{row.id}/return/", reason="Mine.")
    assert answer.status_code == 404 and "portal.export-absent" in answer.content.decode()
    assert error_of(Visitor(street, "stone-0a0a").get(f"/api/v1/clips/{clip}/exports")) == "portal.clip-absent"
    assert exports(street, clip, "nowak-11aa").get("asked", []) == []
    for path in street.data.rglob("*"):
        if path.is_file() and "portal.sqlite" not in path.name:
            assert b"Canary in the reason." not in path.read_bytes(), path


def test_what_nobody_signed_lapses_and_is_forgotten_after_a_fortnight(street, clip):
    ask(street, clip)
    street.advance(3601)
    row = Handover.objects.get()
    assert exports(street, clip)["asked"][0]["state"] == "lapsed"
    answer = Visitor(street, KIM).form(f"/work/exports/{row.id}/", note=street.cosign(row.note, KIM))
    assert "portal.export-decided" in answer.content.decode()
    actions.forget(street.state(), street.now())
    assert Handover.objects.exists()
    street.advance((actions.FORGET_DAYS + 1) * DAY)
    actions.forget(street.state(), street.now())
    assert not Handover.objects.exists()


def test_the_ids_of_an_export_and_of_its_entry_are_one(street, clip):
    signed = note(street, clip)
    ask(street, clip, signed=signed)
    assert Handover.objects.get().id == wire.entry_id(signed.partition("\n\n")[0] + "\n")
