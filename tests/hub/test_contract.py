# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stranger's tool reads the hub's own OpenAPI and holds the running hub to it (schemathesis)."""

from __future__ import annotations

import os

import pytest
from hypothesis import strategies as st

from sunporch.hub import household
from tests import contract
from tests.hub.conftest import GATES
from tests.hub.everything import everything
from tests.hub.home import Resident
from tests.hub.test_api import OPERATIONS, RESIDENTS, STRANGERS
from tests.hub.test_matrix import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.timeout(3_600 if os.environ.get("SUNPORCH_SOAK") == "1" else 120)
def test_a_stranger_who_reads_the_description_gets_what_it_says_and_never_a_crash(live_server, home, street, soak):
    values = everything(home, street)
    places = {name: found[0] for name, found in values.items()} | {"track": 1, "run": "0" * 16}
    lee = Resident("lee").sign_in()
    start = home.clock.now() - 3600
    wish = {"appeal": places["index"], "camera": places["camera_id"], "from": start + 1, "to": start + 3}
    bodies = {"/coverings": wish, "/releases": wish | {"covering": places["covering_id"]}}
    operations = contract.described(live_server.url)
    assert operations.keys() == OPERATIONS
    for (_, path), operation in operations.items():

        def act(draw, case, good, path=path) -> None:
            if good:
                contract.season(draw, case, places, bodies.get(path))
                if "from" in (case.query or {}) and draw(st.booleans()):
                    case.query |= {"from": start + 1, "to": start + 3}
            headers = draw(st.sampled_from([lee.headers, lee.headers, {}]))
            status = contract.call(live_server.url, case, headers)
            assert headers or status in (401, 404, 405), status

        contract.wander(operation, act, soak=soak)


def test_no_page_fails_whatever_is_typed_into_its_address_and_forms(home, street, monkeypatch, tmp_path):
    values = everything(home, street)
    (tmp_path / "hub.toml").write_text("")
    monkeypatch.setattr(household, "settings_file", lambda: tmp_path / "hub.toml")
    browser = signed_in("ana")
    for address in sorted(RESIDENTS.keys() | STRANGERS):
        for method, path, word, status in contract.nonsense(browser, address, values):
            assert status < 500, (method, path, word)
            for gate in GATES:
                gate._limit._spent.clear()
