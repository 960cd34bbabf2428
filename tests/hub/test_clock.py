# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hub whose clock is wrong: the resident is told, and no footage is taken for that of an hour it was not from."""

from __future__ import annotations

import pytest
from django.test import Client

from sunporch.hub.inbox.models import Alarm, Match, Misdated, Notice
from tests.hub.footage import street_video
from tests.hub.home import share

HOUR, DAY = 3600, 86_400


@pytest.fixture
def behind(home, street):
    """A hub that knew the time begins anew two days behind: it records six seconds before it reads the record."""
    home.turn()
    real = home.clock.now()
    home.clock.advance(-2 * DAY)
    home.start()
    porch = home.camera()
    false = home.clock.now()
    home.vault.import_file(porch.id, street_video(), false)
    home.clock.advance(60)
    home.turn()
    return porch, false, real


def set_right(home, real):
    home.clock.advance(real + 120 - home.clock.now())


@pytest.mark.requirement("R20")
def test_footage_of_a_wrong_clock_is_matched_neither_then_nor_when_the_clock_is_right_again(
    home, street, ana, behind
):
    porch, false, real = behind
    assert set(Alarm.objects.values_list("kind", flat=True)) == {"hub.clock-behind"}
    set_right(home, real)
    appeal = street.maple.ask(false - 600, false + 600)
    home.turn()
    assert Alarm.objects.get().ended_at
    assert Notice.objects.count() == Match.objects.count() == 0 and home.vault.holds() == ()
    # What is recorded from now on is matched as ever.
    home.vault.import_file(porch.id, street_video(), home.clock.now() - 60)
    second = street.maple.ask(home.clock.now() - 600, home.clock.now() - 1)
    home.turn()
    assert [notice.appeal_id for notice in Notice.objects.all()] == [second]
    assert appeal != second


def test_seconds_with_a_false_date_cannot_be_shared(home, street, ana, behind):
    porch, false, real = behind
    set_right(home, real)
    # Footage of the same hours before the clock went wrong makes a notice; the false seconds stay out of it.
    home.vault.import_file(porch.id, street_video(), false - 500)
    appeal = street.maple.ask(false - 600, false + 600)
    home.turn()
    (match,) = Match.objects.filter(appeal_id=appeal)
    assert (match.start_s, match.end_s) == (false - 500, false - 494)
    status, answer = ana.wish(appeal, porch, false + 1, false + 3)
    assert (status, answer["error"]["id"]) == (422, "hub.footage-misdated")
    assert share(home, ana, appeal, porch, false - 499, false - 497).state == "shared"


def test_a_clock_that_falls_behind_later_spoils_nothing_from_before_it_last_agreed(home, street, ana, asked):
    appeal, _porch, _start = asked
    agreed = home.clock.now()
    street.maple.cosign(time=agreed + HOUR)
    home.clock.advance(60)
    home.turn()
    (wrong,) = Misdated.objects.all()
    assert (wrong.start_s, wrong.end_s > home.clock.now()) == (agreed, True)
    assert Notice.objects.get().appeal_id == appeal


def test_a_hub_that_never_read_a_record_trusts_none_of_its_dates_once_its_clock_proves_wrong(home, street, ana):
    street.portal.door.stop()
    home.clock.advance(-2 * DAY)
    porch = home.camera(start_s=home.clock.now())
    home.turn()
    home.start()
    home.clock.advance(HOUR)
    street.portal.door.start()
    home.turn()
    (wrong,) = Misdated.objects.all()
    assert wrong.start_s == 0
    assert porch.id


def test_ana_is_told_of_the_wrong_clock_in_her_language(home, street, ana, behind):
    for language, words in (("en", "clock is 172"), ("es", "El reloj de esta central va 172")):
        page = Client().get("/", headers=ana.headers | {"Accept-Language": language}).content.decode()
        assert words in page
