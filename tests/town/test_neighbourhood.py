# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many seeded neighbourhoods: all readers know the same, and every lie is named."""

from __future__ import annotations

import os

import pytest

from sunporch.base.errors import Error
from tests.neighbourhood import Neighbourhood

STEPS = 40
FEW, MANY = 6, 300


@pytest.mark.promise(8)
@pytest.mark.promise(6)
@pytest.mark.timeout(3_600 if os.environ.get("SUNPORCH_SOAK") == "1" else 60)
def test_whoever_reads_the_record_knows_what_everybody_knows_and_every_lie_is_named(tmp_path, soak):
    first, trials, lies = int(os.environ.get("SUNPORCH_SEED", "1")), MANY if soak else FEW, 0
    for seed in range(first, first + trials):
        neighbourhood = Neighbourhood(seed, tmp_path / str(seed))
        try:
            neighbourhood.run(STEPS)
        except (AssertionError, Error) as failure:
            pytest.fail(f"seed {seed}: {failure}")
        finally:
            neighbourhood.close()
        lies += neighbourhood.lies
    seeds = f"seeds {first}-{first + trials - 1}"
    print(f"{trials} trials, 0 failures, 95 % upper bound {3 / trials:.3f}, {seeds}, {lies} lies")
    assert lies > trials, "too few lies were told to mean anything"
