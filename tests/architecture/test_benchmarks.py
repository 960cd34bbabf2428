# SPDX-License-Identifier: AGPL-3.0-or-later
"""The benchmarks are run by hand: here only that they still can be."""

from __future__ import annotations

import importlib
import sys

import pytest
from tests.architecture.test_walls import ROOT

SCRIPTS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield importlib.import_module
    for name in SCRIPTS:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "bench"])
def test_a_benchmark_still_knows_what_it_measures(benchmark, name):
    assert callable(benchmark(name).rounds)


def test_a_clip_of_the_benchmark_is_one_that_opens(benchmark):
    clip_seal = benchmark("clip_seal")
    media = b"moof" * 50_000
    assert clip_seal.ours(media, clip_seal.index_of(media))["overhead"] > 0
