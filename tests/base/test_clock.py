# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
import time

import pytest

from sunporch.base import clock
from sunporch.base.errors import Error


def test_the_town_clock_runs_behind_the_wall_clock_by_its_file(tmp_path, monkeypatch):
    file = tmp_path / "offset"
    file.write_text("-864000")
    monkeypatch.setenv(clock.OFFSET_VARIABLE, str(file))
    town = clock.system_clock()
    before = int(time.time()) - 864_000
    assert before <= town.now() <= before + 2
    file.write_text("-100")
    assert town.now() >= before + 863_900


def test_the_town_clock_is_never_ahead_of_the_wall_clock(tmp_path):
    file = tmp_path / "offset"
    file.write_text("5000")
    assert clock.SystemClock(file).now() <= int(time.time())


@pytest.mark.parametrize("content", [None, "soon", "1.5"])
def test_an_unreadable_town_clock_stops_with_its_name(tmp_path, content):
    file = tmp_path / "offset"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Error) as caught:
        clock.SystemClock(file).now()
    assert caught.value.id == "clock.offset-unreadable"


def test_a_real_town_or_an_open_listener_refuses_a_shifted_clock(tmp_path, monkeypatch):
    clock.forbid_offset_outside_demo("maple.example", ["0.0.0.0"])  # the wall clock is always right
    monkeypatch.setenv(clock.OFFSET_VARIABLE, str(tmp_path / "offset"))
    clock.forbid_offset_outside_demo("demo.maple-street", ["127.0.0.1", "::1"])
    for origin, hosts in (("maple.example", ["127.0.0.1"]), ("demo.maple-street", ["127.0.0.1", "0.0.0.0"])):
        with pytest.raises(Error) as caught:
            clock.forbid_offset_outside_demo(origin, hosts)
        assert caught.value.id == "clock.offset-forbidden"


def test_a_manual_clock_moves_only_when_told():
    manual = clock.ManualClock(1_000)
    manual.sleep(1.5)
    manual.advance(-0.5)
    assert (manual.now(), manual.now_ns(), manual.monotonic()) == (1_001, 1_001_000_000_000, 1_001.0)


def test_monotonic_time_never_goes_back():
    wall = clock.system_clock()
    first = wall.monotonic()
    wall.sleep(0)
    assert wall.monotonic() >= first


def test_a_boot_has_one_name_in_all_processes_and_a_process_that_may_not_know_it_has_its_own(tmp_path, monkeypatch):
    kernel = clock.SystemClock().boot()
    told = subprocess.run(
        [sys.executable, "-c", "from sunporch.base.clock import SystemClock; print(SystemClock().boot())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == kernel == clock.SystemClock().boot()
    monkeypatch.setattr(clock, "_BOOT", tmp_path / "kept from us")
    assert clock.SystemClock().boot() == clock.SystemClock().boot() != kernel
