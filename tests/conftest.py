# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all test runs share: missing tools skip with the apt line, except where every test must run."""

from __future__ import annotations

import os
import socket

import pytest

from tests.browser import chromium, people  # noqa: F401 - fixtures of every room
from tests.firefox import _running, firefox  # noqa: F401 - the same

ALL = os.environ.get("SUNPORCH_TESTS") == "all"


@pytest.fixture(scope="session", autouse=True)
def _no_network_but_loopback():
    """Let no test reach beyond this machine, so that none depends on it."""
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host and host != "localhost" and not host.startswith("127.") and host != "::1":
            raise AssertionError(f"a test tried to reach {host}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip into a failure where `SUNPORCH_TESTS=all` promises that everything runs."""
    outcome = yield
    report = outcome.get_result()
    if ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although SUNPORCH_TESTS=all: {reason}"


@pytest.fixture(scope="session")
def soak() -> bool:
    """Say whether the long versions of random tests are wanted (`make soak`)."""
    return os.environ.get("SUNPORCH_SOAK") == "1"
