# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all test runs share: missing tools skip with the apt line, except where every test must run."""

from __future__ import annotations

import os

import pytest

ALL = os.environ.get("SUNPORCH_TESTS") == "all"


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
