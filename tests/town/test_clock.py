# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town clock starts 120 days back, moves forward only, and never passes the wall clock."""

from __future__ import annotations

import time

import pytest

from sunporch.base.errors import Error
from sunporch.town.clock import DAY, TownClock, parse_range, parse_span


def test_a_new_town_lives_120_days_ago(tmp_path):
    town = TownClock.start(tmp_path / "clock")
    assert abs(time.time() - 120 * DAY - town.now()) < 5


def test_the_town_clock_moves_forward_for_every_reader_of_its_file(tmp_path):
    town = TownClock.start(tmp_path / "clock")
    reader = TownClock(tmp_path / "clock")
    before = reader.now()
    town.advance(60 * DAY)
    assert abs(reader.now() - before - 60 * DAY) < 5


def test_the_town_clock_never_passes_today(tmp_path):
    town = TownClock.start(tmp_path / "clock")
    town.advance(100 * DAY)
    with pytest.raises(Error) as refused:
        town.advance(21 * DAY)
    assert refused.value.id == "town.clock-ahead"
    assert "20 days are left, 21 were asked for" in refused.value.what
    assert town.behind == 20 * DAY


@pytest.mark.parametrize(("text", "seconds"), [("60d", 60 * DAY), ("3h", 10_800), ("20m", 1_200), ("45s", 45)])
def test_spans_are_read_as_people_write_them(text, seconds):
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "60", "-1d", "1.5d", "0d", "d", "60d "])
def test_a_span_that_nobody_writes_is_refused_with_an_example(text):
    with pytest.raises(Error) as refused:
        parse_span(text)
    assert refused.value.id == "town.span-refused"


@pytest.mark.parametrize("text", ["6:2", "2:2", "2", "-1:3", "a:b", "1:2:3"])
def test_seconds_that_do_not_run_forward_are_refused(text):
    with pytest.raises(Error) as refused:
        parse_range(text)
    assert refused.value.id == "town.span-refused"


def test_seconds_may_hold_a_fraction():
    assert parse_range("1.5:4") == (1.5, 4.0)
