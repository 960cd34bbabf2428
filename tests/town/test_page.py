# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town page: a process of its own that tells whoever sits at this machine how to sign in, and nobody else."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from sunporch.base import durable
from sunporch.town import cast
from sunporch.town.clock import TownClock
from sunporch.town.layout import Layout, free_base
from sunporch.town.supervisor import Part, Supervisor
from sunporch.town.visit import Account
from tests.web.headings import well_ordered

START = (
    "import sys; from pathlib import Path; from sunporch.town.layout import Layout; from sunporch.town import page;"
    "page.serve(Layout(Path(sys.argv[1]), int(sys.argv[2])))"
)


@pytest.fixture
def town(tmp_path):
    layout = Layout(tmp_path / "town", free_base())
    durable.private_directory(layout.people)
    TownClock.start(layout.clock)
    cast.write_accounts(layout.people, {member.who: Account.new(member.who) for member in cast.MEMBERS})
    supervisor = Supervisor({})
    command = (sys.executable, "-c", START, str(layout.folder), str(layout.base))
    supervisor.start([Part("page", command, layout.port("page"), layout.log("page"))])
    yield layout
    supervisor.stop()


def test_the_page_names_every_place_every_person_and_their_code_of_the_moment(town):
    text = httpx.get(town.url("page"), trust_env=False).text
    for part in ("portal", "hub", "hub-omar", "custodian"):
        assert town.url(part) in text
    accounts = cast.read_accounts(town.people)
    for member in cast.MEMBERS:
        assert member.title in text
        assert accounts[member.who].password in text
    assert accounts["diaz"].code() in text or accounts["diaz"].code() in httpx.get(town.url("page")).text
    assert "120 days behind" in text
    assert well_ordered(text)


def test_another_sites_page_that_points_its_name_here_gets_no_code(town):
    answer = httpx.get(town.url("page"), headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 421
    assert cast.read_accounts(town.people)["diaz"].password not in answer.text


def test_the_page_ends_when_its_parent_does(town):
    command = [sys.executable, "-c", START, str(town.folder), str(free_base())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=20, check=False)
    assert done.returncode == 0


def test_the_casts_accounts_lie_where_nobody_else_can_read_them(town):
    assert (town.people / "accounts.json").stat().st_mode & 0o777 == 0o600
    assert town.people.stat().st_mode & 0o777 == 0o700
