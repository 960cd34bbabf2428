# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shared modules, imported by a page in a real browser."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.web.modules import Modules, served


@pytest.fixture(scope="session")
def chromium():
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=root)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address():
    with served() as url:
        yield url


@pytest.fixture
def modules(chromium, address):
    """Open a page in a profile of its own; it must say no error and ask nobody but this machine's server."""
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else said.append(request.url))
    page.goto("/")
    yield Modules(page)
    context.close()
    assert not [line for line in said if not line.startswith("data:")]
