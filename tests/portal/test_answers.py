# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one form of errors, for programs and for people, whoever raised them; and signing in."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponseServerError
from django.test import Client, RequestFactory

from sunporch.docket import entries, wire
from sunporch.docket.blobs import Blob
from sunporch.portal.board import actions as board_actions
from sunporch.web.answers import OneErrorForm, server_failed
from sunporch.web.signin import SecondFactorAdapter
from tests.portal.street import SIGN_IN, Visitor, error_of, totp_code


def test_what_the_framework_refuses_is_in_our_words_too(street):
    wrong_host = Client(headers={"host": "evil.example"}).get("/api/v1/rules")
    assert (wrong_host.status_code, error_of(wrong_host)) == (400, "web.request-refused")
    page = Client(headers={"host": "evil.example"}).get("/")
    assert page.status_code == 400
    assert b"That did not work" in page.content
    absent = Visitor(street).get("/no/such/page")
    assert (absent.status_code, b"There is nothing at this address." in absent.content) == (404, True)


def test_a_failure_of_ours_is_told_without_its_inside(street):
    request = RequestFactory().get("/api/v1/x")
    answer = OneErrorForm(lambda _: HttpResponseServerError("Traceback: secret"))(request)
    assert answer.status_code == 500
    assert b"web.server-failed" in answer.content
    assert b"secret" not in answer.content
    assert server_failed(RequestFactory().get("/")).status_code == 500
    refused = OneErrorForm(lambda _: None).process_exception(request, SuspiciousOperation("a trick"))
    assert b"web.request-refused" in refused.content


def test_rules_that_this_software_cannot_read_stop_appeals_with_that_reason(street):
    bundle = Blob.new("{}")
    note = street.signed(
        entries.Policy,
        "council-1",
        "council-2",
        bundle=bundle.commitment,
        in_force_from=street.now() + 60,
        open_requests="keep",
    )
    # A portal that can read them recorded them; this one, which cannot, would not have taken them in.
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    board_actions.hand_in(entry_id, "policy", note, [{"salt": bundle.salt.hex(), "text": bundle.text}], street.now())
    street.drain()
    street.advance(120)
    appeal, narrative = street.appeal()
    answer = Visitor(street, "diaz-4f2a").submit(appeal, narrative)
    assert (answer.status_code, error_of(answer)) == (503, "portal.rules-silent")


@pytest.mark.requirement("R6")
def test_a_password_alone_is_no_session_and_a_code_works_once(street):
    client = Client(headers={"host": "localhost"})
    street_account = street_new_account(street)
    login = {"username": street_account.username, "password": street_account.password}
    answer = client.post(f"{SIGN_IN}/login", login, content_type="application/json")
    token = answer.json()["meta"]["session_token"]
    half = client.get("/api/v1/me", headers={"X-Session-Token": token})
    assert (half.status_code, error_of(half)) == (401, "web.session-absent")
    headers = {"X-Session-Token": token}
    path = f"{SIGN_IN}/2fa/authenticate"
    wrong = client.post(path, {"code": "000000"}, content_type="application/json", headers=headers)
    assert wrong.status_code == 400
    code = totp_code(street_account.totp_secret)
    right = client.post(path, {"code": code}, content_type="application/json", headers=headers)
    assert right.status_code == 200
    again = client.post(f"{SIGN_IN}/login", login, content_type="application/json")
    headers = {"X-Session-Token": again.json()["meta"]["session_token"]}
    assert client.post(path, {"code": code}, content_type="application/json", headers=headers).status_code == 400


def street_new_account(street):
    """Return a fresh account of somebody whose old one ended."""
    User.objects.filter(username="lopez-90cd").delete()
    return street.account("lopez-90cd")


def test_nobody_signs_up_and_other_doors_of_the_library_do_not_exist(street):
    client = Client(headers={"host": "localhost"})
    for tail in ("auth/signup", "auth/password/request", "account/password/change", "account/authenticators/totp"):
        answer = client.post(f"/_allauth/app/v1/{tail}", {}, content_type="application/json")
        assert (answer.status_code, error_of(answer)) == (404, "web.page-absent"), tail


def test_a_copied_database_holds_no_second_factor_that_signs_anybody_in(street):
    adapter = SecondFactorAdapter()
    sealed = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY" not in sealed
    assert adapter.decrypt(sealed) == "JBSWY3DPEHPK3PXP"
    assert adapter.encrypt("JBSWY3DPEHPK3PXP") != sealed
    stored = Authenticator.objects.first().data["secret"]
    assert len(adapter.decrypt(stored)) == 32
    assert adapter.decrypt(stored).encode() not in (street.data / "portal.sqlite3").read_bytes()


def test_too_many_wrong_passwords_are_stopped_without_keeping_the_address(street):
    client = Client(headers={"host": "localhost"})
    body = {"username": "kim-77b0", "password": "wrong"}
    answers = [client.post(f"{SIGN_IN}/login", body, content_type="application/json").status_code for _ in range(7)]
    assert answers[0] == 400
    assert 200 not in answers
    assert b"127.0.0.1" not in (street.data / "portal.sqlite3").read_bytes().replace(b"http://127.0.0.1:1", b"")
