# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bad input at every endpoint: a clear error, nothing kept, never a failure of ours."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator

from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.policy import presets
from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.appeals.models import RefusedCount
from sunporch.portal.board.models import Outgoing
from sunporch.portal.worker import Worker
from tests.portal.street import AGENCY, DAY, TOWN, Street, Visitor, error_of


def event(street: Street, signer="okafor-2c1d", **changes) -> str:
    start = street.now() + DAY
    fields = {"cells": (TOWN.centre,), "from_": start, "to": start + 60, "kind": "vote"}
    return street.signed(entries.Event, signer, **(fields | changes))


def test_entries_that_would_be_void_are_refused_with_their_reason(street):
    anyone = Visitor(street)
    before = Outgoing.objects.count()
    stranger = SignerKey.generate("stranger")
    cases = {
        "no key that may sign": event(street, stranger),
        "a key of the wrong role": event(street, "diaz-4f2a"),
        "lapsed": event(street, not_after=street.now() - 1),
        "another town": event(street).replace("demo.maple-street", "demo.other-street"),
        "unknown type": event(street).replace('"type":"event"', '"type":"evenT"'),
        "another text than was signed": event(street).replace('"vote"', '"other"'),
        "not a note": "hello",
        "not an entry": "hello\n\n— okafor-2c1d AAAAAAAAAAA=\n",
    }
    for what, note in cases.items():
        answer = anyone.post("/api/v1/entries", note=note)
        assert answer.status_code == 422, (what, answer.content)
        assert error_of(answer) in ("portal.entry-void", "tlog.note-malformed", "tlog.signature-wrong"), what
    assert Outgoing.objects.count() == before
    lapsed = anyone.post("/api/v1/entries", note=cases["lapsed"]).json()["error"]["what"]
    assert "sign it again" in lapsed


def test_an_appeal_is_not_taken_without_two_people(street):
    note, _ = street.appeal()
    answer = Visitor(street).post("/api/v1/entries", note=street.cosign(note, "kim-77b0"))
    assert error_of(answer) == "portal.entry-misplaced"


@pytest.mark.requirement("R2", "R4")
def test_rules_are_taken_only_with_the_text_that_the_entry_commits_to(street):
    def adopt(bundle: Blob) -> str:
        begin = street.now() + 60
        council = ("council-1", "council-2")
        return street.signed(
            entries.Policy, *council, bundle=bundle.commitment, in_force_from=begin, open_requests="keep"
        )

    bundle, unread = Blob.new(presets.make("nobody", TOWN.grid, TOWN.places)), Blob.new("{}")
    note, anyone = adopt(bundle), Visitor(street)
    good = {"salt": bundle.salt.hex(), "text": bundle.text}
    without = anyone.post("/api/v1/entries", note=note, blobs=[]).json()["error"]
    assert (without["id"], "is missing" in without["what"]) == ("portal.blobs-refused", True)
    for blobs in ([good | {"text": "[]"}], [good, {"salt": "00" * 16, "text": "more"}]):
        assert error_of(anyone.post("/api/v1/entries", note=note, blobs=blobs)) == "portal.blobs-refused"
    # Rules that the portal cannot read would leave nobody able to judge an appeal.
    text = [{"salt": unread.salt.hex(), "text": unread.text}]
    assert error_of(anyone.post("/api/v1/entries", note=adopt(unread), blobs=text)) == "portal.blobs-refused"
    assert anyone.post("/api/v1/entries", note=note, blobs=[good]).status_code == 202


@pytest.mark.promise(6)
@pytest.mark.requirement("R8")
def test_rules_that_count_other_households_than_the_community_published_are_refused_at_the_door(street):
    crowded = Blob.new(presets.make("consent", dict.fromkeys(TOWN.grid, 900), TOWN.places, name="Maple Street"))
    begin = street.now() + 60
    note = street.signed(
        entries.Policy,
        *("council-1", "council-2"),
        bundle=crowded.commitment,
        in_force_from=begin,
        open_requests="keep",
    )
    blobs = [{"salt": crowded.salt.hex(), "text": crowded.text}]
    answer = Visitor(street).post("/api/v1/entries", note=note, blobs=blobs)
    assert (answer.status_code, error_of(answer)) == (422, "portal.entry-void")
    assert "other households" in answer.json()["error"]["what"]


