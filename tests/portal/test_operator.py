# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator sees how the machine is, and nothing of what people do with it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.board import checks
from sunporch.portal.board.models import Held
from tests.browser import PHONE
from tests.portal.office import Office
from tests.portal.running import WAIT_SECONDS
from tests.portal.street import NARRATIVE, Visitor, error_of, let_in


def sunporch(office, *arguments: str):
    command = [sys.executable, "-m", "sunporch.portal.command", *arguments, "--config", str(office.portal.config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)


@pytest.fixture
def office(street, people):
    made = Office(street, people)
    yield made
    made.close()


@pytest.mark.requirement("R45")
def test_an_operator_sees_on_a_phone_what_the_doctor_says_and_nothing_that_people_wrote(office):
    made = json.loads(sunporch(office, "operator", "--name", "Pat Op", "--username", "pat").stdout)
    assert set(made) == {"username", "password", "totp_secret"}
    note, narrative = office.street.appeal()
    assert Visitor(office.street, "diaz-4f2a").submit(note, narrative).status_code == 201
    pat = office.sign_in("pat", PHONE, key=False)
    page = pat.page
    expect(page.get_by_role("heading", level=1)).to_have_text("The machine")
    expect(page.get_by_text("operator added")).to_be_visible()
    pat.check("operator")
    shown = page.locator("main").inner_text()
    assert NARRATIVE[:30] not in shown and "Burglary" not in shown
    (office.street.data / "keys").chmod(0o755)
    page.reload()
    expect(page.get_by_text("look after this")).to_be_visible()
    pat.check("operator-bad")
    (office.street.data / "keys").chmod(0o700)
    said = sunporch(office, "doctor")
    assert all(f"good {name}" in said.stdout for name in ("record-age", "process-sequencer", "folder-keys", "store"))


def test_the_doctor_names_each_check_that_is_not_good_and_what_to_do(street, monkeypatch):
    found = {check.id: check for check in checks.all_checks(street.settings)}
    stopped = {"process-web", "process-sequencer", "process-worker"}
    assert {name for name, check in found.items() if not check.good} - {"disk-free"} == stopped
    Held.objects.create(id=1, since=street.now(), got=2, needed=3)
    street.data.chmod(0o755)
    street.advance(checks.OLD_SECONDS)
    monkeypatch.setattr(checks, "LEAST_FREE", 2**80)
    monkeypatch.setattr(checks, "MANY_QUEUED", 0)
    found = {check.id: check for check in checks.all_checks(street.settings)}
    bad = {name for name, check in found.items() if not check.good}
    assert bad == stopped | {"quorum", "folder-data", "record-age", "disk-free", "outbox"}
    assert all(check.next for check in found.values())
    street.data.chmod(0o700)


def test_a_stopped_portals_doctor_ends_with_what_is_wrong(office):
    office.close()
    said = sunporch(office, "doctor")
    assert said.returncode == 1
    assert "BAD  process-web" in said.stdout
    assert "portal.doctor-found" in said.stderr


@pytest.mark.requirement("R45")
def test_an_operator_reads_no_draft_no_clip_and_no_review(street):
    agency_actions.add_operator("root", street.now(), "Pat Op", "pat")
    pat = let_in(street, "pat")
    for path in ("/api/v1/drafts", "/api/v1/clips", "/api/v1/acts"):
        assert error_of(pat.get(path)) == "portal.role-refused"
    assert pat.get("/work/")["Location"] == "/work/machine/"
    assert pat.get("/work/people/").status_code == 403
