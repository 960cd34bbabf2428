# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shared modules, imported by a page in a real browser."""

from __future__ import annotations

import pytest

from tests.web.modules import Modules, served


@pytest.fixture(scope="session")
def address():
    with served() as url:
        yield url


@pytest.fixture(params=["chromium", "firefox"])
def modules(request, address):
    """Open a page in a profile of its own; it must meet no error and ask nobody but this machine's server."""
    if request.param == "firefox":
        page = request.getfixturevalue("firefox").tab(address)
    else:
        page = request.getfixturevalue("people").window(address).page
    page.goto("/")
    return Modules(page)
