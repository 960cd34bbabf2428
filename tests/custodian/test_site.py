# SPDX-License-Identifier: AGPL-3.0-or-later
"""The custodian's addresses, called as any page or program would."""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from sunporch.base.clock import ManualClock
from sunporch.custodian import limits, site
from sunporch.custodian.limits import Limits
from tests.client.test_server import failing


@pytest.fixture
def door(office):
    with TestClient(site.site(office.keeper, Limits(ManualClock(0)))) as client:
        yield client


def deposit_call(office, sealed, number=1):
    deposit = office.deposit(sealed, number)
    return {
        "header": deposit.header,
        "salt": deposit.salt,
        "sealed_sha256": deposit.sealed_sha256,
        "s_k": base64.b64encode(deposit.s_k).decode(),
        "d": deposit.d,
    }


def error_of(answer):
    error = answer.json()["error"]
    assert {"id", "what", "where", "next", "params"} == set(error)
    return answer.status_code, error["id"]


def test_a_half_goes_in_and_comes_out_over_http(office, door):
    sealed, file = office.seal()
    answer = door.put(f"/halves/{sealed.c}", json=deposit_call(office, sealed))
    assert answer.status_code == 200
    clip = office.share()
    opening = office.sign_opening(clip)
    call = {"leaf": base64.b64encode(opening.leaf).decode(), "proof": opening.proof}
    opened = door.post("/access", json=call).json()
    assert opened["expires"] == clip.kept.expires
    assert len(base64.b64decode(opened["half"])) == 32 + 32 + 16
    assert door.post("/withdrawals", json={"note": office.withdrawal(clip)}).status_code == 200
    assert error_of(door.post("/access", json=call)) == (410, "custodian.lease-ended")
    for _ in range(2):
        office.tick()
    assert door.get("/status").json()["halves"] == 1
    assert file


def test_any_page_may_ask_but_never_with_cookies(office, door):
    headers = {
        "Origin": "http://localhost:8406",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = door.options("/access", headers=headers)
    assert preflight.status_code == 200
    for answer in (preflight, door.post("/access", json={}, headers={"Origin": "http://localhost:8406"})):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[" * 100_000, b'{"note": 1}', b'{"note": "", "more": ""}'])
def test_a_call_that_is_not_in_form_is_named(door, body):
    assert error_of(door.post("/withdrawals", content=body)) == (400, "custodian.call-malformed")


def test_a_call_with_broken_base64_is_named(office, door):
    call = deposit_call(office, office.seal()[0]) | {"s_k": "?"}
    assert error_of(door.put("/halves/ab", json=call)) == (400, "digest.base64-malformed")


def test_a_call_that_is_too_large_is_cut_off(door):
    answer = door.post("/withdrawals", content=b"x" * (site.MOST_BODY + 1))
    assert error_of(answer) == (413, "custodian.call-oversize")


def test_a_call_that_drips_is_cut_off(office, monkeypatch):
    monkeypatch.setattr(site, "BODY_SECONDS", 0.05)
    said = []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/withdrawals", "headers": [], "query_string": b""}
    asked = site.site(office.keeper, Limits(ManualClock(0)))(scope, receive, send)
    with ThreadPoolExecutor(1) as another:  # a browser of an earlier test may keep this thread's loop running
        another.submit(asyncio.run, asked).result()
    assert said[0]["status"] == 413
    assert b"custodian.call-oversize" in said[1]["body"]


@pytest.mark.parametrize(
    ("kind", "constant", "path"),
    [
        ("PUT", "MOST_HALVES", "/halves/ab"),
        ("POST", "MOST_OPENINGS", "/access"),
        ("POST", "MOST_WITHDRAWALS", "/withdrawals"),
    ],
)
def test_too_many_calls_from_one_address_are_refused(door, monkeypatch, kind, constant, path):
    monkeypatch.setattr(site, constant, 2)
    codes = [door.request(kind, path, json={}).status_code for _ in range(4)]
    assert codes == [400, 400, 429, 429]
    assert error_of(door.request(kind, path, json={})) == (429, "custodian.calls-too-many")


def test_limits_forget_after_an_hour_and_hold_no_address(monkeypatch):
    clock = ManualClock(0)
    counted = Limits(clock)
    counted.spend("half", "203.0.113.9", 1)
    with failing("custodian.calls-too-many"):
        counted.spend("half", "203.0.113.9", 1)
    counted.spend("half", "203.0.113.10", 1)
    counted.spend("access", "203.0.113.9", 1)
    assert "203.0.113" not in repr(vars(counted))
    clock.advance(limits.WINDOW_SECONDS)
    counted.spend("half", "203.0.113.9", 1)
    monkeypatch.setattr(limits, "MOST_COUNTERS", 1)
    counted.spend("half", "203.0.113.9", 1)


def test_it_is_ready_once_it_has_read_the_record(office, door):
    assert door.get("/healthz").status_code == 200
    assert error_of(door.get("/readyz")) == (503, "custodian.record-unreachable")
    office.tick()
    assert door.get("/readyz").status_code == 200


def test_a_full_disk_loses_nothing_and_says_so(office, door):
    clip = office.share()
    opening = office.sign_opening(clip)
    database = office.keeper._store._database
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    sealed = [office.seal()[0] for _ in range(40)]
    answers = [door.put(f"/halves/{item.c}", json=deposit_call(office, item, n)) for n, item in enumerate(sealed, 50)]
    full = [answer for answer in answers if answer.status_code != 200]
    assert full
    assert error_of(full[0]) == (503, "custodian.table-unreadable")
    assert "full" in full[0].json()["error"]["what"]
    # While it is full a purge cannot be finished either; nothing half-done stays.
    office.wait(days=70)
    office.tick()
    database.execute("PRAGMA max_page_count = 1000000")
    office.tick()
    assert office.keeper.status()["halves"] == 0
    assert error_of(door.post("/access", json=call_of(opening)))[0] in (403, 410)


def call_of(opening):
    return {"leaf": base64.b64encode(opening.leaf).decode(), "proof": opening.proof}


def test_an_error_that_nobody_foresaw_is_not_hidden(office):
    class Broken:
        def status(self):
            raise sqlite3.DatabaseError("spoiled")

    with TestClient(site.site(Broken(), Limits(ManualClock(0)))) as door, pytest.raises(sqlite3.DatabaseError):
        door.get("/status")
    assert json.dumps(office.keeper.status())
