# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage from before the hub knew the time: Ana sees it, may watch and erase it, nobody else gets it."""

from __future__ import annotations

import pytest
from django.test import Client

from sunporch.hub.inbox.models import Match
from sunporch.vault import TICKS

DAY = 86_400
RUN = "0123456789abcdef"


def record(home, camera, start_s: float, run: str = RUN) -> bytes:
    """Record six groups of a second and return their bytes; the vault does not look into them."""
    writer = home.vault.begin_segment(camera.id, "main", run, round(start_s * TICKS), b"init")
    for number in range(6):
        writer.append_gop(b"group %d" % number, number * TICKS, TICKS)
    writer.close()
    return b"init" + b"".join(b"group %d" % number for number in range(6))


@pytest.fixture
def lost(home):
    """The hub recorded on a day, lost power, recorded without the time, and lost power again."""
    porch = home.camera()
    record(home, porch, home.clock.now() - 6, "fedcba9876543210")
    dated = home.clock.now() - 6
    home.clock.reboot(30 - home.clock.now())
    data = record(home, porch, home.clock.now())
    home.clock.reboot(5)
    return porch, dated, data


def test_ana_sees_between_what_moments_it_was_made_and_when_it_goes_and_no_appeal_is_matched_with_it(
    home, street, ana, lost
):
    porch, dated, data = lost
    home.vault.enforce_retention(home.hub.retention_days, home.hub.retention_bytes)
    expected = {
        "run": RUN, "camera": porch.id, "duration_90k": 6 * TICKS,
        "after_90k": dated * TICKS, "before_90k": None, "erased_at": None,
    }  # fmt: skip
    assert ana.ask("GET", "/dateless") == (200, [expected])
    home.clock.advance(dated + 3_600 - home.clock.now())
    known = home.clock.now()
    home.vault.enforce_retention(home.hub.retention_days, home.hub.retention_bytes)
    expected |= {"before_90k": known * TICKS, "erased_at": known + home.hub.retention_days * DAY}
    assert ana.ask("GET", "/dateless") == (200, [expected])
    street.maple.ask(dated + 60, known - 60)
    home.turn()
    assert not Match.objects.exists()
    answer = ana.client.get(f"/api/v1/dateless/{RUN}", headers=ana.headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert b"".join(answer.streaming_content) == data
    page = Client().get("/", headers=ana.headers | {"Accept-Language": "es"}).content.decode()
    assert "Sin fecha" in page
    home.clock.advance(home.hub.retention_days * DAY)
    home.vault.enforce_retention(home.hub.retention_days, home.hub.retention_bytes)
    assert ana.ask("GET", "/dateless") == (200, [])
    assert "Sin fecha" not in Client().get("/", headers=ana.headers | {"Accept-Language": "es"}).content.decode()


def test_ana_erases_what_has_no_date(home, ana, lost):
    assert ana.ask("DELETE", f"/dateless/{RUN}") == (200, {"erased": 1})
    assert ana.ask("GET", "/dateless") == (200, [])
    for method in ("GET", "DELETE"):
        status, answer = ana.ask(method, f"/dateless/{RUN}")
        assert (status, answer["error"]["id"]) == (404, "vault.footage-missing")


def test_what_is_being_recorded_now_is_named_and_not_yet_erased(home, ana):
    porch = home.camera()
    home.clock.reboot(30 - home.clock.now())
    writer = home.vault.begin_segment(porch.id, "main", RUN, 30 * TICKS, b"init")
    writer.append_gop(b"group", 0, TICKS)
    assert [found["run"] for found in ana.ask("GET", "/dateless")[1]] == [RUN]
    status, answer = ana.ask("DELETE", f"/dateless/{RUN}")
    assert (status, answer["error"]["id"]) == (409, "vault.footage-unfinished")
    writer.close()
