# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shared modules, imported by a page in a real browser."""

from __future__ import annotations

import pytest

from tests.web.modules import Modules, served


@pytest.fixture(scope="session")
def address():
    with served() as url:
        yield url


@pytest.fixture
def modules(people, address):
    """Open a page in a profile of its own; it must meet no error and ask nobody but this machine's server."""
    window = people.window(address)
    window.page.goto("/")
    return Modules(window.page)
