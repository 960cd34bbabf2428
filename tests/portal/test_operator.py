# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator sees how the machine is, and nothing of what people do with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import expect

from sunporch.base.errors import Error
from sunporch.portal import config, founding
from sunporch.portal.board import checks
from sunporch.portal.board.models import Held
from sunporch.portal.record import PublicRecord
from tests import outside
from tests.browser import PHONE
from tests.hands import join
from tests.portal.office import Office
from tests.portal.running import WAIT_SECONDS
from tests.portal.street import NARRATIVE, Visitor, error_of, let_in

NEEDS = ("witnesses", "founded", "custodian", "rules", "partnership", "address", "mail")


def sunporch(office, *arguments: str):
    command = [sys.executable, "-m", "sunporch.portal.command", *arguments, "--config", str(office.portal.config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)


def terminal(office) -> str:
    return Path(office.portal.log.name).read_text()


@pytest.fixture
def office(street, people):
    made = Office(street, people)
    yield made
    made.close()


@pytest.mark.requirement("R45")
def test_an_operator_sees_on_a_phone_what_the_doctor_says_and_nothing_that_people_wrote(office):
    note, narrative = office.street.appeal()
    assert Visitor(office.street, "diaz-4f2a").submit(note, narrative).status_code == 201
    (told,) = re.findall(r"Nobody looks after this portal yet\..* (http\S+)", terminal(office))
    address = office.url + urlsplit(told).path
    pat = office.window("", PHONE)
    page = pat.page
    page.goto(address)
    pat.check("operator-invited")
    join(pat, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("The machine")
    expect(page.get_by_text("operator invited")).to_be_visible()
    pat.check("operator")
    shown = page.locator("main").inner_text()
    assert NARRATIVE[:30] not in shown and "Burglary" not in shown
    (office.street.data / "keys").chmod(0o755)
    page.reload()
    first = page.locator("#next + ul li")
    expect(first).to_contain_text("A folder that only the portal's own user can read")
    expect(first).to_contain_text("Who has to do it: You, the operator")
    later = page.locator("#then + ul")
    expect(later.locator("p code", has_text="sunporch custodian run")).to_be_visible()
    expect(later).to_contain_text("A mail server takes notices")
    pat.check("operator-bad")
    (office.street.data / "keys").chmod(0o700)
    said = sunporch(office, "doctor")
    assert all(f"good {name}" in said.stdout for name in ("record-age", "process-sequencer", "folder-keys", "store"))


def test_the_address_for_an_operator_counts_once_and_only_the_newest(street, capsys):
    def address(**given) -> str:
        call_command("operator_account", **given)
        return urlsplit(re.search(r"http\S+/", capsys.readouterr().out)[0]).path

    street.account("operator")  # somebody of the record has that name: no reason not to run
    call_command("operator_account", first=True)
    assert "portal.account-taken" in capsys.readouterr().out
    User.objects.filter(username="operator").delete()
    older, newer = address(first=True), address(first=True)
    anybody = Visitor(street)
    assert [anybody.get(one).status_code for one in (older, newer)] == [404, 200]
    street.operator("operator")
    assert anybody.get(newer).status_code == 404
    call_command("operator_account", first=True)
    assert capsys.readouterr().out == ""
    assert anybody.get(address(username="pat", name="Pat Op")).status_code == 200
    street.account("registrar-1")
    page = let_in(street, "registrar-1").get("/work/people/")
    assert (page.status_code, "Pat Op" in page.content.decode()) == (200, False)
    for taken in ("operator", "diaz-4f2a"):
        with pytest.raises(Error, match=r"portal\.account-taken"):
            address(username=taken)


def test_the_doctor_names_each_check_that_is_not_good_and_what_to_do(street, monkeypatch):
    found = {check.id: check for check in checks.all_checks(street.settings)}
    # The street's custodian does not answer; it has neither backup nor mail nor https.
    stopped = {"process-web", "process-sequencer", "process-worker", "backup", "custodian", "address", "mail"}
    assert {name for name, check in found.items() if not check.good} - {"disk-free"} == stopped
    Held.objects.create(id=1, since=street.now(), got=2, needed=3, beyond=0)
    street.data.chmod(0o755)
    street.advance(checks.OLD_SECONDS)
    monkeypatch.setattr(checks, "LEAST_FREE", 2**80)
    monkeypatch.setattr(checks, "MANY_QUEUED", 0)
    found = {check.id: check for check in checks.all_checks(street.settings)}
    bad = {name for name, check in found.items() if not check.good}
    assert bad == stopped | {"quorum", "folder-data", "record-age", "disk-free", "outbox"}
    assert all(check.next for check in found.values())
    street.data.chmod(0o700)


def test_a_new_portal_says_in_order_what_it_still_needs_and_who_has_to_do_it(street, tmp_path, monkeypatch):
    made = founding.init("maple.example/new", tmp_path / "new", 8402, [])
    new = config.load(made.settings)
    monkeypatch.setattr(checks, "public_record", lambda: PublicRecord(new, street.clock))
    found = [check for check in checks.all_checks(new) if not check.good and not check.id.startswith("process-")]
    needs = [(check.id, str(check.who)) for check in found if check.id in NEEDS]
    operator, town = "You, the operator", "The town's clerks"
    assert needs == [
        ("witnesses", operator),
        ("founded", town),
        ("custodian", town),
        ("rules", town),
        ("partnership", town),
        ("address", operator),
        ("mail", operator),
    ]


def test_a_portal_with_mail_and_https_needs_neither_and_asks_each_key_custodian(sharing):
    reachable = replace(sharing.street.settings, site_url="https://maple.example", smtp_host="mail.maple.example")
    found = {check.id: check for check in checks.all_checks(reachable)}
    assert [name for name in NEEDS if not found[name].good] == ["custodian"]
    assert found["custodian"].seen == "1/2"  # the street's other one runs nowhere
    assert "custodian run" in str(found["custodian"].next)


def test_a_test_mail_says_what_was_taken_or_what_the_mail_server_refuses(street, capsys):
    with pytest.raises(Error, match=r"config\.value-refused"):
        call_command("test_mail", to="pat@maple.example")
    server = outside.MailServer()
    settings.SUNPORCH = replace(street.settings, **server.settings())
    call_command("test_mail", to="pat@maple.example")
    shown = json.loads(capsys.readouterr().out)
    assert (shown["to"], shown["subject"]) == (server.mails[0]["To"], server.mails[0]["Subject"])
    server.refuses = "554 5.7.1 we take no mail from porches"
    with pytest.raises(Error, match=r"portal\.testmail-refused") as caught:
        call_command("test_mail", to="pat@maple.example")
    server.close()
    assert caught.value.params["reason"] == server.refuses


def test_a_stopped_portals_doctor_ends_with_what_is_wrong(office):
    office.close()
    said = sunporch(office, "doctor")
    assert said.returncode == 1
    assert "BAD  process-web" in said.stdout
    assert "portal.doctor-found" in said.stderr


@pytest.mark.requirement("R45")
def test_an_operator_reads_no_draft_no_clip_and_no_review(street):
    street.operator("pat")
    pat = let_in(street, "pat")
    for path in ("/api/v1/drafts", "/api/v1/clips", "/api/v1/acts"):
        assert error_of(pat.get(path)) == "portal.role-refused"
    assert pat.get("/work/")["Location"] == "/work/machine/"
    assert pat.get("/work/people/").status_code == 403
