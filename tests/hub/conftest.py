# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connections

from sunporch.base.clock import ManualClock
from sunporch.hub import permissions
from sunporch.town.clips import cached_clip
from tests.hub.home import NOW, Home, Resident, at_home
from tests.hub.maple import Street
from tests.hub.watching import Worker
from tests.recorder.faultcam import annexb_units

GATES = [
    getattr(permissions, name) for name in ("reads", "writes", "previews", "pictures", "live", "looks", "openings")
]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """A file, as in a home: a browser asks several things at once, and memory has one connection for all threads."""
    place = tmp_path_factory.mktemp("database") / "hub.sqlite3"
    connections["default"].settings_dict["TEST"]["NAME"] = str(place)


@pytest.fixture(scope="session")
def live_server(django_db_setup, live_server):
    """The site in a thread of its own, begun only when the database is the file."""
    return live_server


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def street(tmp_path, clock):
    made = Street.build(tmp_path / "town", clock)
    yield made
    made.close()


@pytest.fixture
def home(tmp_path, clock, street, db, settings, monkeypatch):
    # One real scrypt hash costs a quarter of a second; who signs in is not what most tests are about.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made = Home(tmp_path / "ana", clock, street)
    at_home(monkeypatch, settings, made)
    yield made
    made.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """300 pictures, a whole one twice a second."""
    return annexb_units(cached_clip(tmp_path_factory.mktemp("clips"), 20, size="320x180", bitrate=150_000))


@pytest.fixture
def worker(home):
    """The parts of the hub's worker that record and show."""
    made = Worker(home)
    yield made
    made.end()


@pytest.fixture
def ana(home):
    return Resident("ana").sign_in()


@pytest.fixture
def asked(home, street):
    """Ana's porch recorded six seconds an hour ago; Diaz asks for twenty minutes around them."""
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    return appeal, porch, start


@pytest.fixture(autouse=True)
def another_minute():
    """Tests share one process; each begins as if nobody had asked anything lately."""
    cache.clear()
    for gate in GATES:
        gate._limit._spent.clear()
