# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest

from sunporch.base.clock import ManualClock
from sunporch.base.errors import Error
from sunporch.web import limits
from sunporch.web.limits import SALT_SECONDS, Limit, hashed_address


def caller(address: str) -> SimpleNamespace:
    return SimpleNamespace(META={"REMOTE_ADDR": address}, path="/api/v1/x")


def test_a_limit_stops_one_address_and_no_other_and_forgets_with_time():
    clock = ManualClock(1_000)
    limit = Limit(most=2, seconds=60, clock=clock)
    limit.spend(caller("192.0.2.1:5000"))
    limit.spend(caller("192.0.2.1:5001"))
    with pytest.raises(Error) as raised:
        limit.spend(caller("192.0.2.1:5002"))
    assert raised.value.id == "web.rate-exceeded"
    assert "Wait 60 seconds" in raised.value.next
    limit.spend(caller("192.0.2.2:5000"))
    clock.advance(60)
    limit.spend(caller("192.0.2.1:5003"))


def test_units_count_not_only_calls():
    limit = Limit(most=10, seconds=60, clock=ManualClock(0))
    limit.spend(caller("192.0.2.1:1"), 9)
    with pytest.raises(Error):
        limit.spend(caller("192.0.2.1:1"), 2)


@pytest.mark.requirement("R45")
def test_no_address_is_kept_and_every_hour_it_hashes_to_something_else(monkeypatch):
    clock = ManualClock(0)
    monkeypatch.setattr(limits, "_SALT", limits._Salt(clock))
    first = hashed_address(caller("192.0.2.77:40000"))
    assert hashed_address(caller("192.0.2.77:40001")) == first
    assert hashed_address(caller("[2001:db8::7]:1")) != first
    assert "192.0.2.77" not in first
    limit = Limit(most=5, seconds=60, clock=clock)
    limit.spend(caller("192.0.2.77:40000"))
    assert "192.0.2.77" not in repr(limit.__dict__)
    clock.advance(SALT_SECONDS)
    assert hashed_address(caller("192.0.2.77:40000")) != first


def test_memory_is_bounded_however_many_addresses_come(monkeypatch):
    monkeypatch.setattr(limits, "MAX_COUNTERS", 10)
    limit = Limit(most=5, seconds=60, clock=ManualClock(0))
    for number in range(50):
        limit.spend(caller(f"192.0.2.{number}:1"))
    assert len(limit._spent) == 10
