# SPDX-License-Identifier: AGPL-3.0-or-later
"""spec/entries.md names every entry type and every reason for which an entry is void."""

from __future__ import annotations

from pathlib import Path

import pytest

from sunporch.docket.entries import TYPES
from sunporch.docket.void import Void

PAGE = (Path(__file__).resolve().parents[2] / "spec" / "entries.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({*TYPES, *(reason.name.lower() for reason in Void)}))
def test_the_spec_names_it(name):
    assert f"`{name}`" in PAGE