def test_bodies_that_are_not_in_form_are_refused_by_field(street):
    anyone = Visitor(street)
    for path, body in (
        ("/api/v1/entries", {}),
        ("/api/v1/entries", {"note": 5}),
        ("/api/v1/entries", {"note": "x" * 9000}),
        ("/api/v1/entries", {"note": "x", "blobs": [{"salt": "zz", "text": ""}]}),
    ):
        answer = anyone.post(path, **body)
        assert (answer.status_code, error_of(answer)) == (422, "web.input-refused")
        assert answer.json()["error"]["where"] == path
    raw = anyone._client.post("/api/v1/entries", b"{", content_type="application/json")
    assert error_of(raw) == "web.input-refused"
    wrong = anyone._client.delete("/api/v1/entries")
    assert (wrong.status_code, error_of(wrong)) == (405, "web.method-refused")
    missing = anyone.get("/api/v1/nothing")
    assert (missing.status_code, error_of(missing)) == (404, "web.page-absent")
    unknown = anyone.get(f"/api/v1/entries/{'00' * 32}")
    assert (unknown.status_code, error_of(unknown)) == (404, "portal.entry-absent")


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(street):
    answer = Visitor(street)._client.post(
        "/api/v1/entries", json.dumps({"note": "x" * 9_000_000}), content_type="application/json"
    )
    assert (answer.status_code, error_of(answer)) == (413, "web.body-oversize")


@pytest.mark.requirement("S3")
def test_what_the_rules_say_can_be_asked_by_anyone_before_signing(street):
    anyone = Visitor(street)
    note, _ = street.appeal()
    fields = json.loads(note.split("\n")[2])
    for name in ("type", "v", "nonce", "not_after"):
        fields.pop(name)
    answer = anyone.post("/api/v1/rules/check", **fields).json()
    assert "error" not in answer, answer
    assert (answer["outcome"], answer["allowance"]["may_ask"]) == ("permit", True)
    answer = anyone.post("/api/v1/rules/check", **(fields | {"offence": "30A"})).json()
    assert answer["outcome"] == "forbid"
    assert all(clause["sentence"] for clause in answer["clauses"])
    assert error_of(anyone.post("/api/v1/rules/check", agency=AGENCY)) == "web.input-refused"
    wrong = anyone.post("/api/v1/rules/check", **(fields | {"cells": ["nowhere"]}))
    assert error_of(wrong).startswith("docket.field-")
    rules = anyone.get("/api/v1/rules").json()
    assert rules["bundle"]["name"] == "Maple Street"


@pytest.mark.requirement("R12", "R14")
def test_the_worker_posts_each_days_refusals_once_with_the_portals_key(street):
    today = street.now() // DAY
    RefusedCount.objects.create(day=today, clause="R8.area-min", count=3)
    worker = Worker(street.settings, street.clock)
    worker.round()
    assert not Outgoing.objects.filter(type="refusals").exists()
    street.advance(DAY)
    for _ in range(2):
        worker.round()
    assert Outgoing.objects.filter(type="refusals").count() == 1
    street.drain()
    worker.round()
    Worker(street.settings, street.clock).round()
    street.drain()
    assert Outgoing.objects.filter(type="refusals").count() == 1
    assert street.state().refusals == {today: {"R8.area-min": 3}}
    assert "R8.area-min: 3" in Visitor(street).get("/record/").content.decode()


@pytest.mark.requirement("R45")
def test_every_act_of_an_operator_is_written_down_and_reviewers_read_it(street):
    agency_actions.end_account("pat", street.now(), "nowak-11aa")
    acts = Visitor(street, "okafor-2c1d").get("/api/v1/acts").json()
    assert (acts[0]["operator"], acts[0]["act"], acts[0]["about"]) == ("pat", "account ended", "nowak-11aa")
    assert AdminAct.objects.count() == len(acts)
    ended = Visitor(street, "nowak-11aa").get("/api/v1/me")
    assert (ended.status_code, error_of(ended)) == (401, "web.session-absent")
    for act, key, wanted in (
        (agency_actions.end_account, "nowak-11aa", "portal.account-absent"),
        (
            lambda who, now, key: agency_actions.add_account(who, now, "Twice", key),
            "kim-77b0",
            "portal.account-taken",
        ),
    ):
        with pytest.raises(Exception) as raised:
            act("pat", street.now(), key)
        assert raised.value.id == wanted


@pytest.mark.requirement("R6")
def test_an_account_without_a_second_factor_can_do_nothing(street):
    Authenticator.objects.filter(user__username="kim-77b0").delete()
    answer = Visitor(street, "kim-77b0").get("/api/v1/drafts")
    assert (answer.status_code, error_of(answer)) == (403, "web.factor-missing")


@pytest.mark.requirement("R5")
def test_a_federal_agency_cannot_be_enrolled_whoever_signs(street):
    note = street.signed(
        entries.Partnership,
        "council-1",
        "council-2",
        "registrar-1",
        agency="MNFBI0001",
        name="A federal agency",
        kind="federal",
        instrument="x",
        link="https://example.org/x",
        hearing=street.now() - DAY,
        in_force_from=street.now() + 60,
        ends=street.now() + DAY,
        registrar=str(street.keys["registrar-1"].verifier),
    )
    answer = Visitor(street).post("/api/v1/entries", note=note)
    assert error_of(answer) == "portal.entry-void"
    assert "Federal and immigration agencies" in answer.json()["error"]["what"]
