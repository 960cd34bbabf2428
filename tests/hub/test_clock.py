# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hub whose clock is wrong: the resident is told, and no footage is taken for that of an hour it was not from."""

from __future__ import annotations

import pytest
from django.test import Client

from sunporch.base.clock import ManualClock
from sunporch.hub.inbox.models import Alarm, Match, Notice
from sunporch.hub.worker import Worker
from sunporch.vault import TICKS
from tests.hub.footage import street_video
from tests.hub.home import Home, at_home, share

MINUTE, HOUR, DAY = 60, 3_600, 86_400


class HomeClock:
    """The hub's clock, which can be set wrong, over the time that the whole town shares."""

    def __init__(self, town: ManualClock) -> None:
        self.town = town
        self.wrong_by = 0

    def now(self) -> int:
        return self.town.now() + self.wrong_by

    def now_ns(self) -> int:
        return self.town.now_ns() + self.wrong_by * 10**9

    def monotonic(self) -> float:
        return self.town.monotonic()

    def boot(self) -> str:
        return self.town.boot()

    def reboot(self) -> None:
        self.town.reboot(MINUTE)

    def sleep(self, seconds: float) -> None:
        self.town.sleep(seconds)

    def advance(self, seconds: float) -> None:
        self.town.advance(seconds)


