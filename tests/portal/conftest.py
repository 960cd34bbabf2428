# SPDX-License-Identifier: AGPL-3.0-or-later
"""A founded town for each test, copied from one that is founded once."""

from __future__ import annotations

import gc
import os

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.utils import translation

from sunporch.base.clock import OFFSET_VARIABLE
from sunporch.web.limits import Limit
from tests.portal.kills import Zygote
from tests.portal.sharing import Sharing
from tests.portal.street import Street


@pytest.fixture(scope="session")
def _unblocked(django_db_blocker):
    """Real transactions on real files: no test transaction is rolled back here, each test has its own file."""
    before = (settings.SUNPORCH, connections.settings["default"]["NAME"], os.environ.get(OFFSET_VARIABLE))
    with django_db_blocker.unblock():
        yield
        connections["default"].close()
    settings.SUNPORCH, connections.settings["default"]["NAME"] = before[:2]
    if before[2] is None:
        os.environ.pop(OFFSET_VARIABLE, None)


@pytest.fixture(scope="session")
def seed(tmp_path_factory, _unblocked):
    """A town with rules, two partners and their people, co-signed; stopped."""
    folder = tmp_path_factory.mktemp("seed") / "town"
    folder.mkdir(mode=0o700)
    Street.found(folder).close()
    return folder


@pytest.fixture
def street(seed, tmp_path):
    """The founded town, for one test."""
    cache.clear()
    translation.activate("en")  # a page of the test before may have spoken another language in this thread
    for limit in (found for found in gc.get_objects() if type(found) is Limit):
        limit._spent.clear()
    folder = tmp_path / "town"
    made = Street.copy(seed, folder)
    yield made
    made.close()


@pytest.fixture
def sharing(seed, street):
    """A running portal and key custodian of the town, and homes that share."""
    made = Sharing(street)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def zygote():
    """The process that forks the deeds which are killed."""
    made = Zygote()
    yield made
    made.close()