@pytest.fixture
def home(tmp_path, clock, street, db, settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = Home(tmp_path / "ana", HomeClock(clock), street)
    at_home(monkeypatch, settings, made)
    yield made
    made.close()


def record(home, camera, seconds: int = 6) -> tuple[int, int]:
    """Record so many seconds as they pass; return between which true seconds that was."""
    began = home.clock.town.now()
    run = f"{home.vault.newest():016x}"
    writer = home.vault.begin_segment(camera.id, "main", run, home.clock.now() * TICKS, b"init")
    for number in range(seconds):
        home.clock.advance(1)
        writer.append_gop(b"group", number * TICKS, TICKS)
    writer.close()
    return began, home.clock.town.now()


def poll(home, street, *, cosigned: bool = True) -> None:
    """Five minutes later the hub reads the record, which was co-signed a minute before."""
    home.clock.advance(4 * MINUTE)
    if cosigned:
        street.maple.cosign()
    home.clock.advance(MINUTE)
    home.turn()


def alarms() -> set[str]:
    return set(Alarm.objects.filter(ended_at=None).values_list("kind", flat=True))


def recorded_at(home, camera) -> list[tuple[int, int]]:
    """Return the dated recordings of a month around now, in seconds."""
    now = home.clock.town.now()
    spans = home.vault.timeline(camera.id, now - 30 * DAY, now + 30 * DAY).spans
    return [(span.start_90k // TICKS, span.end_90k // TICKS) for span in spans]


@pytest.fixture(params=[-2 * DAY, 2 * HOUR, 10 * DAY], ids=["behind", "ahead", "far ahead"])
def wrong(request, home, street):
    """A hub that knew the time and recorded begins anew with a wrong clock, records, and reads until it is proven."""
    porch = home.camera()
    poll(home, street)
    first = record(home, porch)
    poll(home, street)
    home.clock.reboot()
    home.clock.wrong_by = request.param
    home.start()
    second = record(home, porch)
    poll(home, street)
    poll(home, street)
    return porch, first, second


@pytest.mark.requirement("R20")
def test_footage_of_a_wrong_clock_is_matched_neither_then_nor_after_another_boot(home, street, ana, wrong):
    porch, first, (began, ended) = wrong
    assert alarms() in ({"hub.clock-behind"}, {"hub.clock-ahead"})
    assert recorded_at(home, porch) == [first]
    # What is recorded while the clock is known to be wrong has no date from its first second.
    record(home, porch)
    home.vault.settle_dateless()
    assert recorded_at(home, porch) == [first]
    false = began + home.clock.wrong_by
    home.clock.reboot()
    home.clock.wrong_by = 0
    home.start()
    poll(home, street)
    assert alarms() == set()
    if false > home.clock.now():
        home.clock.advance(false - home.clock.now() - 3)
    # What is recorded from now on is matched as ever, also in the hours that the wrong clock showed.
    third = record(home, porch)
    home.clock.advance(HOUR)
    street.maple.ask(false - 600, false + 600)
    street.maple.ask(third[0] - 1, third[1] + 1)
    home.turn()
    assert {(match.start_s, match.end_s) for match in Match.objects.all()} == {third}
    assert recorded_at(home, porch) == [first, third]
    found = ana.ask("GET", "/dateless")[1]
    assert [(one["after_90k"] // TICKS, one["before_90k"] >= ended * TICKS) for one in found] == [
        (first[0], True)
    ] * 2


def test_footage_of_a_wrong_clock_gets_its_true_date_if_the_clock_is_set_right_in_the_same_boot(
    home, street, ana, wrong
):
    porch, first, second = wrong
    third = record(home, porch)
    home.clock.wrong_by = 0
    fourth = record(home, porch)
    poll(home, street)
    assert alarms() == set()
    assert recorded_at(home, porch) == [first, second, third, fourth]
    assert ana.ask("GET", "/dateless") == (200, [])
    appeal = street.maple.ask(second[0], second[1])
    home.turn()
    (match,) = Match.objects.all()
    assert (match.appeal_id, match.start_s, match.end_s) == (appeal, *second)


def test_a_record_that_stands_still_proves_nothing_about_the_clock(home, street, ana):
    porch = home.camera()
    poll(home, street)
    poll(home, street)
    home.clock.advance(2 * HOUR)
    kept = record(home, porch)
    for _ in range(3):
        poll(home, street, cosigned=False)
    assert alarms() == set()
    home.clock.advance(2 * HOUR)
    home.turn()
    assert alarms() == {"hub.record-stale"}
    assert recorded_at(home, porch) == [kept]
    # A new co-signature after a long silence of this hub, too, is no proof that it is fresh.
    street.portal.door.stop()
    home.turn()
    street.maple.cosign()
    home.clock.advance(2 * HOUR)
    street.portal.door.start()
    home.turn()
    assert alarms() == set()
    assert recorded_at(home, porch) == [kept]


def test_a_clock_that_is_set_between_two_readings_is_not_judged_by_them_alone(home, street):
    porch = home.camera()
    poll(home, street)
    kept = record(home, porch)
    home.clock.wrong_by = -2 * MINUTE
    poll(home, street)
    home.clock.wrong_by = 10 * DAY
    poll(home, street)
    assert "hub.clock-ahead" not in alarms()
    assert recorded_at(home, porch) == [kept]
    poll(home, street)
    assert alarms() == {"hub.clock-ahead"}
    # It says so until something shows that the clock was set.
    poll(home, street, cosigned=False)
    home.clock.advance(5 * HOUR)
    home.turn()
    assert alarms() == {"hub.clock-ahead"}


def test_after_a_restart_the_hub_still_says_that_its_clock_was_proven_wrong(home, street):
    porch = home.camera()
    home.clock.wrong_by = HOUR
    for _ in range(3):
        poll(home, street)
    home.start()
    poll(home, street)
    assert alarms() == {"hub.clock-ahead"}
    record(home, porch)
    assert recorded_at(home, porch) == []


def test_files_that_a_person_dated_keep_their_date_whatever_the_hubs_clock_says(home, street, ana):
    home.clock.wrong_by = -2 * DAY
    porch = home.camera()
    now = home.clock.town.now()
    home.vault.import_file(porch.id, street_video(), now - HOUR)
    home.vault.import_file(porch.id, street_video())  # "its last picture is now": by the hub's clock
    home.turn()
    assert alarms() == {"hub.clock-behind"}
    home.vault.import_file(porch.id, street_video(), now - 2 * HOUR)
    assert [start for start, _ in recorded_at(home, porch)] == [now - 2 * HOUR, now - HOUR]
    appeal = street.maple.ask(now - HOUR - 60, now - HOUR + 60)
    home.turn()
    assert [notice.appeal_id for notice in Notice.objects.all()] == [appeal]
    home.clock.wrong_by = 0
    home.turn()
    assert share(home, ana, appeal, porch, now - HOUR + 1, now - HOUR + 3).state == "shared"


def test_a_clock_that_falls_behind_later_spoils_nothing_from_before_it_last_agreed(home, street, ana):
    porch = home.camera()
    kept = record(home, porch)
    poll(home, street)
    home.clock.advance(DAY)
    street.maple.cosign()
    home.turn()
    later = record(home, porch)
    home.clock.wrong_by = -HOUR
    home.turn()
    assert alarms() == {"hub.clock-behind"}
    assert recorded_at(home, porch) == [kept]
    home.clock.wrong_by = 0
    poll(home, street)
    assert recorded_at(home, porch) == [kept, later]


def test_a_hub_that_never_read_a_record_trusts_none_of_its_dates_once_its_clock_proves_wrong(home, street, ana):
    street.portal.door.stop()
    home.clock.wrong_by = -2 * DAY
    porch = home.camera()
    record(home, porch)
    home.turn()
    home.clock.reboot()
    home.start()
    home.clock.advance(HOUR)
    street.portal.door.start()
    home.turn()
    assert recorded_at(home, porch) == []
    assert len(ana.ask("GET", "/dateless")[1]) == 1


def test_no_age_ends_anything_while_the_clock_is_known_to_be_wrong(home, street, ana):
    porch = home.camera()
    kept = record(home, porch)
    appeal = street.maple.ask(kept[0], kept[1])
    poll(home, street)
    assert len(home.vault.holds()) == 1
    home.clock.wrong_by = 1_000 * DAY
    for _ in range(3):
        poll(home, street)
    assert alarms() == {"hub.clock-ahead"}
    assert Notice.objects.get().appeal_id == appeal
    assert len(home.vault.holds()) == 1
    assert home.vault.enforce_retention(home.hub.retention_days, home.hub.retention_bytes).erased == 0
    home.vault.end_hold(home.vault.holds()[0].id)
    assert home.vault.enforce_retention(home.hub.retention_days, home.hub.retention_bytes).erased == 0
    assert recorded_at(home, porch) == [kept]
    assert home.vault.enforce_retention(home.hub.retention_days, 1).erased == 1


def test_a_hub_that_begins_with_a_clock_years_ahead_ends_no_footage_before_the_record_judged_the_clock(home, street):
    porch = home.camera()
    kept = record(home, porch)
    poll(home, street)
    home.clock.wrong_by = 1_000 * DAY
    worker = Worker(home.hub, home.clock)
    try:
        worker._reading.begin()
        for _ in range(3):
            worker._enforce_retention()
            assert recorded_at(home, porch) == [kept]
            home.clock.advance(4 * MINUTE)
            street.maple.cosign()
            home.clock.advance(MINUTE)
            worker._reading.once()
        assert alarms() == {"hub.clock-ahead"}
        # Set right, its days are counted as promised.
        home.clock.wrong_by = 0
        home.clock.advance(home.hub.retention_days * DAY)
        street.maple.cosign()
        worker._reading.once()
        worker._enforce_retention()
        assert recorded_at(home, porch) == []
    finally:
        worker.close()


def test_a_hub_that_cannot_read_the_record_keeps_no_footage_longer_than_it_promised(home, street):
    porch = home.camera()
    kept = record(home, porch)
    home.clock.advance(home.hub.retention_days * DAY)
    street.portal.door.stop()
    worker = Worker(home.hub, home.clock)
    try:
        worker._reading.begin()
        worker._reading.once()
        worker._enforce_retention()
        assert recorded_at(home, porch) == [kept]
        home.clock.advance(3 * HOUR)
        worker._enforce_retention()
        assert recorded_at(home, porch) == []
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("wrong_by", "said"),
    [
        (-HOUR, {"en": "clock is 3540 seconds behind", "es": "El reloj de esta central va 3540 segundos por detrás"}),
        (HOUR, {"en": "seconds ahead of", "es": "segundos por delante"}),
    ],
)
def test_ana_is_told_of_the_wrong_clock_in_her_language(home, street, ana, wrong_by, said):
    home.clock.wrong_by = wrong_by
    poll(home, street)
    poll(home, street)
    for language, words in said.items():
        page = Client().get("/", headers=ana.headers | {"Accept-Language": language}).content.decode()
        assert words in page
        assert ("reviewers" in page or "revisores" in page) is (wrong_by > 0)
